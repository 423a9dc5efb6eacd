"""Members of every shipped group try to get more in every way, are refused, and it is noted."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, inspect, select

from backoffice.actions.engine.action import actions_of
from backoffice.actions.engine.codes import Permissions
from backoffice.actions.engine.parameters import Choose
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.associations import group_grants, user_groups
from backoffice.models.base import Record, records
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.event import Event
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy import permissions
from backoffice.policy.permissions import catalogue
from backoffice.policy.shipped import SHIPPED
from backoffice.sheets import reading, shipped_sheets
from backoffice.testing.client import Client, settle
from backoffice.testing.stage import Stage
from tests.stories import escalation_world
from tests.stories.escalation import ATTEMPTS, BEYOND, TRIED, Member, refusal
from views.screen.own_pages import permission_of
from views.screen.screen import Screen

ACCESS = (Group, DirectGrant)  # what gives people permissions
GIVE_NOTHING = {
    "access_reviews.open": "asks whether the access of these groups is right",
    "users.review_access": "the same",
}


def _keys() -> list[str]:
    """Return the keys of all groups that come with the product, but for Administrators."""
    in_sheets = [
        entry.key for sheet in shipped_sheets.SHEETS for entry in reading.read(sheet.read())
    ]
    keys = {*in_sheets, *(each.key for each in SHIPPED)} - {ADMINISTRATORS, None}
    return sorted(str(key) for key in keys)


@pytest.fixture
def everybody(
    stage: Stage,
    world: Callable[[str, Callable[[], Any]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Add a member of every group that comes with the product, and a permission that none has."""
    monkeypatch.setattr(permissions, "_added", dict(permissions._added))
    permissions.add(BEYOND, "Open the vaults", is_strong=True)
    world("escalation", partial(escalation_world.build, stage.settings))


def state() -> list[Any]:
    """Return what everybody may do, and who they are."""
    settle()
    tables = [
        select(Group.id, Group.name, Group.permissions, Group.all_permissions, Group.version),
        select(group_grants),
        select(user_groups.c.user_id, user_groups.c.group_id, user_groups.c.ends_at),
        select(DirectGrant.user_id, DirectGrant.permission, DirectGrant.ends_at),
        select(User.id, User.email, User.status, User.version, User.password_hash),
        select(Session.id, Session.viewing_id),
    ]
    return [sorted(map(repr, db.session.execute(table))) for table in tables]


def denied(person: User) -> int:
    settle()
    mine = (Event.result == "denied", Event.actor_id == person.id)
    return db.session.scalar(select(func.count()).where(*mine)) or 0


@pytest.mark.parametrize("key", _keys())
def test_nobody_gets_more(client: Client, everybody: None, key: str) -> None:
    """Not even for the moment: 403 or a message at the field, and an event for each attempt."""
    me = Member(client.sign_in(key), key)
    before, noted = state(), denied(me.person)
    wrong = []
    for attempt in ATTEMPTS:
        how = refusal(attempt(me))
        then = denied(me.person)
        changed = state() != before
        if not how or then == noted or changed:
            wrong.append((attempt.__name__, how, then - noted, changed))
        noted = then
    assert wrong == []


# --- that no way is forgotten ---


def ways(app: Flask) -> Iterator[str]:
    """Yield every way in which the product gives groups or permissions."""
    for model in records():
        for action in (*actions_of(model), *actions_of(model, is_global=True)):
            if any(_is_access(parameter) for parameter in action.parameters.values()):
                yield action.code()
    for screen in app.extensions["screens"]:
        yield from _fields(screen)
        yield from _tabs(screen)
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and _is_strong_page(app, rule.endpoint):
            yield rule.endpoint


def _is_access(parameter: object) -> bool:
    chooses = isinstance(parameter, Choose) and parameter.model in ACCESS
    return chooses or isinstance(parameter, Permissions)


def _fields(screen: Screen) -> Iterator[str]:
    for verb in ("create", "edit"):
        for name in screen.form_columns if screen.has(verb) else ():
            if name == "permissions" or _target(screen.model, name) in ACCESS:
                yield f"{screen.endpoint}.{verb}: {name}"


def _target(model: type[Record], name: str) -> type[Record] | None:
    relations = inspect(model).relationships
    return fields.related_model(model, name) if name in relations else None


def _tabs(screen: Screen) -> Iterator[str]:
    if any(rows.add and screen.model in ACCESS for rows in screen.tabs):
        yield f"{screen.endpoint}.add_rows"


def _is_strong_page(app: Flask, endpoint: str) -> bool:
    area, _dot, page = endpoint.rpartition(".")
    screen = next((each for each in app.extensions["screens"] if each.endpoint == area), None)
    code = permission_of(type(screen), page) if screen else None
    return bool(code) and catalogue()[code].is_strong


def test_every_way_of_giving_is_tried(app: Flask) -> None:
    """A new one enters `escalation.py` as an attempt, or here with the reason why it gives none."""
    assert set(ways(app)) == TRIED | GIVE_NOTHING.keys()

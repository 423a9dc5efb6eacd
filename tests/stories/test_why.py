"""Why: what is said about a person is what happens when that person really tries."""

from collections.abc import Iterator, Sequence

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.actions.engine import why
from backoffice.actions.engine.action import Action, actions_of
from backoffice.extensions import db
from backoffice.models.base import Record
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.testing.access import EVERYBODY
from backoffice.testing.asking import World
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support import world
from views.screen.screen import Screen

PAGES = {"view": "", "create": "new", "export": "export.csv"}
Question = tuple[str, Record | None]


@pytest.fixture
def there(app: Flask, staff: list[str]) -> World:
    return world.build(app.extensions["settings"])


def said(asker: Actor, person: User, question: Question) -> bool:
    code, row = question
    return why.ask(asker=asker, person=person, code=code, row=row).allowed


def tried(client: Client, screen: Screen, verb: str, row: Record | None) -> bool:
    """Open the page as the person, and return whether it is theirs to see."""
    path = PAGES.get(verb, "")
    if row is not None:
        path = f"{row.id}/edit" if verb == "edit" else f"{row.id}"
    return client.get(f"/admin/{screen.slug}/{path}").status_code == 200


def acted(
    client: Client, screen: Screen, action: Action, rows: Sequence[Record]
) -> Iterator[tuple[Record, bool]]:
    """Ask for the action on the rows as the person, and yield whether it would be done to each.

    They are asked about together, but for an administrator: two of them are not the last one.
    """
    alone = [row for row in rows if action.most_rows or row == Cast().olivia]
    together = [row for row in rows if row not in alone]
    for some in filter(None, (together, *([row] for row in alone))):
        passed = done(client, screen, action, some) or set()
        yield from ((row, row.id in passed) for row in some)


def done(
    client: Client, screen: Screen, action: Action, rows: Sequence[Record] = ()
) -> set[int] | None:
    """Ask for the action, and return the rows that it would not refuse; None without a preview."""
    name = action.name.replace("_", "-")
    data = {"row": [row.id for row in rows]}
    answer = client.post(f"/admin/{screen.slug}/actions/{name}", data)
    if answer.status_code != 303:
        return None
    settle()
    newest = select(BulkRun.id).order_by(BulkRun.id.desc()).limit(1).scalar_subquery()
    passed = select(BulkItem.row_id).where(BulkItem.run_id == newest, BulkItem.outcome != "refused")
    return set(db.session.scalars(passed))


def sample(screen: Screen, there: World, key: str) -> list[Record]:
    """Return rows to ask about; among people also themselves, an administrator and a manager."""
    rows = [there.rows[screen.model][0]]
    if screen.model is User:
        rows += [getattr(Cast(), name).id for name in (key, "olivia", "managers", "eve")]
    found = [db.session.get(screen.model, row_id) for row_id in dict.fromkeys(rows)]
    return [row for row in found if row is not None]


def compared(
    client: Client, screen: Screen, there: World, key: str
) -> Iterator[tuple[Question, bool]]:
    """Yield every question about a screen, with what really happens."""
    rows = sample(screen, there, key)
    area = screen.endpoint
    for verb in ("view", "create", "export"):
        if screen.has(verb) and not (verb == "view" and area == "bulk_runs"):
            yield (f"{area}.{verb}", None), tried(client, screen, verb, None)
    for row in rows:
        for verb in ("view", "edit"):
            if screen.has(verb):
                yield (f"{area}.{verb}", row), tried(client, screen, verb, row)
    for action in actions_of(screen.model):
        if action.name != "delete" or screen.has("delete"):
            for row, happened in acted(client, screen, action, rows):
                yield (action.code(), row), happened
    for action in actions_of(screen.model, is_global=True):
        yield (action.code(), None), done(client, screen, action) is not None


@pytest.mark.parametrize("key", EVERYBODY)
def test_what_is_said_is_what_happens(app: Flask, there: World, key: str, client: Client) -> None:
    client.sign_in(key)
    asker, person = Cast().actor("olivia"), getattr(Cast(), key)
    wrong, asked = [], 0
    for screen in app.extensions["screens"]:
        for question, happened in compared(client, screen, there, key):
            asked += 1
            if said(asker, person, question) != happened:
                wrong.append((question[0], str(getattr(question[1], "label", "")), happened))
    assert asked > 80
    assert wrong == []

"""Run actions on many rows in the course of the year: preview, run and sometimes undo them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, select

from backoffice import clock
from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import phrase, run, undo
from backoffice.data import lists
from backoffice.demo.agenda import office_hours
from backoffice.demo.company import (
    ADMINISTRATORS,
    APPOINTING,
    BLOCK_REASONS,
    DELETE_REASONS,
    REVOKE_REASONS,
    SPARE_TAG,
    STAFF,
    UNBLOCK_REASONS,
)
from backoffice.demo.office import Office
from backoffice.errors import NotFound
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy.actor import Actor

# Accounts by what they may do. Those who are not administrators see some of their rows refused.
BLOCKING = (*APPOINTING, "chloe@example.com")
ENDING = (*BLOCKING, "samir@example.com")


@dataclass(frozen=True)
class Kind:
    """An action that is run `times` a year.

    - `code` is the action, which one of `actors` runs for one of `reasons`.
    - `status` and `condition` select the people whom it may concern.
    - `choose` returns the parameters of the action.
    - `search` makes the run take all people of that status who match it, not a handful.
    - `undone` makes the actor undo the run soon.
    """

    code: str
    times: int
    actors: tuple[str, ...]
    status: str = "active"
    reasons: tuple[str, ...] = ("",)
    condition: Callable[[], ColumnElement[bool]] | None = None
    choose: Callable[[Office], dict[str, list[int]]] = lambda _office: {}
    search: str = ""
    undone: bool = False


def _group(office: Office) -> dict[str, list[int]]:
    return {"group": [office.groups[office.random.choice(STAFF)]]}


def _tags(office: Office) -> dict[str, list[int]]:
    return {"tags": office.random.sample(office.tags, office.random.randint(1, 2))}


def _is_limited() -> ColumnElement[bool]:
    return User.client_tags_mode != "all"


def _is_signed_in() -> ColumnElement[bool]:
    return User.id.in_(select(Session.user_id).where(Session.live(clock.now())))


KINDS = (
    Kind("users.block", 13, BLOCKING, reasons=BLOCK_REASONS),
    Kind("users.block", 2, APPOINTING, status="invited", reasons=("Invited by mistake",)),
    Kind("users.block", 4, BLOCKING, reasons=BLOCK_REASONS, undone=True),
    Kind("users.unblock", 6, BLOCKING, status="blocked", reasons=UNBLOCK_REASONS),
    Kind("users.revoke", 9, APPOINTING, reasons=REVOKE_REASONS),
    Kind("users.revoke", 1, ADMINISTRATORS, reasons=REVOKE_REASONS, undone=True),
    Kind("users.regrant", 2, ADMINISTRATORS, status="revoked", reasons=("Came back",)),
    Kind("users.add_to_group", 5, APPOINTING, choose=_group),
    Kind("users.add_to_group", 1, ADMINISTRATORS, choose=_group, search="example.net"),
    Kind("users.remove_from_group", 3, APPOINTING, choose=_group),
    Kind("users.add_client_tags", 5, ADMINISTRATORS, condition=_is_limited, choose=_tags),
    Kind(
        "users.add_client_tags", 1, ADMINISTRATORS, choose=_tags, search="example.org", undone=True
    ),
    Kind("users.remove_client_tags", 2, ADMINISTRATORS, condition=_is_limited, choose=_tags),
    Kind("users.end_sessions", 5, ENDING, condition=_is_signed_in),
    Kind("users.end_sessions", 1, ADMINISTRATORS, search="example.com"),
)
TODAY = Kind("users.end_sessions", 1, ADMINISTRATORS, condition=_is_signed_in)


def plan(office: Office, erased: int) -> None:
    """Plan the year's runs; `erased` people are deleted in its course."""
    agenda = office.agenda
    for kind in KINDS:
        for _ in range(office.scaled(kind.times)):
            agenda.put(_moment(office, 0.15), partial(_do, office, kind))
    for number in (erased // 2, erased - erased // 2):
        agenda.put(_moment(office, 0.6), partial(_erase, office, number))
    agenda.put(agenda.end - office.minutes(20, 50), partial(_do, office, TODAY))
    agenda.put(_moment(office, 0.4), partial(_delete_spare_tag, office))


def _moment(office: Office, earliest: float) -> datetime:
    """Return a moment after that share of the year, when there are people to act upon."""
    begin = office.agenda.begin
    end = office.agenda.end
    after = begin + earliest * (end - begin)
    return office_hours(office.random, after, end - timedelta(hours=1))


def _do(office: Office, kind: Kind) -> None:
    actor = office.actor(*kind.actors)
    reason = office.random.choice(kind.reasons)
    selection = _selection(office, kind)
    if not (selection.ids or selection.query):
        return
    bulk_run = run_once(actor, kind.code, selection, reason, kind.choose(office))
    if kind.undone and bulk_run:
        undo_it = partial(undo, actor=actor, run_id=bulk_run.id)
        office.agenda.put(clock.now() + office.minutes(1, 30), undo_it)


def _selection(office: Office, kind: Kind) -> Selection:
    if not kind.search:
        return Selection(ids=_some(office, kind))
    pairs = [("status", kind.status), ("search", kind.search)]
    return Selection(query=lists.parse(User, pairs))


def _some(office: Office, kind: Kind) -> list[int]:
    """Choose a handful of the people whom the action may concern, at most half of them.

    The accounts to sign in as are not among them.
    """
    conditions = [User.status == kind.status, User.id.not_in(office.protected)]
    if kind.condition:
        conditions.append(kind.condition())
    ids = db.session.scalars(select(User.id).where(*conditions).order_by(User.id)).all()
    handful = office.random.randint(2, max(3, office.size // 100))
    return sorted(office.random.sample(ids, min(handful, len(ids) // 2)))


def run_once(
    actor: Actor,
    code: str,
    selection: Selection,
    reason: str,
    parameters: dict[str, list[int]] | None = None,
) -> BulkRun | None:
    """Preview an action and, if it would change something, run it and return the run."""
    action = find(code)
    assert isinstance(action, Action)
    try:
        shown = preview(actor=actor, action=action, selection=selection, parameters=parameters)
    except NotFound:  # nobody matches the search
        return None
    planned = shown.run
    if not planned.counts.get("done"):
        return None
    return run(
        actor=actor,
        token=planned.token,
        action=action,
        reason=reason,
        confirmation=phrase(action, planned),
    )


def _erase(office: Office, number: int) -> None:
    """Delete people who have left, and some who still work here."""
    conditions = (User.status.in_(("revoked", "active")), User.id.not_in(office.protected))
    possible = db.session.scalars(select(User.id).where(*conditions).order_by(User.id)).all()
    ids = office.random.sample(possible, min(number, len(possible)))
    if ids:
        reason = office.random.choice(DELETE_REASONS)
        actor = office.actor(*ADMINISTRATORS)
        run_once(actor, "users.delete", Selection(ids=ids), reason)
        # Who is deleted does not sign in again.
        office.members = [member for member in office.members if member.id not in ids]


def _delete_spare_tag(office: Office) -> None:
    name, _ = SPARE_TAG
    tag_id = db.session.scalars(select(ClientTag.id).where(ClientTag.name == name)).one()
    office.tags.remove(tag_id)
    actor = office.actor(*ADMINISTRATORS)
    run_once(actor, "client_tags.delete", Selection(ids=[tag_id]), "Nobody uses it")

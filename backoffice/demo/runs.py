"""What is done to many at once in the course of the year: previewed, run and sometimes undone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

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

# Those who are not administrators see some of their rows refused.
BLOCKING = (*APPOINTING, "chloe@example.com")
ENDING = (*BLOCKING, "samir@example.com")


@dataclass(frozen=True)
class Kind:
    """What is done `times` a year, by one of `actors`, to some of those in `status`; `search` takes all that match."""

    code: str
    times: int
    actors: tuple[str, ...]
    status: str = "active"
    reasons: tuple[str, ...] = ("",)
    condition: Callable[[], ColumnElement[bool]] | None = None
    choose: Callable[[Office], dict[str, Any]] = lambda _office: {}
    search: str = ""
    undone: bool = False


def _group(office: Office) -> dict[str, Any]:
    return {"group": [office.groups[office.random.choice(STAFF)]]}


def _tags(office: Office) -> dict[str, Any]:
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
    """Put the year's runs on the agenda; in the end `erased` people are deleted."""
    for kind in KINDS:
        for _ in range(office.scaled(kind.times)):
            office.agenda.put(_moment(office, 0.15), partial(_do, office, kind))
    for number in (erased // 2, erased - erased // 2):
        office.agenda.put(_moment(office, 0.6), partial(_erase, office, number))
    office.agenda.put(office.agenda.end - office.minutes(20, 50), partial(_do, office, TODAY))
    office.agenda.put(_moment(office, 0.4), partial(_delete_spare_tag, office))


def _moment(office: Office, earliest: float) -> Any:
    """Some time after that part of the year, when there is somebody to act upon."""
    begin, end = office.agenda.begin, office.agenda.end
    return office_hours(office.random, begin + earliest * (end - begin), end - timedelta(hours=1))


def _do(office: Office, kind: Kind) -> None:
    actor, reason = office.actor(*kind.actors), office.random.choice(kind.reasons)
    pairs = [("status", kind.status), ("search", kind.search)]
    selection = (
        Selection(query=lists.parse(User, pairs))
        if kind.search
        else Selection(ids=_some(office, kind))
    )
    if not (selection.ids or selection.query):
        return
    done = _run(actor, kind.code, selection, reason, kind.choose(office))
    if kind.undone and done:
        regret = partial(undo, actor=actor, run_id=done.id)
        office.agenda.put(clock.now() + office.minutes(1, 30), regret)


def _some(office: Office, kind: Kind) -> list[int]:
    """A handful of those that the kind is about, half of them at most, and none of the demo's own accounts."""
    wanted = [User.status == kind.status, User.id.not_in(office.protected)]
    if kind.condition:
        wanted.append(kind.condition())
    found = db.session.scalars(select(User.id).where(*wanted).order_by(User.id)).all()
    handful = office.random.randint(2, max(3, office.size // 100))
    return sorted(office.random.sample(found, min(handful, len(found) // 2)))


def _run(
    actor: Actor,
    code: str,
    selection: Selection,
    reason: str,
    parameters: dict[str, Any] | None = None,
) -> BulkRun | None:
    """Preview and, if that would change something, run; typed confirmations are typed."""
    action = find(code)
    assert isinstance(action, Action)
    try:
        shown = preview(actor=actor, action=action, selection=selection, parameters=parameters).run
    except NotFound:  # nobody matches the search
        return None
    if not shown.counts.get("done"):
        return None
    return run(
        actor=actor,
        token=shown.token,
        action=action,
        reason=reason,
        confirmation=phrase(action, shown),
    )


def _erase(office: Office, number: int) -> None:
    """Delete people who have left, and some who still work here."""
    wanted = (User.status.in_(("revoked", "active")), User.id.not_in(office.protected))
    found = db.session.scalars(select(User.id).where(*wanted).order_by(User.id)).all()
    ids = office.random.sample(found, min(number, len(found)))
    if ids:
        reason = office.random.choice(DELETE_REASONS)
        _run(office.actor(*ADMINISTRATORS), "users.delete", Selection(ids=ids), reason)
        office.members = [member for member in office.members if member.id not in ids]


def _delete_spare_tag(office: Office) -> None:
    spare = db.session.scalars(select(ClientTag.id).where(ClientTag.name == SPARE_TAG[0])).one()
    office.tags.remove(spare)
    _run(
        office.actor(*ADMINISTRATORS),
        "client_tags.delete",
        Selection(ids=[spare]),
        "Nobody uses it",
    )

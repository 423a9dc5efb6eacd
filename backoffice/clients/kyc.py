"""Move clients by decisions about their KYC cases."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    case,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import aliased

from backoffice import events
from backoffice.clients import groups
from backoffice.data import records
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.client_groups import (
    EMAIL_NOT_VERIFIED,
    ENTERPRISE_OWNER,
    KYC_NOT_VERIFIED,
    LEGAL_MERCHANT_OWNER,
    MERCHANT_OWNER,
    PHONE_NOT_VERIFIED,
)
from backoffice.models.kyc_case import KycCase
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.text import N_

LOCK = "kyc"  # whoever asks and whoever decides lock cases and clients in different orders
IDENTITY, LEGAL_ENTITY = 1, 2  # levels
OWNERS = (MERCHANT_OWNER, LEGAL_MERCHANT_OWNER, ENTERPRISE_OWNER)
# Whom an approval makes an owner; staff and programs stay what they are.
APPROVABLE = (EMAIL_NOT_VERIFIED, PHONE_NOT_VERIFIED, KYC_NOT_VERIFIED, *OWNERS)
DECIDED = "clients.kyc"  # the event of a client whose case was decided
CLIENT_DELETED = N_("Client deleted")  # why a case ended
AT_ONCE = 500  # rows in one statement
Counts = Callable[[type[KycCase]], ColumnElement[bool]]


class Standing(NamedTuple):
    """Where a client stands: columns of the client by their names."""

    client_group: str
    kyc_state: str


class Change(NamedTuple):
    """What a decision changes of a client."""

    client_id: int
    before: Standing
    after: Standing


@records.reached(KycCase)
def reach(_actor: Actor, kyc_case: KycCase) -> str:
    """Return why nobody may change a case: what was decided stays as it was shown."""
    if kyc_case.state == "pending":
        return ""
    return _("%(label)s is decided: its documents stay as they are.", label=kyc_case.label)


def _is_approved(case_: type[KycCase]) -> ColumnElement[bool]:
    return case_.state == "approved"


def has_approved(level: int, counts: Counts = _is_approved) -> ColumnElement[bool]:
    """SQL: whether the client has a KYC case of this level that counts as approved."""
    kyc_case = aliased(KycCase)
    of_level = (kyc_case.client_id == Client.id, kyc_case.level == level)
    return exists().where(*of_level, counts(kyc_case))


def has_pending() -> ColumnElement[bool]:
    """SQL: whether a KYC case of the client waits for its decision."""
    kyc_case = aliased(KycCase)
    return exists().where(kyc_case.client_id == Client.id, kyc_case.state == "pending")


def owner_group(counts: Counts = _is_approved) -> ColumnElement[str]:
    """SQL: the group of clients who own what they work with, by the KYC cases that are approved.

    `counts` says of a case whether it counts as approved.
    """
    return case(
        (~has_approved(IDENTITY, counts), KYC_NOT_VERIFIED),
        (Client.type == "enterprise", ENTERPRISE_OWNER),
        (has_approved(LEGAL_ENTITY, counts), LEGAL_MERCHANT_OWNER),
        else_=MERCHANT_OWNER,
    )


def moved(
    clients: Select[Any], among: Sequence[str], counts: Counts = _is_approved
) -> Select[int, str]:
    """Select those of the clients, in the groups `among`, who are not in their `owner_group`.

    Each has the group beside the id. Staff is left out: it follows the owner of its company.
    """
    group = owner_group(counts)
    return select(Client.id, group.label("new_group")).where(
        Client.id.in_(clients),
        Client.client_group.in_(among),
        Client.client_group != group,
        ~Client.is_staff,
    )


def as_decided(clients: Select[Any]) -> set[int]:
    """Return the ids of those of the clients who are in their `owner_group`."""
    statement = select(Client.id).where(Client.id.in_(clients), ~Client.is_staff)
    return set(db.session.scalars(statement.where(Client.client_group == owner_group())))


def lock_clients(clients: Select[int]) -> None:
    """Lock the clients until the transaction ends, always in the same order."""
    statement = select(Client.id).where(Client.id.in_(clients)).order_by(Client.id)
    db.session.execute(statement.with_for_update())


def pending(clients: Select[int]) -> Select[int]:
    """Select the KYC cases of the clients that wait for their decision."""
    return select(KycCase.id).where(KycCase.client_id.in_(clients), KycCase.state == "pending")


def count_pending(clients: Select[int]) -> Select[int]:
    """Count the KYC cases of the clients that wait for their decision."""
    return select(func.count()).select_from(pending(clients).subquery())


def close(*, actor: Actor, clients: Select[int], at: datetime) -> None:
    """End the pending cases of clients who are deleted, each with an event.

    The clients have the state of their latest case since, without an event of their own.
    """
    ids = db.session.scalars(pending(clients).order_by(KycCase.id)).all()
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        ending = update(KycCase).where(KycCase.id.in_(some))
        ending = ending.values(
            state="expired",
            reason=CLIENT_DELETED,
            decided_by_id=actor.user_id,
            decided_at=at,
            version=KycCase.version + 1,
        )
        db.session.execute(ending, execution_options={"synchronize_session": False})
        events.record_many(actor=actor, drafts=[_draft_of_end(case_id) for case_id in some])


def _draft_of_end(case_id: int) -> EventDraft:
    area = area_of(KycCase)
    return EventDraft(
        action=f"{area}.expire",
        subject=(area, case_id),
        before={"state": "pending"},
        after={"state": "expired"},
        reason=CLIENT_DELETED,
    )


def follow(
    *, actor: Actor, clients: Select[Any], new_groups: Mapping[int, str], reason: str
) -> None:
    """Give clients the state of their KYC and their new groups, each with an event.

    The staff of those who move follows them.
    """
    statement = select(Client.id, Client.client_group, Client.kyc_state, latest_state())
    statement = statement.where(Client.id.in_(clients)).order_by(Client.id)
    for some in db.session.execute(statement).partitions(AT_ONCE):
        found = [_change(*row, new_groups) for row in some]
        changed = [change for change in found if change.before != change.after]
        _write(changed)
        events.record_many(actor=actor, drafts=[_draft(change, reason) for change in changed])
        groups.move_staff(actor=actor, owners=_moved(changed))


def _change(
    client_id: int, group: str, state: str, new_state: str, new_groups: Mapping[int, str]
) -> Change:
    new_group = new_groups.get(client_id, group)
    return Change(client_id, Standing(group, state), Standing(new_group, new_state))


def latest_state() -> ScalarSelect[str]:
    """SQL: the state of the client's latest KYC case; one that is pending comes first."""
    latest = select(KycCase.state).where(KycCase.client_id == Client.id)
    is_pending = KycCase.state == "pending"
    latest = latest.order_by(is_pending.desc(), KycCase.submitted_at.desc(), KycCase.id.desc())
    return latest.limit(1).correlate(Client).scalar_subquery()


def _write(changes: Iterable[Change]) -> None:
    by_standing: dict[Standing, list[int]] = {}
    for change in changes:
        by_standing.setdefault(change.after, []).append(change.client_id)
    for after, ids in by_standing.items():
        writing = update(Client).where(Client.id.in_(ids))
        writing = writing.values(**after._asdict(), version=Client.version + 1)
        db.session.execute(writing, execution_options={"synchronize_session": False})


def _draft(change: Change, reason: str) -> EventDraft:
    return EventDraft(
        action=DECIDED,
        subject=(area_of(Client), change.client_id),
        before=change.before._asdict(),
        after=change.after._asdict(),
        reason=reason,
    )


def _moved(changes: Iterable[Change]) -> Select[int]:
    """Select the clients who are in another group since."""
    ids = [
        change.client_id
        for change in changes
        if change.before.client_group != change.after.client_group
    ]
    return select(Client.id).where(Client.id.in_(ids))

"""Move clients from client group to client group by what is known of them, and of their company."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import aliased

from backoffice import events
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.client_groups import (
    EMAIL_NOT_VERIFIED,
    KYC_NOT_VERIFIED,
    PHONE_NOT_VERIFIED,
    STAFF_OF,
)
from backoffice.models.types import BigInt
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.text import N_

# Staff in these groups follow their owner. The others confirm their address and phone first.
FOLLOWING = (KYC_NOT_VERIFIED, *STAFF_OF.values())
FOLLOWED = N_("The owner of the company moved.")
AT_ONCE = 500  # rows in one statement


def after_email() -> ColumnElement[str]:
    """SQL: the group of clients whose e-mail address is confirmed now."""
    next_group = case((Client.phone_verified_at.is_(None), PHONE_NOT_VERIFIED), else_=_after_both())
    return case((Client.client_group == EMAIL_NOT_VERIFIED, next_group), else_=Client.client_group)


def after_phone() -> ColumnElement[str]:
    """SQL: the group of clients whose phone is confirmed now."""
    is_next = Client.client_group == PHONE_NOT_VERIFIED
    return case((is_next, _after_both()), else_=Client.client_group)


def _after_both() -> ColumnElement[str]:
    """SQL: the group of clients whose address and phone are confirmed; staff needs no KYC."""
    staff = func.coalesce(_staff_group(), KYC_NOT_VERIFIED)
    return case((Client.is_staff, staff), else_=KYC_NOT_VERIFIED)


def follow_company(client: Client, values: dict[str, Any]) -> None:
    """Add to new values of a client the group that goes with a new company, or a new role there.

    Whoever is in no group that follows an owner stays in it.
    """
    company = values.get("company", client.company)
    is_staff = values.get("is_staff", client.is_staff)
    is_same = (company, is_staff) == (client.company, client.is_staff)
    if is_same or client.client_group not in FOLLOWING:
        return
    company_id = literal(company.id if company and is_staff else None, BigInt)
    there = select(_staff_group(company_id)).where(Client.id == client.id)
    values["client_group"] = db.session.scalar(there) or KYC_NOT_VERIFIED


def _staff_group(company_id: SQLColumnExpression[Any] = Client.company_id) -> ScalarSelect[str]:
    """SQL: the group of those who work for the owner of the company, the client's own if not said.

    NULL without an owner whose identity is approved.
    """
    owner = aliased(Client)
    is_owner = and_(
        owner.company_id == company_id,
        owner.company_owner,
        owner.status != "deleted",
        owner.client_group.in_(STAFF_OF),
    )
    group = select(case(STAFF_OF, value=owner.client_group)).where(is_owner, owner.id != Client.id)
    return group.order_by(owner.id).limit(1).correlate(Client).scalar_subquery()


def move_staff(*, actor: Actor, owners: Select[int]) -> None:
    """Move the staff of `owners`, whose groups have just changed, each with an event.

    Staff among `owners` themselves stay where they were put.
    """
    owner = aliased(Client)
    companies = select(owner.company_id).where(
        owner.id.in_(owners), owner.company_owner, owner.company_id.is_not(None)
    )
    group = func.coalesce(_staff_group(), KYC_NOT_VERIFIED)
    staff = select(Client.id, Client.client_group, group.label("new")).where(
        Client.company_id.in_(companies),
        Client.is_staff,
        Client.status != "deleted",
        Client.client_group.in_(FOLLOWING),
        Client.client_group != group,
        Client.id.not_in(owners),
    )
    statement = staff.order_by(Client.id).with_for_update(of=Client)
    for moved in db.session.execute(statement).partitions(AT_ONCE):
        _move(actor, moved)


def _move(actor: Actor, moved: Sequence[Row[int, str, str]]) -> None:
    for group in {row.new for row in moved}:
        ids = [row.id for row in moved if row.new == group]
        change = update(Client).where(Client.id.in_(ids))
        change = change.values(client_group=group, version=Client.version + 1)
        db.session.execute(change, execution_options={"synchronize_session": False})
    drafts = (
        EventDraft(
            action=f"{area_of(Client)}.set_group",
            subject=(area_of(Client), row.id),
            before={"client_group": row.client_group},
            after={"client_group": row.new},
            reason=FOLLOWED,
        )
        for row in moved
    )
    events.record_many(actor=actor, drafts=drafts)

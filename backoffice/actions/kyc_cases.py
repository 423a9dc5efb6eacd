"""Actions about who clients are: ask for KYC, and approve, reject or expire it."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from backoffice import events
from backoffice.actions.clients import NO_PERSON, ClientAction
from backoffice.actions.engine import restoring
from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Effect, Rule
from backoffice.actions.engine.values import OneOf
from backoffice.clients import contacts, kyc
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem
from backoffice.models.client import Client
from backoffice.models.kyc_case import KycCase
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.permissions import area_of
from backoffice.text import N_
from backoffice.text.numbers import formatted

DECIDED = ("state", "reason", "decided_by_id", "decided_at")
GROUP = "client_group"  # the key of the group that a run remembers of a case's client
LEVELS = {"1": N_("Level 1: identity"), "2": N_("Level 2: legal entity")}


def _of_client(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition on clients as one on the case of such a client."""
    found: ColumnElement[bool] = exists().where(Client.id == KycCase.client_id, condition)
    return found


def _lacks_identity(context: ActionContext) -> ColumnElement[bool]:
    if int(context.parameters["level"]) == kyc.IDENTITY:
        return false()
    return ~kyc.has_approved(kyc.IDENTITY)


def _identity_is_not_approved(_context: ActionContext) -> ColumnElement[bool]:
    is_of_entity = KycCase.level == kyc.LEGAL_ENTITY
    return and_(is_of_entity, _of_client(~kyc.has_approved(kyc.IDENTITY)))


def _entity_is_approved(_context: ActionContext) -> ColumnElement[bool]:
    """SQL: whether an undo takes the level 1 without which the client has no approved level 2."""
    other = aliased(KycCase)
    another = exists().where(
        other.client_id == KycCase.client_id,
        other.id != KycCase.id,
        other.level == kyc.IDENTITY,
        other.state == "approved",
    )
    return and_(
        KycCase.level == kyc.IDENTITY,
        KycCase.state == "approved",
        ~another,
        _of_client(kyc.has_approved(kyc.LEGAL_ENTITY)),
    )


def _another_is_pending(_context: ActionContext) -> ColumnElement[bool]:
    """SQL: whether a case that an undo makes pending would be the client's second such case."""
    other = aliased(KycCase)
    is_pending = exists().where(
        other.client_id == KycCase.client_id, other.id != KycCase.id, other.state == "pending"
    )
    return and_(KycCase.state != "expired", is_pending)


def _moved_by_approval(rows: Ids) -> Select[Any]:
    """Count the clients whom an approval of these cases would move to another group."""
    moved = kyc.moved(
        _clients_of(rows),
        kyc.APPROVABLE,
        lambda each: or_(each.state == "approved", each.id.in_(rows)),
    )
    return select(func.count()).select_from(moved.subquery())


def _without_document(rows: Ids) -> Select[Any]:
    """Count those of the cases that have no document."""
    is_empty = cast(KycCase.documents, String) == "[]"
    return select(func.count()).where(KycCase.id.in_(rows), is_empty)


def _moved_by_expiry(rows: Ids) -> Select[Any]:
    """Count the clients whom the end of these approvals would move to another group."""
    moved = kyc.moved(
        _clients_of(rows),
        kyc.OWNERS,
        lambda each: and_(each.state == "approved", each.id.not_in(rows)),
    )
    return select(func.count()).select_from(moved.subquery())


def _moves(count: Callable[[Ids], Select[Any]]) -> Effect:
    return Effect(
        "Moves {n} client to another client group.",
        "Moves {n} clients to another client group.",
        count,
    )


def _clients_of(rows: Ids) -> Select[Any]:
    return select(KycCase.client_id).where(KycCase.id.in_(rows)).correlate(None)


CONTACT_OF_CLIENT = Rule(
    "contact",
    _l("You are a contact of the client of {label}, by e-mail or phone: others decide."),
    lambda context: _of_client(contacts.is_contact(context.actor)),
)
DELETED = Rule(
    "deleted",
    _l("The client of {label} is deleted."),
    lambda _context: _of_client(Client.status == "deleted"),
)
NOT_PENDING = Rule(
    "not_pending",
    _l("{label} is decided already."),
    lambda _context: KycCase.state != "pending",
)


class AskForKyc(ClientAction):
    """Open a case for each client, which waits for documents and a decision."""

    name = "ask_for_kyc"
    permission = "kyc_cases.ask"
    meaning = _l("Ask clients for KYC")
    label = _l("Ask for KYC")
    title = Counted("Ask {n} client for KYC: {chosen}", "Ask {n} clients for KYC: {chosen}")
    event = _l("{actor} asked {subject} for KYC")
    done = _l("asked for KYC")
    result = Counted("{n} client asked for KYC: {chosen}.", "{n} clients asked for KYC: {chosen}.")
    parameters: ClassVar = {
        "level": OneOf(label=_l("Level"), choices=tuple(LEVELS), words=LEVELS, default="1")
    }
    watches = ("kyc_state",)
    irreversible = (_l("A case that was asked for is not withdrawn: reject it."),)
    locks = (kyc.LOCK,)
    rules = (
        NO_PERSON,
        Rule(
            "pending",
            _l("{label} has a KYC case that waits for its decision."),
            lambda _context: kyc.has_pending(),
        ),
        Rule(
            "no_identity",
            _l("{label} needs an approved KYC of level 1 first."),
            _lacks_identity,
            of_choice=True,
        ),
    )

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, kyc_state="pending")
        level = int(context.parameters["level"])
        asked = select(Client.id, literal(level)).where(Client.id.in_(rows)).order_by(Client.id)
        db.session.execute(insert(KycCase).from_select(["client_id", "level"], asked))
        drafts = _drafts_of_new(rows, level)
        events.record_many(actor=context.actor, drafts=drafts)


def _drafts_of_new(rows: Ids, level: int) -> Sequence[EventDraft]:
    """Return the events of the cases that clients have just got."""
    cases = select(KycCase.id).where(KycCase.state == "pending", KycCase.client_id.in_(rows))
    area = area_of(KycCase)
    return [
        EventDraft(action=f"{area}.create", subject=(area, case_id), after={"level": level})
        for case_id in db.session.scalars(cases.order_by(KycCase.id))
    ]


class Decision(Action):
    """A decision about KYC cases, which also moves their clients."""

    model = KycCase
    permission = "kyc_cases.decide"
    watches = ("state",)
    locks = (kyc.LOCK,)
    inverse = "reopen"
    becomes: ClassVar[str] = ""  # the state of the cases afterwards
    # The client groups out of which it moves clients.
    moves: ClassVar[Sequence[str]] = ()

    def apply(self, context: ActionContext, rows: Ids) -> None:
        clients = _clients_of(rows)
        kyc.lock_clients(clients)
        self.update(
            rows,
            state=self.becomes,
            reason=context.reason,
            decided_by_id=context.actor.user_id,
            decided_at=context.now,
        )
        moved = kyc.moved(clients, self.moves)
        new_groups = dict(db.session.execute(moved).all())
        kyc.follow(
            actor=context.actor, clients=clients, new_groups=new_groups, reason=context.reason
        )

    def memories(self, rows: Ids) -> dict[RowKey, dict[str, Any]]:
        groups = select(KycCase.id, Client.client_group).join(Client)
        groups = groups.where(KycCase.id.in_(rows), Client.client_group.in_(self.moves))
        group_of: dict[RowKey, str] = dict(db.session.execute(groups).all())
        decided = restoring.frozen_values(KycCase, rows, DECIDED)
        return {row_id: {**values, GROUP: group_of.get(row_id)} for row_id, values in decided}


class Approve(Decision):
    name = "approve"
    meaning = _l("Decide KYC cases: approve, reject, expire")
    label = _l("Approve")
    title = Counted("Approve {n} KYC case", "Approve {n} KYC cases")
    event = _l("{actor} approved {subject}")
    done = _l("approved")
    result = Counted("{n} KYC case approved.", "{n} KYC cases approved.")
    becomes = "approved"
    moves = kyc.APPROVABLE
    rules = (
        CONTACT_OF_CLIENT,
        DELETED,
        NOT_PENDING,
        Rule(
            "no_identity",
            _l("The client of {label} needs an approved KYC of level 1 first."),
            _identity_is_not_approved,
        ),
    )
    effects = (_moves(_moved_by_approval),)

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        number = db.session.scalar(_without_document(rows)) or 0
        if not number or masking.is_masked(context.actor, KycCase, "documents"):
            return []
        sentence = _n(
            "%(number)s of them has no document.",
            "%(number)s of them have no document.",
            number,
            number=formatted(number),
        )
        return [sentence]


class Reject(Decision):
    """Refuse what the client has shown; whatever was approved before stays approved."""

    name = "reject"
    label = _l("Reject")
    title = Counted("Reject {n} KYC case", "Reject {n} KYC cases")
    event = _l("{actor} rejected {subject}")
    done = _l("rejected")
    result = Counted("{n} KYC case rejected.", "{n} KYC cases rejected.")
    danger = True
    reason_required = True
    becomes = "rejected"
    rules = (CONTACT_OF_CLIENT, DELETED, NOT_PENDING)


class Expire(Decision):
    """End what was approved; owners lose the group that they had by it."""

    name = "expire"
    label = _l("Expire")
    title = Counted("Expire {n} KYC case", "Expire {n} KYC cases")
    event = _l("{actor} expired {subject}")
    done = _l("expired")
    result = Counted("{n} KYC case expired.", "{n} KYC cases expired.")
    danger = True
    becomes = "expired"
    moves = kyc.OWNERS
    effects = (_moves(_moved_by_expiry),)
    rules = (
        CONTACT_OF_CLIENT,
        DELETED,
        Rule(
            "not_approved",
            _l("{label} is not approved."),
            lambda _context: KycCase.state != "approved",
        ),
    )


class Reopen(Decision):
    """Undo a decision: the case is as it was, and so is the group that the client had by it."""

    name = "reopen"
    label = _l("Undo the decision")
    title = Counted("Undo the decision of {n} KYC case", "Undo the decisions of {n} KYC cases")
    event = _l("{actor} undid the decision of {subject}")
    done = _l("as before")
    result = Counted("{n} KYC case as before.", "{n} KYC cases as before.")
    offered = False
    inverse = ""
    rules = (
        CONTACT_OF_CLIENT,
        DELETED,
        Rule(
            "another_pending",
            _l("The client of {label} has another case that waits for its decision."),
            _another_is_pending,
        ),
        Rule(
            "entity_approved",
            _l("The client of {label} has an approved KYC of level 2: undo or expire that first."),
            _entity_is_approved,
        ),
    )

    def apply(self, context: ActionContext, rows: Ids) -> None:
        clients = _clients_of(rows)
        kyc.lock_clients(clients)
        former_groups = _former_groups(context, rows)
        restoring.restore(context, KycCase, rows, DECIDED)
        kyc.follow(
            actor=context.actor, clients=clients, new_groups=former_groups, reason=context.reason
        )


def _former_groups(context: ActionContext, rows: Ids) -> dict[int, str]:
    """Return the groups before the decision, by client, of those who have what it gave them."""
    kept = select(KycCase.client_id, BulkItem.memory).where(
        BulkItem.run_id == context.undo_of, BulkItem.row_id == KycCase.id, KycCase.id.in_(rows)
    )
    decided = kyc.as_decided(_clients_of(rows))
    return {
        client_id: memory[GROUP]
        for client_id, memory in db.session.execute(kept)
        if memory[GROUP] and client_id in decided
    }

"""Give the demo's clients their KYC cases, and let people decide the newest of them.

Earlier decisions came from the company's own product, which names nobody; those of people here are
runs of the product's own actions, with their events.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select, update

from backoffice import clock
from backoffice.actions.engine.plan import Selection
from backoffice.demo.clients import documents
from backoffice.demo.clients.belongings import Known
from backoffice.demo.clients.rows import Row
from backoffice.demo.company import KYC_DECIDERS
from backoffice.demo.office import Office
from backoffice.demo.runs import run_once
from backoffice.extensions import db
from backoffice.models import client_groups as groups
from backoffice.models.client import Client
from backoffice.models.kyc_case import KycCase

ACTIONS = {"approved": "kyc_cases.approve", "rejected": "kyc_cases.reject"}
MOST = 50  # decisions of people
WITH_DOCUMENTS = 20  # pending cases, and as many of those that people decide


@dataclass(frozen=True)
class Decision:
    """What somebody decides about a case, and when."""

    known: Known
    case: Row
    state: str
    at: datetime
    reason: str


Cases = Sequence[tuple[Known, Row]]
Insert = Callable[[Iterable[Row]], object]


def add(office: Office, cases: Cases, insert: Insert) -> None:
    """Insert the cases of all clients, those of one in their order, and plan the decisions."""
    decisions = [_undecided(known, case) for known, case in _newest(cases)]
    _add_documents(cases, decisions)
    insert(case for _, case in cases)
    numbers = [decision.case["external_id"] for decision in decisions]
    ids = dict(
        db.session.execute(
            select(KycCase.external_id, KycCase.id).where(KycCase.external_id.in_(numbers))
        ).all()
    )
    for decision in decisions:
        _step_back(decision)
        case_id = ids[decision.case["external_id"]]
        office.agenda.put(decision.at, partial(_decide, office, case_id, decision))


def _newest(cases: Cases) -> list[tuple[Known, Row]]:
    """Return the latest cases of clients that are decided from now on, the newest first."""
    latest = {known.id: (known, case) for known, case in cases}.values()
    later = [
        (known, case)
        for known, case in latest
        if case["state"] in ACTIONS and case["decided_at"] > clock.now()
    ]
    later.sort(key=lambda each: each[1]["decided_at"], reverse=True)
    return later[: min(MOST, max(5, len(cases) // 20))]


def _undecided(known: Known, case: Row) -> Decision:
    """Return the decision that the case has, and take it back."""
    decision = Decision(known, case, case["state"], case["decided_at"], case["reason"])
    case |= {
        "state": "pending",
        "decided_at": None,
        "reason": "",
        "updated_at": case["submitted_at"],
    }
    return decision


def _add_documents(cases: Cases, decisions: Sequence[Decision]) -> None:
    """Give the newest cases of both sorts one or two documents, in turn."""
    decided = [(decision.known, decision.case) for decision in decisions]
    are_decided = {case["external_id"] for _, case in decided}
    pending = [
        (known, case)
        for known, case in cases
        if case["state"] == "pending" and case["external_id"] not in are_decided
    ]
    pending.sort(key=lambda each: each[1]["submitted_at"], reverse=True)
    shown = [*pending[:WITH_DOCUMENTS], *decided[:WITH_DOCUMENTS]]
    for place, (known, case) in enumerate(shown):
        documents.attach(known, case, 1 + place % 2)


def _step_back(decision: Decision) -> None:
    """Let the client stand where they stood before the decision, which then moves them."""
    before = {"kyc_state": "pending"}
    if decision.state == "approved":
        group = decision.known.customer.group
        if decision.case["level"] == 1:
            before["client_group"] = groups.KYC_NOT_VERIFIED
        elif group == groups.LEGAL_MERCHANT_OWNER:
            before["client_group"] = groups.MERCHANT_OWNER
    change = update(Client).where(Client.id == decision.known.id)
    db.session.execute(change.values(updated_at=Client.updated_at, **before))


def _decide(office: Office, case_id: int, decision: Decision) -> None:
    actor = office.actor(*KYC_DECIDERS)
    run_once(actor, ACTIONS[decision.state], Selection(ids=[case_id]), decision.reason)

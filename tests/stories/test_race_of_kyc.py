"""Two people decide the same KYC case at the same moment: it is decided once, the other is told."""

from collections.abc import Callable
from functools import partial
from itertools import cycle, islice

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.event import Event
from backoffice.models.kyc_case import KycCase
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import run_at
from tests.support.races import ROUNDS, at_once

PAIRS = (("approve", "approve"), ("approve", "reject"), ("reject", "reject"))
GROUPS = {"approved": "merchant_owner", "rejected": "kyc_not_verified"}
Act = Callable[[], TestResponse]


def signed_in(app: Flask, name: str) -> Client:
    visitor = app.test_client().sign_in(name)
    assert isinstance(visitor, Client)
    visitor.token()  # read before the race, not in it
    return visitor


def prepared(visitor: Client, name: str, action: str, case_id: int) -> Act:
    """Return the one request that decides; its preview is made beforehand."""
    found = find(f"kyc_cases.{action}")
    assert found is not None
    shown = preview(actor=Cast().actor(name), action=found, selection=Selection(ids=[case_id]))
    path = f"/admin/kyc-cases/actions/{action}/{shown.run.token}"
    return partial(visitor.post, path, {"step": "run", "reason": f"By {name}"})


@pytest.mark.slow
def test_a_case_is_decided_once_by_two_people_at_once(app: Flask, cast: Cast) -> None:
    visitors = {name: signed_in(app, name) for name in ("olivia", "max")}
    for number, actions in enumerate(islice(cycle(PAIRS), ROUNDS)):
        clara = Customer(first_name="Clara", client_group="kyc_not_verified", kyc_state="pending")
        waiting = KycCase(client=clara)
        db.session.add(waiting)
        db.session.commit()
        acts = [
            prepared(visitors[name], name, action, waiting.id)
            for name, action in zip(visitors, actions, strict=True)
        ]
        answers = at_once(acts)
        settle()
        where = f"round {number}: {actions}, answered {[each.status_code for each in answers]}"
        outcomes = sorted(str(run_at(answer).counts) for answer in answers)
        assert outcomes == ["{'done': 1}", "{'stale': 1}"], where

        decided = db.session.get_one(KycCase, waiting.id)
        after = db.session.get_one(Customer, clara.id)
        assert (after.client_group, after.kyc_state) == (GROUPS[decided.state], decided.state)
        assert (decided.version, after.version) == (2, 2), where
        told = [
            visitors[name].get(answer.location).text
            for name, answer in zip(visitors, answers, strict=True)
        ]
        assert sum("changed by somebody since" in text for text in told) == 1, where
        for area, row_id in (("kyc_cases", waiting.id), ("clients", clara.id)):
            about = (Event.subject_type == area, Event.subject_id == row_id)
            count = select(func.count(Event.id)).where(*about, Event.result == "done")
            assert db.session.scalar(count) == 1, where

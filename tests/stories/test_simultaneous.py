"""Simultaneous requests are done once, or one after the other; nothing is lost."""

from collections.abc import Callable
from functools import partial
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import events
from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import decided, run_at
from tests.support.html import error_at
from tests.support.patience import PATIENCE
from tests.support.races import at_once

WRITERS = 20


def visitors(app: Flask, name: str, number: int) -> list[Client]:
    """Return several browsers of one person, each with its own session and CSRF token."""
    found = []
    for _ in range(number):
        visitor = app.test_client().sign_in(name)
        assert isinstance(visitor, Client)
        visitor.token()
        found.append(visitor)
    return found


def test_one_preview_run_twice_at_once_has_one_effect(app: Flask, cast: Cast) -> None:
    pair = visitors(app, "olivia", 2)
    block = find("users.block")
    assert block is not None
    for number in range(10):
        victim = the_cast.add(
            f"victim{number}", group="viewers", settings=app.extensions["settings"]
        )
        db.session.flush()
        chosen = Selection(ids=[victim.id])
        token = preview(actor=cast.actor("olivia"), action=block, selection=chosen).run.token
        path = f"/admin/users/actions/block/{token}"
        answers = at_once([partial(each.post, path, {"reason": "Twice"}) for each in pair])
        settle()
        assert [answer.status_code for answer in answers] == [303, 303]
        happened = select(func.count(Event.id)).where(
            Event.subject_id == victim.id, Event.action == "users.block"
        )
        assert db.session.scalar(happened) == 1
        assert (victim.status, victim.version) == ("blocked", 2)
    assert db.session.scalar(select(func.count(BulkRun.id))) == 10


def test_one_undo_pressed_twice_at_once_has_one_effect(app: Flask, cast: Cast) -> None:
    pair = visitors(app, "olivia", 2)
    for _ in range(5):
        chosen = Selection(ids=[cast.vera.id])
        block = find("users.block")
        assert block is not None
        token = preview(actor=cast.actor("olivia"), action=block, selection=chosen).run.token
        done = run_at(decided(pair[0], "users", "block", token))
        undos = [each.post(f"/admin/bulk-runs/{done.id}/undo").location for each in pair]
        answers = at_once(
            [partial(each.post, href) for each, href in zip(pair, undos, strict=True)]
        )
        counts = sorted(str(run_at(answer).counts) for answer in answers)
        assert counts == ["{'done': 1}", "{'stale': 1}"]
        assert cast.vera.status == "active"


def test_the_same_address_added_twice_at_once_is_one_person_and_one_message(
    app: Flask, cast: Cast
) -> None:
    pair = visitors(app, "olivia", 2)
    for number in range(10):
        forms = [{"email": f"New.{number}@example.com"}, {"email": f"new.{number}@EXAMPLE.com "}]
        answers = at_once(
            [
                partial(each.post, "/admin/users/new", form)
                for each, form in zip(pair, forms, strict=True)
            ]
        )
        answers.sort(key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [303, 422]
        assert "has this" in error_at(answers[1], "email")
        settle()
        count = select(func.count(User.id)).where(User.email_key == f"new.{number}@example.com")
        assert db.session.scalar(count) == 1


def test_the_same_name_of_a_tag_added_twice_at_once_is_one_tag_and_one_message(
    app: Flask, cast: Cast
) -> None:
    pair = visitors(app, "olivia", 2)
    for number in range(5):
        forms = [
            {"name": f"Gold {number}", "colour": "grey"},
            {"name": f"GOLD  {number}", "colour": "red"},
        ]
        answers = at_once(
            [
                partial(each.post, "/admin/client-tags/new", form)
                for each, form in zip(pair, forms, strict=True)
            ]
        )
        answers.sort(key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [303, 422]
        assert error_at(answers[1], "name")


@pytest.mark.slow
def test_twenty_writers_of_one_row_lose_no_update(app: Flask, cast: Cast) -> None:
    """Each writer retries until its form is accepted; the log then has no gap."""
    row_id = cast.vera.id
    all_have_read = Barrier(WRITERS)
    acts = [
        partial(insist, each, row_id, f"+4930{number:07}", app, all_have_read)
        for number, each in enumerate(visitors(app, "olivia", WRITERS))
    ]
    tries = sorted(at_once(acts))
    assert tries[0] == 1, "one of them is the first"
    assert tries[1] > 1, "and all others have read the same version as that one"
    settle()
    assert cast.vera.version == 1 + WRITERS
    written = db.session.scalars(
        select(Event).where(Event.action == "users.edit").order_by(Event.id)
    ).all()
    phones = ["", *((event.after or {})["phone"] for event in written)]
    assert len(set(phones)) == 1 + WRITERS
    assert [(event.before or {})["phone"] for event in written] == phones[:-1]
    assert cast.vera.phone == phones[-1]
    assert events.verify() == []


def insist(visitor: Client, row_id: int, phone: str, app: Flask, all_have_read: Barrier) -> int:
    """Send the form until it is accepted, and return how many tries it took.

    The first try is sent when all have read the row.
    """
    for number in range(1, 200):
        with app.app_context():
            version = db.session.scalars(select(User.version).where(User.id == row_id)).one()
        if number == 1:
            all_have_read.wait(PATIENCE)
        answer = visitor.post(f"/admin/users/{row_id}/edit", {"version": version, "phone": phone})
        assert answer.status_code in (303, 409)
        if answer.status_code == 303:
            return number
    raise AssertionError("never had a turn")


@pytest.mark.slow
def test_twenty_writers_of_twenty_rows_all_get_through(app: Flask, cast: Cast) -> None:
    forms = [{"name": f"Tag {number}", "colour": "grey"} for number in range(WRITERS)]
    writers = visitors(app, "olivia", WRITERS)
    acts: list[Callable[[], int]] = [
        partial(
            lambda each, form: each.post("/admin/client-tags/new", form).status_code, each, form
        )
        for each, form in zip(writers, forms, strict=True)
    ]
    assert at_once(acts) == [303] * WRITERS
    settle()
    assert db.session.scalar(select(func.count(ClientTag.id))) == WRITERS
    assert events.verify() == []

"""An invitation is accepted twice at once, or just as its owner is blocked or invited again."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.token import Token
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.links import invited, link_to
from tests.support.races import at_once

WORDS = {
    "new_password": "five quite unusual words here",
    "repeat_password": "five quite unusual words here",
}


def link_of(run: Callable[..., Any], name: str) -> str:
    output = run("backoffice", "create-administrator", f"{name}@example.com").output
    return "/invitations/" + output.strip().rpartition("/")[2]


def newcomer(app: Flask) -> Client:
    visitor = app.test_client()
    assert isinstance(visitor, Client)
    visitor.token()
    return visitor


def test_accepting_and_blocking_at_once_is_one_or_the_other(
    app: Flask, client: Client, cast: Cast, run: Callable[..., Any]
) -> None:
    client.sign_in("olivia").token()
    block = find("users.block")
    assert block is not None
    for number in range(10):
        link = link_of(run, f"ivan{number}")
        person = getattr(Cast(), f"ivan{number}")
        shown = preview(
            actor=cast.actor("olivia"), action=block, selection=Selection(ids=[person.id])
        )
        acts = [
            partial(newcomer(app).post, link, WORDS),
            partial(client.post, f"/admin/users/actions/block/{shown.run.token}", {"reason": "No"}),
        ]
        accepted, blocked = (answer.status_code for answer in at_once(acts))
        settle()
        assert accepted in (303, 410)
        assert blocked == 303
        opens = db.session.scalar(
            select(func.count(Token.id)).where(Token.user_id == person.id, Token.open())
        )
        assert (person.status, person.password_hash is None, opens) in (
            ("active", False, 0),
            ("blocked", True, 0),
        )
        assert (accepted == 303) == (person.status == "active")


def test_accepting_and_sending_it_again_at_once_is_one_or_the_other(
    app: Flask, client: Client, cast: Cast
) -> None:
    """Either the person accepted and has no open link, or has a new link and did not accept."""
    client.sign_in("olivia").token()
    resend = find("users.resend_invitation")
    assert resend is not None
    for number in range(20):
        person = invited(app, cast.olivia, f"ivan{number}")
        link = link_to(app, "invitation", person)
        shown = preview(
            actor=cast.actor("olivia"), action=resend, selection=Selection(ids=[person.id])
        )
        acts = [
            partial(newcomer(app).post, link, WORDS),
            partial(client.post, f"/admin/users/actions/resend-invitation/{shown.run.token}"),
        ]
        accepted, sent = (answer.status_code for answer in at_once(acts))
        settle()
        opens = db.session.scalar(
            select(func.count(Token.id)).where(Token.user_id == person.id, Token.open())
        )
        assert sent == 303
        assert (accepted, person.status, opens) in ((303, "active", 0), (410, "invited", 1))


def test_a_link_used_twice_at_once_works_once(
    app: Flask, cast: Cast, run: Callable[..., Any]
) -> None:
    for number in range(5):
        link = link_of(run, f"ivan{number}")
        pair = [newcomer(app), newcomer(app)]
        answers = at_once([partial(each.post, link, WORDS) for each in pair])
        assert sorted(answer.status_code for answer in answers) in ([303, 410], [303, 422])
        settle()
        assert getattr(Cast(), f"ivan{number}").status == "active"
    accepted = select(func.count(Event.id)).where(Event.action == "invitations.accept")
    assert db.session.scalar(accepted) == 5

"""Asking for another invitation gives the same answer for every link.

The sender of the old invitation is told by mail.
"""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.links import invited, link_to, newcomer, prepared, same_for_all

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


@pytest.fixture
def ivan(app: Flask, cast: Cast) -> User:
    """Ivan, invited by Olivia at noon."""
    with clock.at(NOON):
        return invited(app, cast.olivia)


@pytest.fixture
def link(app: Flask, ivan: User) -> str:
    return link_to(app, "invitation", ivan)


def asked(
    app: Flask, value: str, visitor: Client | None = None
) -> tuple[int, str, str, list[tuple[str, str]]]:
    """Ask for another invitation; return the status, location, sign-in page and headers."""
    visitor = visitor or newcomer(app)
    answer = visitor.post(f"/invitations/{value}/again")
    own = ("Set-Cookie", "X-Request-ID", "Content-Security-Policy")
    headers = [(name, text) for name, text in answer.headers if name not in own]
    return answer.status_code, answer.location, same_for_all(visitor.get("/sign-in").text), headers


def test_asking_again_is_answered_alike_whatever_the_link(app: Flask, cast: Cast) -> None:
    values = {}
    for name in ("open", "used", "late", "gone", "held"):
        person = invited(app, cast.olivia, name)
        values[name] = link_to(app, "invitation", person).rpartition("/")[2]
    db.session.execute(update(Token).where(Token.user_id == Cast().used.id).values(used_at=NOON))
    db.session.execute(update(Token).where(Token.user_id == Cast().late.id).values(expires_at=NOON))
    for name, status in (("used", "active"), ("gone", "revoked"), ("held", "blocked")):
        db.session.execute(
            update(User).where(User.email_key == f"{name}@example.com").values(status=status)
        )
    answers = {name: asked(app, value) for name, value in values.items()}
    answers |= {"made-up": asked(app, "x" * 43), "short": asked(app, "1")}
    assert len({str(answer) for answer in answers.values()}) == 1
    assert answers["open"][:2] == (303, "/sign-in")
    told = prepared(app, "invitation_renewal")
    assert [message.user_id for message in told] == [cast.olivia.id] * 2, (
        "for those who wait, and nobody else"
    )


def test_the_inviter_is_told_once_who_waits_and_where(
    app: Flask, cast: Cast, ivan: User, link: str
) -> None:
    value = link.rpartition("/")[2]
    for _ in range(4):
        assert asked(app, value)[0] == 303
    told = prepared(app, "invitation_renewal")
    assert [(message.address, message.user_id) for message in told] == [
        ("olivia@example.com", cast.olivia.id)
    ]
    said = outbox.values_of(told[0], app.extensions["settings"])
    assert (said["person"], said["link"].rpartition("/")[2]) == ("Ivan Iver", str(ivan.id))
    assert value not in str(said)
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        assert asked(app, value)[0] == 303
        assert len(prepared(app, "invitation_renewal")) == 2


@pytest.mark.parametrize(
    "whose, change",
    [
        ("ivan", {"status": "active"}),
        ("ivan", {"status": "blocked"}),
        ("ivan", {"created_by_id": None}),
        ("olivia", {"status": "blocked"}),
    ],
)
def test_nobody_is_told_where_nothing_can_be_done(
    app: Flask, cast: Cast, ivan: User, link: str, *, whose: str, change: dict[str, str]
) -> None:
    db.session.execute(
        update(User).where(User.email_key == f"{whose}@example.com").values(**change)
    )
    assert asked(app, link.rpartition("/")[2])[0] == 303
    assert prepared(app, "invitation_renewal") == []


def test_asking_is_throttled_for_one_link_and_for_one_address(
    app: Flask, ivan: User, link: str
) -> None:
    visitor = newcomer(app)
    value = link.rpartition("/")[2]
    statuses = [visitor.post(f"/invitations/{value}/again").status_code for _ in range(6)]
    assert statuses == [303] * 5 + [429]
    more = [
        visitor.post(f"/invitations/made-up-{number}/again").status_code for number in range(16)
    ]
    assert more == [303] * 15 + [429]
    settle()
    assert (
        db.session.scalar(select(func.count()).where(Message.purpose == "invitation_renewal")) == 20
    )

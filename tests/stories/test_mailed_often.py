"""A limit per recipient holds for every action that mails a link, so no mailbox is flooded."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from backoffice import clock
from backoffice.actions.engine.action import Action, actions_of
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.acting import act, decided, outcome, previewed, token_of
from tests.support.links import invited, newcomer

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
MINUTE = timedelta(minutes=1)
SENTENCE = "was mailed several links lately"


def links_to(person: User) -> int:
    settle()
    to_them = (Message.user_id == person.id, Message.token_id.is_not(None))
    return db.session.scalar(select(func.count(Message.id)).where(*to_them)) or 0


@pytest.mark.parametrize(
    "action", [each for each in actions_of(User) if not each.parameters], ids=lambda a: a.name
)
def test_no_action_mails_anybody_a_fourth_link_in_ten_minutes(
    app: Flask, cast: Cast, action: Action
) -> None:
    """Try every action, whatever it declares, on an invited and on an active person."""
    with clock.at(NOON):
        people = [invited(app, cast.olivia), cast.vera]
        olivia = newcomer(app).sign_in("olivia")
        for _ in range(5):
            for person in people:
                if status(person) != "deleted" and action.name != "temporary_password":
                    act(olivia, "users", action.name.replace("_", "-"), person.id)
        assert max(links_to(person) for person in people) <= 3
        assert any(links_to(person) == 3 for person in people) is getattr(
            action, "mails_link", False
        )


def status(person: User) -> str:
    settle()
    return person.status


def test_the_limit_is_of_the_recipient_and_not_of_the_button(app: Flask, cast: Cast) -> None:
    with clock.at(NOON):
        olivia, other = newcomer(app).sign_in("olivia"), newcomer(app).sign_in("olivia")
        for name in ("reset-password", "re-enrol-2fa", "send-to-email"):
            act(olivia, "users", name, cast.vera.id)
        page = previewed(olivia, "users", "reset-password", cast.vera.id, cast.max.id)
        assert SENTENCE in page.text, "the preview says it of the row"
        run = act(other, "users", "reset-password", cast.vera.id)
        assert outcome(run, cast.vera.id) == ("refused", "mailed_often")
        assert SENTENCE in olivia.get(f"/admin/users/{cast.vera.id}/menu").text
    with clock.at(NOON + 10 * MINUTE):
        run = act(newcomer(app).sign_in("olivia"), "users", "reset-password", cast.vera.id)
        assert outcome(run, cast.vera.id)[0] == "done"


def test_ten_a_day(app: Flask, cast: Cast) -> None:
    with clock.at(NOON):
        person = invited(app, cast.olivia)
    outcomes = []
    for number in range(1, 13):
        with clock.at(NOON + number * 5 * MINUTE):
            olivia = newcomer(app).sign_in("olivia")
            outcomes.append(
                outcome(act(olivia, "users", "resend-invitation", person.id), person.id)[0]
            )
    assert (outcomes.count("done"), links_to(person)) == (9, 10)
    assert outcomes[-3:] == ["refused"] * 3


def test_it_is_decided_again_at_the_run(app: Flask, cast: Cast) -> None:
    """Ten previews are allowed before any run; only the first three runs mail a link."""
    with clock.at(NOON):
        person = invited(app, cast.olivia)
        db.session.execute(delete(Message))
        settle()
        olivia = newcomer(app).sign_in("olivia")
        pages = [previewed(olivia, "users", "resend-invitation", person.id) for _ in range(10)]
        for page in pages:
            decided(olivia, "users", "resend-invitation", token_of(page))
            forget_version(person)
    assert links_to(person) == 3


def forget_version(person: User) -> None:
    """Reset the row's version, so that only the limit is left to refuse the run."""
    db.session.execute(update(User).where(User.id == person.id).values(version=1))
    settle()


def test_what_a_stranger_asks_for_takes_nothing_from_it(app: Flask, cast: Cast) -> None:
    with clock.at(NOON):
        for _ in range(3):
            newcomer(app).post("/password/forgotten", {"identifier": "vera@example.com"})
        settle()
        for message in db.session.scalars(select(Message)).all():
            prepare = outbox.preparation(message)
            assert prepare
            assert prepare(message, app.extensions["settings"])
        run = act(newcomer(app).sign_in("olivia"), "users", "reset-password", cast.vera.id)
        assert outcome(run, cast.vera.id)[0] == "done"

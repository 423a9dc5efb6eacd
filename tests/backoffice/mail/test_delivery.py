"""A message is sent once, tried again with patience, given up, or never sent at all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.mail import delivery, outbox
from backoffice.mail import smtp as transport
from backoffice.mail.delivery import FIRST_PAUSE, HOLD, LONGEST_PAUSE, TRIES, pause
from backoffice.models import mails
from backoffice.models.message import Message
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.testing.stage import Stage
from tests.support.outbox import LINK, VALUES, deliver, put, token_of
from tests.support.smtp import Server

MINUTE = timedelta(minutes=1)


@pytest.fixture
def settings(stage: Stage, cast: Cast, smtp: Server) -> Settings:
    return replace(stage.settings, smtp_url=smtp.url, mail_from="Example Ltd <office@example.com>")


def test_a_message_is_sent_once_and_keeps_no_link(
    settings: Settings, smtp: Server, cast: Cast
) -> None:
    message = put(settings, user_id=cast.max.id)
    assert deliver(settings) == 1
    (mail,) = smtp.mails
    assert (mail.to, mail.sender, mail.link) == ("max@example.com", "office@example.com", LINK)
    assert mail["From"] == "Example Ltd <office@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Hello Max Mander," in mail.text
    assert (message.state, message.sealed, message.last_error, message.held_until) == (
        "sent",
        None,
        "",
        None,
    )
    assert (message.attempts, message.version) == (1, 3)
    assert message.sent_at
    assert message.next_attempt_at is None
    assert deliver(settings, later=HOLD * 2) == 0
    assert len(smtp.mails) == 1


@pytest.mark.parametrize("purpose", mails.names())
def test_every_purpose_arrives(settings: Settings, smtp: Server, purpose: str) -> None:
    put(settings, purpose, values=VALUES)
    assert deliver(settings) == 1
    assert smtp.mails[0].subject
    assert "http://127.0.0.1" in smtp.mails[0].text


def test_queueing_asks_nothing_of_the_network(
    stage: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        transport.smtplib, "SMTP", lambda *_: pytest.fail("a request reached for the mail server")
    )
    message = put(replace(stage.settings, smtp_url="smtp://mail.example.com"))
    assert message.state == "queued"
    assert LINK.rpartition("/")[2] not in str(message.sealed)


def test_while_the_server_is_down_messages_wait_and_then_arrive_once(
    settings: Settings, smtp: Server
) -> None:
    smtp.stop()
    message = put(settings)
    for tries in range(1, 5):
        assert deliver(settings, later=LONGEST_PAUSE * (tries - 1)) == 0
        assert (message.state, message.attempts) == ("failed", tries)
        assert message.last_error == "Nobody answers at the mail server's address."
    smtp.start()
    assert deliver(settings, later=LONGEST_PAUSE * 3) == 0, "it waits for its turn"
    assert deliver(settings, later=LONGEST_PAUSE * 4) == 1
    assert deliver(settings, later=LONGEST_PAUSE * 5) == 0
    assert [mail.link for mail in smtp.mails] == [LINK]
    assert message.last_error == ""


def test_one_silent_server_costs_one_message_a_try_and_not_all(
    settings: Settings, smtp: Server
) -> None:
    smtp.stop()
    for number in range(5):
        put(settings, address=f"p{number}@example.com")
    deliver(settings)
    assert sorted(db.session.scalars(select(Message.attempts))) == [0, 0, 0, 0, 1]


def test_the_pause_doubles_from_a_minute_to_four_hours() -> None:
    assert (MINUTE, timedelta(hours=4)) == (FIRST_PAUSE, LONGEST_PAUSE)
    for tries in range(1, 30):
        least = min(MINUTE * 2 ** (tries - 1), LONGEST_PAUSE)
        assert all(least <= pause(tries) <= least * 1.25 for _ in range(20)), tries
    assert len({pause(5) for _ in range(20)}) > 10, "not all at the same moment"


def test_after_all_tries_a_message_is_dead_and_can_be_tried_again(
    settings: Settings, smtp: Server
) -> None:
    smtp.answers["RCPT"] = "450 4.2.1 Later"
    message = put(settings)
    for number in range(TRIES):
        assert message.state in ("queued", "failed")
        deliver(settings, later=timedelta(days=number))
    assert (message.state, message.attempts, message.next_attempt_at) == ("dead", TRIES, None)
    assert message.last_error.endswith("Given up.")
    assert deliver(settings, later=timedelta(days=99)) == 0
    assert outbox.values_of(message, settings)["link"] == LINK, (
        "whoever has it tried again needs the link"
    )


@pytest.mark.parametrize("ended", ["used_at", "superseded_at", "revoked_at", "expires_at"])
def test_a_link_that_no_longer_works_is_not_sent(
    settings: Settings, smtp: Server, cast: Cast, ended: str
) -> None:
    token = token_of(cast.max, **{ended: clock.now()})
    message = put(settings, user_id=cast.max.id, token_id=token.id)
    assert deliver(settings) == 0
    assert (message.state, message.last_error, message.sealed) == ("dead", delivery.LINK_DEAD, None)
    assert smtp.mails == []


def test_a_link_that_works_is_sent(settings: Settings, smtp: Server, cast: Cast) -> None:
    put(settings, user_id=cast.max.id, token_id=token_of(cast.max).id)
    assert deliver(settings) == 1


def test_a_code_is_not_sent_when_it_has_expired(
    settings: Settings, smtp: Server, cast: Cast
) -> None:
    message = put(settings, "email_code", user_id=cast.max.id)
    assert deliver(settings, later=settings.email_code_valid) == 0
    assert (message.state, message.last_error, message.sealed) == ("dead", delivery.CODE_DEAD, None)


def test_a_deleted_person_gets_no_mail_and_leaves_no_address(
    settings: Settings, smtp: Server, cast: Cast
) -> None:
    put(settings, user_id=cast.max.id)
    cast.max.status = "deleted"
    assert deliver(settings) == 0
    assert smtp.mails == []
    assert db.session.scalars(select(Message)).all() == []


def test_a_message_is_completed_when_it_is_sent(
    settings: Settings, smtp: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(message: Message, given: Settings) -> bool:
        message.address = "vera@example.com"
        outbox.seal_values(message, VALUES, given)
        return True

    monkeypatch.setitem(outbox._preparations, "password_reset", prepare)
    put(settings, "password_reset", values={})
    assert deliver(settings) == 1
    assert (smtp.mails[0].to, smtp.mails[0].link) == ("vera@example.com", LINK)


def test_a_message_that_nobody_is_to_have_is_gone(
    settings: Settings, smtp: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(outbox._preparations, "password_reset", lambda *_: False)
    put(settings, "password_reset", values={})
    assert deliver(settings) == 0
    assert db.session.scalars(select(Message)).all() == []


def test_a_message_that_cannot_be_completed_holds_up_no_other(
    settings: Settings,
    smtp: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def prepare(message: Message, _settings: Settings) -> bool:
        message.address = "half@example.com"
        raise ValueError("somebody@example.com")

    monkeypatch.setitem(outbox._preparations, "password_reset", prepare)
    broken, whole = put(settings, "password_reset", values={}), put(settings)
    assert deliver(settings) == 1
    assert (broken.state, broken.address, whole.state) == ("failed", "max@example.com", "sent")
    said = capsys.readouterr().out
    assert "message_not_made" in said
    assert "@" not in said


def test_a_message_that_ends_its_workers_is_given_up(settings: Settings, smtp: Server) -> None:
    message = put(settings)
    message.state, message.held_until, message.attempts = "sending", clock.now(), TRIES
    assert deliver(settings) == 0
    assert (message.state, message.attempts) == ("dead", TRIES + 1)
    assert smtp.mails == []


def test_without_a_server_messages_wait_and_say_why(stage: Stage, cast: Cast, smtp: Server) -> None:
    message = put(stage.settings)
    for _ in range(3):
        assert deliver(stage.settings) == 0
    assert (message.state, message.attempts, message.last_error) == (
        "queued",
        0,
        delivery.NOT_SET_UP,
    )
    assert deliver(replace(stage.settings, smtp_url=smtp.url)) == 1
    assert (message.state, message.last_error) == ("sent", "")


def test_in_the_demo_the_mailbox_keeps_what_the_mail_said(stage: Stage, cast: Cast) -> None:
    demo = replace(stage.settings, environment="demo")
    message = put(demo)
    assert deliver(demo) == 1
    assert message.state == "sent"
    assert outbox.values_of(message, demo)["link"] == LINK


def test_with_a_lost_key_a_message_is_dead(settings: Settings, smtp: Server) -> None:
    message = put(settings)
    deliver(replace(settings, secret_key="another key with many different letters"))
    assert message.state == "dead"
    assert "encrypted with a key" in message.last_error


def test_what_is_not_kept_is_not_sent_half(settings: Settings, smtp: Server) -> None:
    message = put(settings, values={})
    assert deliver(settings) == 0
    assert message.state == "dead"
    assert "not kept" in message.last_error


def test_a_code_overtakes_what_waits_longer(settings: Settings, smtp: Server) -> None:
    for number in range(3):
        put(settings, address=f"p{number}@example.com")
    put(settings, "email_code")
    deliver(settings)
    assert smtp.mails[0].code == "123456"


def test_a_message_that_somebody_else_changes_is_theirs(
    settings: Settings, smtp: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If "Try again" is clicked while the old try is still on its way, the new one decides."""
    message, send = put(settings), transport.Smtp.send

    def meanwhile(self: transport.Smtp, *given: object) -> None:
        send(self, *given)  # type: ignore[arg-type]  # what it was called with
        monkeypatch.undo()
        message.state, message.version, message.next_attempt_at = (
            "queued",
            message.version + 1,
            clock.now() + MINUTE,
        )
        settle()

    monkeypatch.setattr(transport.Smtp, "send", meanwhile)
    deliver(settings)
    assert message.state == "queued"


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_was_set_right_strands_no_message(
    settings: Settings, smtp: Server, days: int
) -> None:
    with clock.at(clock.now() + timedelta(days=days)):
        first = put(settings, address="first@example.com")
        second = put(settings, address="second@example.com")
        second.state, second.held_until, second.version = "sending", clock.now() + HOLD, 2
    assert (first.state, second.state) == ("queued", "sending")
    assert deliver(settings) == 2


def test_it_stops_between_two_mails_when_the_worker_is_to_end(
    settings: Settings, smtp: Server
) -> None:
    for number in range(4):
        put(settings, address=f"p{number}@example.com")
    settle()
    assert delivery.deliver_due(settings, stopping=lambda: len(smtp.mails) >= 2) == 2

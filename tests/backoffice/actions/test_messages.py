"""Messages are tried again: which ones may be, and what becomes of them.

The delivery hears of it at once.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock, extensions
from backoffice.actions.engine.action import Action, find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import run
from backoffice.auth import tokens
from backoffice.errors import NotAllowed
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.acting import confirmed, outcome, previewed, run_at
from tests.support.factors import visitor
from tests.support.told import Told, flashed, told

LONG_AGO = clock.now() - timedelta(days=400)
LINK = "http://127.0.0.1/invitations/a-secret-value"


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the jobs that were announced."""
    announced: list[str] = []
    monkeypatch.setattr(extensions.jobs, "enqueue", announced.append)
    return announced


def retry() -> Action:
    action = find("messages.retry")
    assert action
    return action


def invitation(app: Flask, cast: Cast, **values: Any) -> Message:
    """Add an invitation to vera that is in this state."""
    issued = tokens.issue(user=cast.vera, purpose="invitation", valid=timedelta(hours=8))
    return letter(app, cast, token_id=issued.token_id, values={"link": LINK}, **values)


def letter(
    app: Flask,
    cast: Cast,
    purpose: str = "invitation",
    *,
    values: Mapping[str, str] | None = None,
    token_id: int | None = None,
    **columns: Any,
) -> Message:
    one = OutgoingMail(
        purpose=purpose, address="vera@example.com", user_id=cast.vera.id,
        token_id=token_id, values=values or {},
    )  # fmt: skip
    outbox.queue([one], app.extensions["settings"])
    message = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    db.session.execute(update(Message).where(Message.id == message.id).values(**columns))
    db.session.commit()
    db.session.refresh(message)
    return message


def tried(cast: Cast, *rows: Message, name: str = "olivia") -> list[tuple[str, str]]:
    """Try the messages again, and return what became of each and the rule that refused it."""
    actor, ids = cast.actor(name), [row.id for row in rows]
    planned = preview(actor=actor, action=retry(), selection=Selection(ids=ids)).run
    done = run(actor=actor, token=planned.token, action=retry())
    db.session.commit()
    db.session.expire_all()
    return [outcome(done, row_id) for row_id in ids]


@pytest.mark.parametrize("state", ["dead", "failed"])
def test_a_message_that_did_not_go_out_is_queued_anew(
    app: Flask, cast: Cast, enqueued: list[str], state: str
) -> None:
    later = clock.now() + timedelta(hours=4)
    message = invitation(
        app, cast, state=state, attempts=20, last_error="550 no such mailbox",
        next_attempt_at=later, held_until=later,
    )  # fmt: skip
    enqueued.clear()
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert tried(cast, message) == [("done", "")]
        assert (message.state, message.attempts, message.last_error) == ("queued", 0, "")
        assert (message.next_attempt_at, message.held_until) == (clock.now(), None)
    assert enqueued == [outbox.DELIVERY]


def test_nothing_is_announced_where_the_run_is_taken_back(
    app: Flask, cast: Cast, enqueued: list[str]
) -> None:
    message = invitation(app, cast, state="dead")
    enqueued.clear()
    planned = preview(
        actor=cast.actor("olivia"), action=retry(), selection=Selection(ids=[message.id])
    ).run
    run(actor=cast.actor("olivia"), token=planned.token, action=retry())
    db.session.rollback()
    db.session.commit()
    assert enqueued == []


def test_a_sent_message_stays_sent_and_one_being_sent_is_refused(
    app: Flask, cast: Cast, enqueued: list[str]
) -> None:
    sent = invitation(app, cast, state="sent", sealed=None, attempts=1)
    sending = invitation(app, cast, state="sending", attempts=1)
    assert tried(cast, sent, sending) == [("unchanged", ""), ("refused", "sending")]
    assert (sent.state, sending.state) == ("sent", "sending")
    assert (sent.attempts, sending.attempts) == (1, 1)


def test_a_message_that_waits_its_turn_needs_no_help(app: Flask, cast: Cast) -> None:
    due = invitation(app, cast)
    put_off = invitation(app, cast, next_attempt_at=clock.now() + timedelta(hours=1))
    assert tried(cast, due, put_off) == [("refused", "link"), ("done", "")], (
        "the second one superseded the first link"
    )
    assert tried(cast, put_off) == [("unchanged", "")]


@pytest.mark.parametrize("fate", ["used_at", "superseded_at", "revoked_at", "expires_at"])
def test_a_dead_link_is_not_sent_again(app: Flask, cast: Cast, fate: str) -> None:
    message = invitation(app, cast, state="dead")
    db.session.execute(
        update(Token).where(Token.id == message.token_id).values({fate: clock.now()})
    )
    assert tried(cast, message) == [("refused", "link")]
    assert message.state == "dead"


def test_what_is_no_longer_kept_is_not_sent_empty(app: Flask, cast: Cast) -> None:
    emptied = invitation(app, cast, state="dead", sealed=None)
    code = letter(app, cast, "email_code", values={"code": "123456"}, state="dead")
    notice = letter(app, cast, "blocked", state="dead")
    assert tried(cast, emptied, code, notice) == [
        ("refused", "emptied"),
        ("refused", "code"),
        ("done", ""),
    ]


def test_what_the_worker_completes_may_be_tried_again_before_it_has(app: Flask, cast: Cast) -> None:
    asked = letter(app, cast, "password_reset", state="failed")
    old = invitation(app, cast).token_id
    db.session.execute(update(Token).where(Token.id == old).values(expires_at=clock.now()))
    renewal = letter(app, cast, "invitation_renewal", token_id=old, state="failed")
    assert tried(cast, asked, renewal) == [("done", ""), ("done", "")]


def test_a_preview_that_the_worker_overtook_is_stale(app: Flask, cast: Cast) -> None:
    message = invitation(app, cast, state="failed")
    planned = preview(
        actor=cast.actor("olivia"), action=retry(), selection=Selection(ids=[message.id])
    ).run
    taken = {"state": "sending", "version": message.version + 1}
    db.session.execute(update(Message).where(Message.id == message.id).values(taken))
    done = run(actor=cast.actor("olivia"), token=planned.token, action=retry())
    assert outcome(done, message.id) == ("stale", "")
    assert (
        db.session.scalars(select(Message.state).where(Message.id == message.id)).one() == "sending"
    )


def test_the_event_tells_the_state_and_no_address(app: Flask, cast: Cast) -> None:
    message = invitation(app, cast, state="dead", attempts=20)
    tried(cast, message)
    event = db.session.scalars(select(Event).where(Event.action == "messages.retry")).one()
    assert (event.before, event.after) == (
        {"state": "dead", "attempts": 20, "last_error": ""},
        {"state": "queued", "attempts": 0, "last_error": ""},
    )


def test_managers_may_and_viewers_may_not(app: Flask, cast: Cast) -> None:
    message = invitation(app, cast, state="dead")
    with pytest.raises(NotAllowed, match=r"messages\.retry"):
        tried(cast, message, name="vera")
    assert tried(cast, message, name="max") == [("done", "")]


@pytest.mark.parametrize(
    "purpose, columns, expected",
    [
        ("blocked", {"state": "sending"}, ("{0} is being sent right now.", "sending")),
        (
            "email_code",
            {"state": "failed"},
            (
                "{0} holds a sign-in code, which is no use later: sign in again for a new one.",
                "code",
            ),
        ),
        (
            "password_reset",
            {"state": "failed", "sealed": None, "created_at": LONG_AGO},
            ("{0} was asked for too long ago: whoever still needs it asks again.", "late"),
        ),
        (
            "email_code",
            {"state": "sending", "sealed": None},
            ("{0} is being sent right now.", "sending"),
        ),
    ],
)
def test_the_page_says_why_a_message_is_not_tried_again(
    app: Flask, cast: Cast, purpose: str, columns: Any, expected: tuple[str, str]
) -> None:
    message = letter(app, cast, purpose, values={"code": "123456"}, **columns)
    assert refused(visitor(app).sign_in("olivia"), message) == expected


def test_the_page_says_so_of_a_dead_link_and_of_what_is_no_longer_kept(
    app: Flask, client: Client, cast: Cast
) -> None:
    client.sign_in("olivia")
    message = invitation(app, cast, state="failed")
    db.session.execute(update(Token).values(used_at=clock.now()))
    assert refused(client, message) == (
        "The link in {0} works no more: send a new one from the person's page.",
        "link",
    )
    emptied = invitation(app, cast, state="dead", sealed=None)
    assert refused(client, emptied) == (
        "What {0} said is no longer kept: send a new one from the person's page.",
        "emptied",
    )


def refused(client: Client, message: Message) -> tuple[str, str]:
    """Return why the page says that the message is not tried again, and the rule's code."""
    label = message.label
    page = previewed(client, "messages", "retry", message.id)
    shown = told(page)
    assert shown.title == "Try to send 0 messages again"
    (headline,) = shown.headline
    rule = outcome(run_at(confirmed(client, "messages", "retry", page)), message.id)[1]
    return headline.removeprefix("1 refused: ").replace(label, "{0}"), rule


def test_what_will_be_tried_again_is_announced_and_told_afterwards(
    app: Flask, client: Client, cast: Cast
) -> None:
    client.sign_in("olivia")
    failed, sent = letter(app, cast, "blocked", state="failed"), letter(app, cast, state="sent")
    page = previewed(client, "messages", "retry", failed.id, sent.id)
    assert told(page) == Told(
        "Try to send 1 message again",
        ("1 would not change: already handed over for sending.",),
        rows=("Will be handed over for sending 1", "Already handed over for sending 1"),
    )
    answer = confirmed(client, "messages", "retry", page)
    assert "1 message handed over for sending. 1 unchanged." in flashed(client, answer)

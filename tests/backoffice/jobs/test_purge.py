"""The nightly purge forgets what is old, to the second, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from backoffice import clock
from backoffice.auth import unsent_forms
from backoffice.auth.sessions import digest
from backoffice.extensions import db
from backoffice.jobs import purge
from backoffice.models.base import Base
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.token import Token
from backoffice.models.unsent_form import UnsentForm
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle

NOW = datetime.fromisoformat("2026-06-01T03:17:00+00:00")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
LATER = NOW + DAY


def challenge(user: User, **times: datetime) -> SignInChallenge:
    given: dict[str, Any] = {"expires_at": LATER, "created_at": NOW, **times}
    return SignInChallenge(user_id=user.id, value_hash=digest(str(times)), **given)


def token(user: User, **times: datetime) -> Token:
    given: dict[str, Any] = {"expires_at": LATER, "created_at": NOW, **times}
    return Token(user_id=user.id, purpose="invitation", value_hash=digest(str(times)), **given)


def session(user: User, **times: datetime) -> Session:
    given: dict[str, Any] = {"expires_at": LATER, "last_seen_at": NOW, "idle_at": LATER, **times}
    return Session(user_id=user.id, token_hash=digest(str(times)), **given)


def attempt(user: User, **times: datetime) -> SignInAttempt:
    return SignInAttempt(user_id=user.id, throttle_key="x", result="ok", **times)


def unsent(user: User, **times: datetime) -> UnsentForm:
    given: dict[str, Any] = {"created_at": NOW, **times}
    return UnsentForm(user_id=user.id, handle=digest(str(times))[:32], sealed="x", **given)


KEPT = [
    (challenge, "expires_at", purge.CHALLENGES_KEPT),
    *(
        (token, name, purge.TOKENS_KEPT)
        for name in ("expires_at", "used_at", "superseded_at", "revoked_at")
    ),
    *((session, name, purge.SESSIONS_KEPT) for name in ("ended_at", "expires_at")),
    (attempt, "at", purge.ATTEMPTS_KEPT),
    (unsent, "created_at", unsent_forms.RETENTION),
]


def purged(stopping: bool = False) -> int:
    settle()
    with clock.at(NOW):
        number = purge.run(None, lambda: stopping)  # type: ignore[arg-type]  # no setting is asked for
    settle()
    return number


@pytest.mark.parametrize(
    "make, name, kept", KEPT, ids=[f"{make.__name__}-{name}" for make, name, _ in KEPT]
)
def test_what_is_older_than_it_is_kept_goes(
    cast: Cast, make: Any, name: str, kept: timedelta
) -> None:
    old, young = (make(cast.max, **{name: NOW - kept - more}) for more in (SECOND, timedelta(0)))
    db.session.add_all([old, young])
    settle()
    model, number = type(old), young.id
    assert purged() == 1
    assert db.session.scalars(select(model.id)).all() == [number]


def test_what_is_in_use_stays(cast: Cast) -> None:
    db.session.add_all(
        [make(cast.max, at=NOW) if make is attempt else make(cast.max) for make, _, _ in KEPT[::4]]
    )
    assert purged() == 0


@pytest.mark.parametrize("state, kept", [("dead", False), ("queued", True), ("failed", True)])
def test_a_message_that_is_given_up_forgets_its_secret_after_a_week(
    cast: Cast, state: str, kept: bool
) -> None:
    when = NOW - purge.SECRETS_KEPT - SECOND
    message = Message(
        purpose="invitation", address="x@example.com", sealed="x", state=state, updated_at=when
    )
    db.session.add(message)
    assert purged() == 0
    assert (message.sealed is not None) == kept


def test_it_works_in_batches_and_stops_between_them(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 3)
    db.session.add_all([attempt(cast.max, at=NOW - 99 * DAY) for _ in range(8)])
    assert purged(stopping=True) == 0
    assert db.session.scalar(select(func.count(SignInAttempt.id))) == 8
    assert purged() == 8


@pytest.mark.parametrize(
    "state, stays", [("queued", True), ("failed", True), ("sending", True), ("dead", False)]
)
def test_the_link_of_a_mail_that_still_waits_stays(cast: Cast, state: str, stays: bool) -> None:
    """Otherwise the mail would go out one day with a link that is not valid any more."""
    old = token(cast.max, expires_at=NOW - 99 * DAY)
    db.session.add(old)
    db.session.flush()
    db.session.add(
        Message(purpose="invitation", address="x@example.com", state=state, token_id=old.id)
    )
    assert purged() == (0 if stays else 1)


def test_a_purged_token_leaves_its_message(cast: Cast) -> None:
    old = token(cast.max, used_at=NOW - 99 * DAY)
    db.session.add(old)
    db.session.flush()
    message = Message(purpose="invitation", address="x@example.com", state="sent", token_id=old.id)
    db.session.add(message)
    assert purged() == 1
    assert message.token_id is None


@pytest.mark.one_engine("sqlite", reason="PostgreSQL vacuums by itself")
def test_what_was_taken_out_of_the_index_of_texts_is_merged_away(cast: Cast, stage: Any) -> None:
    """FTS5 keeps removed entries and a note of their removal until it merges both."""
    for number in range(3):
        cast.max.last_name = f"Zwiebel{number}"
        db.session.commit()
    purge.run(stage.settings, lambda: False)
    segments = db.session.scalar(text("SELECT count(DISTINCT segid) FROM users_search_idx"))
    assert segments == 1
    found = select(text("rowid")).select_from(text("users_search"))
    assert db.session.scalars(found.where(text("users_search MATCH '\"ebe\"'"))).all() == [
        cast.max.id
    ]


def test_what_refers_to_purged_rows_is_found_by_an_index() -> None:
    """Otherwise each row that is deleted has the database read all of the other table."""
    purged = {model.__table__ for model, _is_old in purge._old(clock.now())}
    tables = Base.metadata.sorted_tables
    for key in (
        key for table in tables for key in table.foreign_keys if key.column.table in purged
    ):
        led = [index.expressions[0] for index in key.parent.table.indexes]
        assert key.parent in (*led, key.parent.table.primary_key.columns[0]), key

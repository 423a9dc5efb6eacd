"""Forgets what nobody needs any more; what people did stays in the events log."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, exists, or_, select, text, update

from backoffice import clock
from backoffice.actions.engine.plan import RETENTION as PREVIEWS_KEPT
from backoffice.auth import unsent_forms
from backoffice.auth.handovers import RETENTION as HANDOVERS_KEPT
from backoffice.extensions import begin, db
from backoffice.models.base import records
from backoffice.models.bulk_run import BulkRun
from backoffice.models.handover import Handover
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.token import Token
from backoffice.models.unsent_form import UnsentForm
from backoffice.queueing import Stopping
from backoffice.settings import Settings

CHALLENGES_KEPT = timedelta(days=1)  # after they expired
TOKENS_KEPT = timedelta(
    days=30
)  # after they ended: until then their holder is told why they do not work
SESSIONS_KEPT = timedelta(days=90)  # after they ended
ATTEMPTS_KEPT = timedelta(days=90)  # which is also how long a device stays known
SECRETS_KEPT = timedelta(
    days=7
)  # of messages that could not be sent, for whoever has them tried again
AT_ONCE = 1000  # rows in one transaction, so that nobody waits long for SQLite's write lock


def run(_settings: Settings, stopping: Stopping) -> int:
    """Delete what is old; how many rows that were."""
    now = clock.now()
    forgotten = sum(_in_batches(delete(model), model, old, stopping) for model, old in _old(now))
    kept = or_(Message.sealed.is_not(None), Message.request.is_not(None))
    unsent = (Message.state == "dead") & kept & (Message.updated_at < now - SECRETS_KEPT)
    _in_batches(update(Message).values(sealed=None, request=None), Message, unsent, stopping)
    _merge_search()
    return forgotten


def _merge_search() -> None:
    """What was taken out of SQLite's index of texts leaves the file when its segments are merged into one."""
    if db.engine.dialect.name == "sqlite":
        begin(writing=True)
        for model in records():
            if model.__grams__:
                name = f"{model.__tablename__}_search"
                db.session.execute(text(f"INSERT INTO {name} ({name}) VALUES ('optimize')"))  # noqa: S608  # a table of ours
        db.session.commit()


def _old(now: datetime) -> list[tuple[Any, ColumnElement[bool]]]:
    """What goes, table by table."""
    ends = (Token.expires_at, Token.used_at, Token.superseded_at, Token.revoked_at)
    return [
        (SignInChallenge, SignInChallenge.expires_at < now - CHALLENGES_KEPT),
        (Token, or_(*(end < now - TOKENS_KEPT for end in ends)) & ~_has_mail_waiting()),
        (
            Session,
            or_(*(end < now - SESSIONS_KEPT for end in (Session.ended_at, Session.expires_at))),
        ),
        (SignInAttempt, SignInAttempt.at < now - ATTEMPTS_KEPT),
        (Handover, Handover.created_at < now - HANDOVERS_KEPT),
        (BulkRun, (BulkRun.state == "planned") & (BulkRun.created_at < now - PREVIEWS_KEPT)),
        (UnsentForm, UnsentForm.created_at < now - unsent_forms.RETENTION),
    ]


def _has_mail_waiting() -> ColumnElement[bool]:
    """Its mail is not sent yet, and must not be sent as if it had no link that could end."""
    waits = Message.state.in_(("queued", "sending", "failed"))
    return exists().where(Message.token_id == Token.id, waits).correlate(Token)


def _in_batches(change: Any, model: Any, which: ColumnElement[bool], stopping: Stopping) -> int:
    """Do it to `which` rows, some at a time; how many they were."""
    some = select(model.id).where(which).limit(AT_ONCE).scalar_subquery()
    statement = change.where(model.id.in_(some)).execution_options(synchronize_session=False)
    done, rows = 0, AT_ONCE
    while rows == AT_ONCE and not stopping():
        begin(writing=True)
        rows = cast("CursorResult[Any]", db.session.execute(statement)).rowcount
        db.session.commit()
        done += rows
    return done

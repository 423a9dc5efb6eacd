"""Delete rows that nobody needs any more; what people did stays in the events log."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Update,
    delete,
    exists,
    or_,
    select,
    text,
    update,
)

from backoffice import clock
from backoffice.actions.engine.plan import RETENTION as PREVIEWS_KEPT
from backoffice.auth import unsent_forms
from backoffice.auth.one_time_secrets import RETENTION as ONE_TIME_SECRETS_KEPT
from backoffice.events.checks import RETENTION as CHECKS_KEPT
from backoffice.extensions import db
from backoffice.models.base import records
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event_check import EventCheck
from backoffice.models.handover import Handover
from backoffice.models.message import Message
from backoffice.models.reveal import Reveal
from backoffice.models.session import Session
from backoffice.models.sheet_import import SheetImport
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.token import Token
from backoffice.models.unsent_form import UnsentForm
from backoffice.queueing import Stopping
from backoffice.settings import Settings
from backoffice.sheets import imports
from backoffice.transactions import begin

CHALLENGES_KEPT = timedelta(days=1)  # after they expired
# After they ended: until then their holder is told why they do not work.
TOKENS_KEPT = timedelta(days=30)
SESSIONS_KEPT = timedelta(days=90)  # after they ended
ATTEMPTS_KEPT = timedelta(days=90)  # which is also how long a device stays known
# What an unsent message is to say, for somebody who has it tried again.
SECRETS_KEPT = timedelta(days=7)
AT_ONCE = 1000  # rows in one transaction, so that nobody waits long for SQLite's write lock


def run(_settings: Settings, stopping: Stopping) -> int:
    """Delete what is old, and return the number of deleted rows."""
    now = clock.now()
    deleted = 0
    for model, is_old in _old(now):
        deleted += _in_batches(delete(model), model, is_old, stopping)
    _empty_unsent_messages(now, stopping)
    _merge_search()
    return deleted


def _empty_unsent_messages(now: datetime, stopping: Stopping) -> None:
    """Forget what old messages that could not be sent were to say."""
    has_secrets = or_(Message.sealed.is_not(None), Message.request.is_not(None))
    is_old = Message.updated_at < now - SECRETS_KEPT
    unsent = (Message.state == "dead") & has_secrets & is_old
    _in_batches(update(Message).values(sealed=None, request=None), Message, unsent, stopping)


def _merge_search() -> None:
    """Merge the segments of SQLite's full-text indexes.

    Only then do deleted texts leave the file.
    """
    if db.engine.dialect.name != "sqlite":
        return
    begin(writing=True)
    for model in records():
        if model.__trigrams__:
            name = f"{model.__tablename__}_search"
            statement = f"INSERT INTO {name} ({name}) VALUES ('optimize')"  # noqa: S608  # a table of ours
            db.session.execute(text(statement))
    db.session.commit()


def _old(now: datetime) -> list[tuple[Any, ColumnElement[bool]]]:
    """Return what is to be deleted: models, each with its condition."""
    return [
        (SignInChallenge, SignInChallenge.expires_at < now - CHALLENGES_KEPT),
        (Token, _token_ended_before(now - TOKENS_KEPT) & ~_has_mail_waiting()),
        (Session, _session_ended_before(now - SESSIONS_KEPT)),
        (SignInAttempt, SignInAttempt.at < now - ATTEMPTS_KEPT),
        (Handover, Handover.created_at < now - ONE_TIME_SECRETS_KEPT),
        (BulkRun, (BulkRun.state == "planned") & (BulkRun.created_at < now - PREVIEWS_KEPT)),
        (Reveal, Reveal.ends_at <= now),
        (SheetImport, _was_never_applied(now - imports.RETENTION)),
        (EventCheck, EventCheck.at < now - CHECKS_KEPT),
        (UnsentForm, UnsentForm.created_at < now - unsent_forms.RETENTION),
    ]


def _was_never_applied(moment: datetime) -> ColumnElement[bool]:
    return (SheetImport.state == "planned") & (SheetImport.created_at < moment)


def _token_ended_before(moment: datetime) -> ColumnElement[bool]:
    ends = (Token.expires_at, Token.used_at, Token.superseded_at, Token.revoked_at)
    return or_(*(end < moment for end in ends))


def _session_ended_before(moment: datetime) -> ColumnElement[bool]:
    return or_(Session.ended_at < moment, Session.expires_at < moment)


def _has_mail_waiting() -> ColumnElement[bool]:
    """Return the condition that the token's mail is not sent yet.

    Without its token, the mail would be sent as if it had no link that could end.
    """
    waits = Message.state.in_(("queued", "sending", "failed"))
    return exists().where(Message.token_id == Token.id, waits).correlate(Token)


def _in_batches(
    change: Update | Delete, model: Any, which: ColumnElement[bool], stopping: Stopping
) -> int:
    """Apply the change to the rows that match `which`, in small transactions.

    Return the number of changed rows.
    """
    batch = select(model.id).where(which).limit(AT_ONCE).scalar_subquery()
    statement = change.where(model.id.in_(batch)).execution_options(synchronize_session=False)
    total = 0
    changed = AT_ONCE
    while changed == AT_ONCE and not stopping():
        begin(writing=True)
        changed = cast("CursorResult[Any]", db.session.execute(statement)).rowcount
        db.session.commit()
        total += changed
    return total

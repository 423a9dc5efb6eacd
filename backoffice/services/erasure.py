"""Erasing a person: what other tables say about them goes too, so that only a number is left."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Select, delete, select, update

from backoffice.extensions import configured, db
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.recovery_code import RecoveryCode
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.token import Token
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User
from backoffice.services import attempts, avatars, events
from backoffice.text import address_key

T = TypeVar("T")
BELONGINGS = (TotpSecret, RecoveryCode, SignInChallenge, Message, Token, Session)
AT_ONCE = 500  # values in one statement


def forget(people: Select[int]) -> None:
    """Erase what attempts, runs and events say about `people`, whose own rows must still say who they are."""
    _forget_attempts(people)
    _forget_runs(people)
    _forget_belongings(people)
    events.redact(subject_type="users", subject_ids=people)


def _forget_belongings(people: Select[int]) -> None:
    """Pictures, second factors, mails, links and sessions."""
    avatars.forget(people)
    for model in BELONGINGS:
        db.session.execute(delete(model).where(model.user_id.in_(people)))


def _forget_attempts(people: Select[int]) -> None:
    """Attempts under any address the person ever had, those before the account and the throttled ones too.

    And mails to such an address of which no worker has found out yet whom they are for.
    """
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.user_id.in_(people)))
    hashes = {each for name in _addresses(people) for each in attempts.identifier_hashes(name, configured())}
    for batch in _batches(sorted(hashes)):
        keys = [attempts.identifier_key(each) for each in batch]
        db.session.execute(delete(SignInAttempt).where(SignInAttempt.throttle_key.in_(keys)))
        db.session.execute(delete(Message).where(Message.user_id.is_(None), Message.address.in_(batch)))


def _addresses(people: Select[int]) -> set[str]:
    """The normalised addresses and logins of now, and those that the events tell of."""
    now = db.session.execute(select(User.email_key, User.login_key).where(User.id.in_(people)))
    found = {key for pair in now for key in pair if key}
    about = (Event.subject_type == "users", Event.subject_id.in_(people), Event.redacted_at.is_(None))
    for pair in db.session.execute(select(Event.before, Event.after).where(*about)):
        found |= {address_key(values["email"]) for values in pair if values and values.get("email")}
    return found


def _forget_runs(people: Select[int]) -> None:
    """What was searched for to find them; and the reason, where nobody else is left whom it was about."""
    runs = select(BulkItem.run_id).join(BulkRun).where(BulkItem.row_id.in_(people), BulkRun.action.startswith("users."))
    change = update(BulkRun).execution_options(synchronize_session=False)
    by_query = [
        row.id
        for row in db.session.execute(select(BulkRun.id, BulkRun.selection).where(BulkRun.id.in_(runs)))
        if row.selection.get("query")
    ]
    for ids in _batches(by_query):
        db.session.execute(change.where(BulkRun.id.in_(ids)).values(selection={"all_matching": True}))
    others = (
        select(BulkItem.run_id)
        .join(User, User.id == BulkItem.row_id)
        .where(BulkItem.run_id == BulkRun.id, User.status != "deleted", User.id.not_in(people))
        .correlate(BulkRun)
    )
    db.session.execute(change.where(BulkRun.id.in_(runs), ~others.exists()).values(reason=""))


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))

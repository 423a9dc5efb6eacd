"""Begin sessions at sign-in, find them at every request, and end them."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, func, select, update

from backoffice import clock, events
from backoffice.errors import NotFound, RuleBroken
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.text import N_

SESSIONS_SHOWN = 100  # nobody is signed in so often
# Why a session ended: stored like this, and translated when the session is shown.
SIGNED_OUT = N_("signed out")
BY_ONESELF = N_("by its owner")

# The statement is built once, because every request runs it.
_FIND = (
    select(Session, User)
    .join(User, User.id == Session.user_id)
    .where(
        Session.token_hash == bindparam("hash"),
        Session.live(bindparam("now")),
        Session.last_seen_at > bindparam("awake_since"),
        Session.credential_version == User.credential_version,
        User.status == "active",
    )
)
_FIND_AND_LOCK = _FIND.with_for_update(of=Session, key_share=True).execution_options(
    populate_existing=True
)


def digest(value: str) -> str:
    """Return the SHA-256 under which a secret of 256 random bits is stored.

    No slower hash is needed, because nobody can guess such a value.
    """
    return hashlib.sha256(value.encode()).hexdigest()


def create(*, user: User, settings: Settings, ip: str, device: str, kind: str = "web") -> str:
    """Begin a session and return its value, which only the browser keeps.

    The caller has locked the person's row.
    """
    db.session.flush()  # the version must be the one that the transaction leaves
    value = secrets.token_urlsafe(32)
    now = clock.now()
    db.session.add(
        Session(
            token_hash=digest(value),
            user_id=user.id,
            credential_version=user.credential_version,
            kind=kind,
            created_at=now,
            confirmed_at=now,
            last_seen_at=now,
            expires_at=now + settings.session_absolute,
            idle_at=now + settings.session_idle,
            ip=ip,
            device=device[:200],
        )
    )
    return value


def find(value: str, settings: Settings, *, locked: bool = False) -> tuple[Session, User] | None:
    """Return the live session that a browser's value belongs to, and its user.

    Returns None if it ended, expired or idled too long. `locked` waits for others who are changing
    one of the two, and keeps both as they are until the transaction ends.
    """
    now = clock.now()
    value_hash = digest(value)
    if locked:
        _lock_owner(value_hash)
    row = db.session.execute(
        _FIND_AND_LOCK if locked else _FIND,
        {"hash": value_hash, "now": now, "awake_since": now - settings.session_idle},
    ).first()
    if row is None:
        return None
    return row[0], row[1]


def _lock_owner(value_hash: str) -> None:
    """Lock the person before the session, in the same order as when somebody is blocked."""
    owner = select(Session.user_id).where(Session.token_hash == value_hash).scalar_subquery()
    db.session.execute(select(User.id).where(User.id == owner).with_for_update(key_share=True))


def renew(session_id: int, user: User, *, confirmed: bool) -> str:
    """Give a session a new value and the present credential version, and return the value.

    The session outlives a change of credentials that its own person made just now. The old value
    opens nothing, no matter who has a copy. `confirmed` says that the person has shown again that
    it is them.
    """
    db.session.flush()
    value = secrets.token_urlsafe(32)
    change: dict[str, Any] = {
        "token_hash": digest(value),
        "credential_version": user.credential_version,
    }
    if confirmed:
        change["confirmed_at"] = clock.now()
    own_session = (
        Session.id == session_id,
        Session.user_id == user.id,
        Session.ended_at.is_(None),
    )
    db.session.execute(update(Session).where(*own_session).values(change))
    return value


def is_live(session_id: int, user: User) -> bool:
    """Return whether the session is still this person's: others may have ended it meanwhile.

    The caller has locked the person's row.
    """
    statement = select(Session.id).where(
        Session.id == session_id,
        Session.user_id == user.id,
        Session.live(clock.now()),
        Session.credential_version == user.credential_version,
    )
    return db.session.scalar(statement) is not None


def confirmed(session: Session, settings: Settings) -> bool:
    """Return whether the person gave a password or a code within the last minutes."""
    if session.confirmed_at is None:
        return False
    return clock.now() - session.confirmed_at < settings.step_up_valid


def end(session_id: int, *, reason: str = SIGNED_OUT) -> None:
    """End one session."""
    _end(Session.id == session_id, reason)


def end_all(user_ids: Select[int], *, reason: str, keep: int | None = None) -> None:
    """End every session of these users but `keep`."""
    # No session has the number 0.
    _end(Session.user_id.in_(user_ids) & (Session.id != (keep or 0)), reason)


def own(actor: Actor) -> Sequence[Session]:
    """Return the actor's live sessions, the one used last first."""
    statement = (
        select(Session)
        .where(Session.user_id == actor.user_id, Session.live(clock.now()))
        .order_by(Session.last_seen_at.desc(), Session.id.desc())
        .limit(SESSIONS_SHOWN)
    )
    return db.session.scalars(statement).all()


def end_own(*, actor: Actor, session_id: int) -> None:
    """End another session of the actor's own; one that is over already stays as it is.

    Raises NotFound for a session of anybody else, and RuleBroken for the one in use.
    """
    statement = (
        select(Session)
        .where(Session.id == session_id, Session.user_id == actor.user_id)
        .with_for_update()
    )
    session = db.session.scalar(statement)
    if session is None:
        raise NotFound(_("There is no such session."))
    if session.id == actor.session_id:
        raise RuleBroken(_("This is the session you are using: sign out instead."))
    if session.state == "live":
        end(session.id, reason=BY_ONESELF)
        _record_end(actor, [session.id])


def end_others(*, actor: Actor) -> int:
    """End every session of the actor's own but the one in use; return how many were ended."""
    statement = (
        select(Session.id)
        .where(
            Session.user_id == actor.user_id,
            Session.id != (actor.session_id or 0),
            Session.live(clock.now()),
        )
        .order_by(Session.id)
        .with_for_update()
    )
    session_ids = list(db.session.scalars(statement))
    # The rows are locked, so these are exactly the sessions that the events below name.
    _end(Session.id.in_(session_ids), BY_ONESELF)
    _record_end(actor, session_ids)
    return len(session_ids)


def _record_end(actor: Actor, session_ids: Iterable[int]) -> None:
    """Record one event for each session that the actor ended."""
    subject = ("users", actor.user_id)
    drafts = [
        EventDraft(action="account.end_session", subject=subject, after={"session": session_id})
        for session_id in session_ids
    ]
    if drafts:
        events.record_many(actor=actor, drafts=drafts)


def count_live(user_ids: Select[int]) -> Select[int]:
    """Return a statement that counts the live sessions of these users."""
    return select(func.count(Session.id)).where(
        Session.user_id.in_(user_ids), Session.live(clock.now())
    )


def count_live_by_user(user_ids: Select[int]) -> dict[int, int]:
    """Return how many live sessions each of these users has, if any."""
    statement = (
        select(Session.user_id, func.count())
        .where(
            Session.user_id.in_(user_ids),
            Session.live(clock.now()),
        )
        .group_by(Session.user_id)
    )
    return dict(db.session.execute(statement).all())


def _end(which: ColumnElement[bool], reason: str) -> None:
    """End the sessions that match, and leave those alone that are over already."""
    db.session.execute(
        update(Session)
        .where(which, Session.ended_at.is_(None))
        .values(ended_at=clock.now(), ended_reason=reason)
        .execution_options(synchronize_session=False)
    )

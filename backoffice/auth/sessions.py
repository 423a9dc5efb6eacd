"""Sessions: begun at sign-in, read at every request, ended by whoever may, gone with the status."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update

from backoffice import clock, events
from backoffice.errors import NotFound, RuleBroken
from backoffice.events import EventDraft
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings

SESSIONS_SHOWN = 100  # nobody is signed in so often
BY_ONESELF = "by its owner"

# Made once, for every request asks it.
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


_HELD = _FIND.with_for_update(of=Session, key_share=True).execution_options(populate_existing=True)


def digest(value: str) -> str:
    """How a secret of 256 random bits is stored: SHA-256 suffices, nobody can guess it."""
    return hashlib.sha256(value.encode()).hexdigest()


def begin(*, user: User, settings: Settings, ip: str, device: str, kind: str = "web") -> str:
    """Begin a session and return the value that only the browser keeps. The person's row is locked by the caller."""
    db.session.flush()  # so that the version is the one that the transaction leaves
    value, now = secrets.token_urlsafe(32), clock.now()
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


def find(value: str, settings: Settings, *, held: bool = False) -> tuple[Session, User] | None:
    """The live session behind a browser's value, and its user, or None if it ended, expired or idled too long.

    `held` waits for whoever is changing one of them, and keeps both as they are until the transaction ends: first the
    person and then the session, which is the order of those who block somebody.
    """
    now = clock.now()
    known = {"hash": digest(value), "now": now, "awake_since": now - settings.session_idle}
    if held:
        owner = select(Session.user_id).where(Session.token_hash == known["hash"]).scalar_subquery()
        db.session.execute(select(User.id).where(User.id == owner).with_for_update(key_share=True))
    row = db.session.execute(_HELD if held else _FIND, known).first()
    return (row[0], row[1]) if row else None


def renew(session_id: int, user: User, *, confirmed: bool) -> str:
    """A new value for a session, which outlives the change of credentials that its own person made just now.

    The old value opens nothing, whoever has a copy. `confirmed` says that they have shown again that it is them.
    """
    db.session.flush()
    value = secrets.token_urlsafe(32)
    change: dict[str, Any] = {
        "token_hash": digest(value),
        "credential_version": user.credential_version,
    }
    if confirmed:
        change["confirmed_at"] = clock.now()
    mine = (Session.id == session_id, Session.user_id == user.id, Session.ended_at.is_(None))
    db.session.execute(update(Session).where(*mine).values(change))
    return value


def is_live(session_id: int, user: User) -> bool:
    """Whether the session still is this person's, who is locked by the caller: others may have ended it meanwhile."""
    now = clock.now()
    mine = (Session.id == session_id, Session.user_id == user.id, Session.live(now))
    present = Session.credential_version == user.credential_version
    return db.session.scalar(select(Session.id).where(*mine, present)) is not None


def confirmed(session: Session, settings: Settings) -> bool:
    """Whether the person gave a password or a code within the last minutes."""
    return (
        session.confirmed_at is not None
        and clock.now() - session.confirmed_at < settings.step_up_valid
    )


def end(session_id: int, *, reason: str = "signed out") -> None:
    """End one session."""
    _end(Session.id == session_id, reason)


def end_all(user_ids: Select[int], *, reason: str, keep: int | None = None) -> None:
    """End every session of these users but `keep`."""
    _end(Session.user_id.in_(user_ids) & (Session.id != (keep or 0)), reason)


def own(actor: Actor) -> Sequence[Session]:
    """The actor's live sessions, the one used last first."""
    mine = (Session.user_id == actor.user_id, Session.live(clock.now()))
    statement = (
        select(Session).where(*mine).order_by(Session.last_seen_at.desc(), Session.id.desc())
    )
    return db.session.scalars(statement.limit(SESSIONS_SHOWN)).all()


def end_own(*, actor: Actor, session_id: int) -> None:
    """End another session of the actor's own; one that is over already stays as it is.

    Raises NotFound for anybody else's, RuleBroken for the one that asks.
    """
    mine = (Session.id == session_id, Session.user_id == actor.user_id)
    found = db.session.scalar(select(Session).where(*mine).with_for_update())
    if found is None:
        raise NotFound("There is no such session.")
    if found.id == actor.session_id:
        raise RuleBroken("This is the session you are using: sign out instead.")
    if found.state == "live":
        end(found.id, reason=BY_ONESELF)
        _note(actor, [found.id])


def end_others(*, actor: Actor) -> int:
    """End every session of the actor's own but the one that asks; how many those were."""
    others = (
        Session.user_id == actor.user_id,
        Session.id != (actor.session_id or 0),
        Session.live(clock.now()),
    )
    found = list(
        db.session.scalars(select(Session.id).where(*others).order_by(Session.id).with_for_update())
    )
    _end(Session.id.in_(found), BY_ONESELF)
    _note(actor, found)
    return len(found)


def _note(actor: Actor, session_ids: Iterable[int]) -> None:
    themselves = ("users", actor.user_id)
    drafts = [
        EventDraft(action="account.end_session", subject=themselves, after={"session": session_id})
        for session_id in session_ids
    ]
    if drafts:
        events.record_many(actor=actor, drafts=drafts)


def count_live(user_ids: Select[int]) -> Select[int]:
    """In SQL: how many live sessions these users have."""
    return select(func.count(Session.id)).where(
        Session.user_id.in_(user_ids), Session.live(clock.now())
    )


def _end(which: Any, reason: str) -> None:
    db.session.execute(
        update(Session)
        .where(which, Session.ended_at.is_(None))
        .values(ended_at=clock.now(), ended_reason=reason)
        .execution_options(synchronize_session=False)
    )

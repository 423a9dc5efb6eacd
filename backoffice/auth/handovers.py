"""Secrets that are shown once: kept sealed for a few minutes, until the page that shows them is asked for."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from backoffice import clock
from backoffice.errors import NotFound
from backoffice.extensions import db
from backoffice.models.handover import Handover
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import named
from backoffice.secrets import encryption, rotation
from backoffice.settings import Settings

RETENTION = timedelta(minutes=5)  # a browser follows a redirect at once
ALREADY_SHOWN = (
    "This was shown once, and is kept nowhere. If nobody noted it, give a new temporary password."
)


def keep(*, actor: Actor, user_id: int, secret: str, settings: Settings) -> UUID:
    """Keep a secret of that person for the actor's session; the token by which it is asked for."""
    db.session.execute(delete(Handover).where(Handover.created_at < clock.now() - RETENTION))
    sealed = encryption.encrypt(secret, about=bound_to(user_id), settings=settings)
    kept = Handover(
        user_id=user_id, session_id=actor.session_id, sealed=sealed, created_at=clock.now()
    )
    db.session.add(kept)
    db.session.flush()
    return kept.token


def take(*, actor: Actor, token: UUID, settings: Settings) -> tuple[str, str]:
    """Whose secret it is, and the secret, which is forgotten. Raises NotFound for anybody else and the second time."""
    mine = (Handover.token == token, Handover.session_id == actor.session_id)
    recent = Handover.created_at >= clock.now() - RETENTION
    kept = db.session.scalar(select(Handover).where(*mine, recent).with_for_update())
    if kept is None:
        raise NotFound(ALREADY_SHOWN)
    try:
        secret = encryption.decrypt(kept.sealed, about=bound_to(kept.user_id), settings=settings)
    except encryption.Unreadable:
        raise NotFound(ALREADY_SHOWN) from None
    label = db.session.scalar(select(named(actor, User)).where(User.id == kept.user_id))
    db.session.delete(kept)
    db.session.flush()
    return label or "", secret


def bound_to(user_id: int) -> str:
    """What the secret is sealed for."""
    return f"handover of {user_id}"


rotation.include(Handover.sealed, lambda row: bound_to(row.user_id))

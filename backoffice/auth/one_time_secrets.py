"""Show secrets once: keep them encrypted for a few minutes, until a page asks for them."""

from datetime import timedelta
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from backoffice import clock
from backoffice.errors import NotFound
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.handover import Handover
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import named
from backoffice.secrets import encryption, rotation
from backoffice.settings import Settings

RETENTION = timedelta(minutes=5)  # a browser follows a redirect at once
ALREADY_SHOWN: str = _l(
    "This was shown once, and is kept nowhere. If nobody noted it, give a new temporary password."
)


def store(
    *, actor: Actor, owner: type[User | Client], owner_id: int, secret: str, settings: Settings
) -> UUID:
    """Keep a secret of a person or a client for the actor's session.

    Returns the token to `take` it with.
    """
    db.session.execute(delete(Handover).where(Handover.created_at < clock.now() - RETENTION))
    handover = Handover(session_id=actor.session_id, created_at=clock.now())
    if owner is User:
        handover.user_id = owner_id
    else:
        handover.client_id = owner_id
    handover.sealed = encryption.encrypt(secret, about=bound_to(handover), settings=settings)
    db.session.add(handover)
    db.session.flush()
    return handover.token


def take(*, actor: Actor, token: UUID, settings: Settings) -> tuple[str, str]:
    """Return the name of the person, or of the client, and their secret, and delete the secret.

    Raises NotFound in any session but the one it was kept for, and the second time.
    """
    statement = (
        select(Handover)
        .where(
            Handover.token == token,
            Handover.session_id == actor.session_id,
            Handover.created_at >= clock.now() - RETENTION,
        )
        .with_for_update()
    )
    handover = db.session.scalar(statement)
    if handover is None:
        raise NotFound(ALREADY_SHOWN)
    about = bound_to(handover)
    try:
        secret = encryption.decrypt(handover.sealed, about=about, settings=settings)
    except encryption.Unreadable:
        raise NotFound(ALREADY_SHOWN) from None
    label = _owner(actor, handover)
    db.session.delete(handover)
    db.session.flush()
    return label, secret


def _owner(actor: Actor, handover: Handover) -> str:
    """Return what the actor may call the owner, which may be the kind and the number alone."""
    model, row_id = (User, handover.user_id) if handover.user_id else (Client, handover.client_id)
    return db.session.scalar(select(named(actor, model)).where(model.id == row_id)) or ""


def bound_to(handover: Handover) -> str:
    """Return what the encrypted secret is bound to.

    In the row of somebody else it cannot be decrypted.
    """
    if handover.client_id:
        return f"handover of client {handover.client_id}"
    return f"handover of {handover.user_id}"


rotation.include(Handover.sealed, bound_to)

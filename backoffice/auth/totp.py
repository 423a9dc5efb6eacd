"""Check the codes of authenticator apps.

They follow RFC 6238: SHA-1, six digits, 30 seconds. The step before and the step after are taken
too, and each step once.
"""

import hmac
import unicodedata
from datetime import timedelta

import pyotp
import structlog
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, delete, select, update

from backoffice import clock
from backoffice.auth.sessions import digest
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User
from backoffice.secrets import encryption, rotation
from backoffice.settings import Settings

STEP = 30  # seconds
EITHER_WAY = 1  # steps
LONGEST = 40  # characters of what is typed as a code
# How long a secret waits for its confirmation. One that was shown long ago may have been seen by
# others.
WAITS = timedelta(hours=1)
ANOTHER_KEY: str = _l(
    "Another key was made since, in another window perhaps. "
    "Remove this one from your app, and scan the newest code."
)
log = structlog.get_logger()


def generate(user: User, settings: Settings) -> None:
    """Make a new secret that waits for its confirmation; one in use goes on working until then.

    A change of credentials meanwhile makes it void.
    """
    delete_of(user.alone(), state="pending")
    sealed = encryption.encrypt(pyotp.random_base32(), about=bound_to(user.id), settings=settings)
    db.session.add(
        TotpSecret(
            user_id=user.id,
            credential_version=user.credential_version,
            state="pending",
            sealed=sealed,
            last_step=0,
            created_at=clock.now(),
        )
    )
    db.session.flush()


def pending(user: User, settings: Settings) -> str | None:
    """Return the secret that waits for its confirmation, in base 32, or None."""
    row = _row(user, "pending")
    if row is None:
        return None
    return _secret(row, settings)


def is_readable(user: User, settings: Settings) -> bool:
    """Return whether codes of the app in use can be checked.

    That needs its secret, and the key that the secret is encrypted with.
    """
    row = _row(user, "active")
    return row is not None and _secret(row, settings) is not None


def uri(user: User, secret: str, settings: Settings) -> str:
    """Return the URI that a QR code for authenticator apps holds."""
    name = user.email or user.login or str(user.id)
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=settings.issuer))


def name_of(secret: str) -> str:
    """Return the name of a secret, by which a page says which secret it shows.

    The code that is typed there then confirms no other secret. The name reveals nothing about it.
    """
    return digest(secret)[:16]


def confirm(user: User, shown: str, code: str, settings: Settings) -> bool:
    """Put the waiting secret into use and delete the old one, if the code is one of its own.

    `shown` names the secret on the page where the code was typed. Raises RuleBroken if another one
    waits by now.
    """
    row = _row(user, "pending", for_use=True)
    if row is None:
        return False
    secret = _secret(row, settings)
    if secret and not hmac.compare_digest(name_of(secret), shown):
        raise RuleBroken(ANOTHER_KEY, field="code")
    if not _use(row, code, settings):
        return False
    delete_of(user.alone(), state="active")
    row.state = "active"
    db.session.flush()
    return True


def use(user: User, code: str, settings: Settings) -> bool:
    """Return whether the code is right now and was not used before, and use it up."""
    if user.two_factor != "totp":
        return False
    row = _row(user, "active")
    return row is not None and _use(row, code, settings)


def delete_of(people: Select[int], *, state: str | None = None) -> None:
    """Delete the secrets of these people, all or those in one state."""
    statement = delete(TotpSecret).where(TotpSecret.user_id.in_(people))
    if state:
        statement = statement.where(TotpSecret.state == state)
    db.session.execute(statement.execution_options(synchronize_session="fetch"))


def bound_to(user_id: int) -> str:
    """Return what the encrypted secret of this person is bound to.

    In the row of another person it cannot be decrypted.
    """
    return f"authenticator of user {user_id}"


def plain(code: str) -> str:
    """Return the code as ASCII digits; '' if it is none.

    The keyboard that it was typed on and the grouping of its digits make no difference.
    """
    characters = unicodedata.normalize("NFKC", code[:LONGEST])
    text = "".join(c for c in characters if not _is_separator(c))
    if text.isascii() and text.isdigit():
        return text
    return ""


def _is_separator(character: str) -> bool:
    """Return whether it is a blank, a hyphen or an invisible mark, put there to group digits."""
    return character.isspace() or unicodedata.category(character) in ("Pd", "Cf", "Mn")


def _use(row: TotpSecret, code: str, settings: Settings) -> bool:
    """Return whether the code is right, and mark its step as used.

    The UPDATE compares and sets the step rather than the text: of two requests at once, one changes
    the row.
    """
    secret = _secret(row, settings)
    if not secret:
        return False
    step = _step_of(secret, plain(code))
    if step is None:
        return False
    statement = (
        update(TotpSecret)
        .where(TotpSecret.id == row.id, TotpSecret.last_step < step)
        .values(last_step=step)
        .returning(TotpSecret.id)
    )
    changed = db.session.execute(statement).all()
    return len(changed) == 1


def _step_of(secret: str, code: str) -> int | None:
    """Return the time step near now that the code belongs to, or None."""
    totp = pyotp.TOTP(secret)
    current = int(clock.now().timestamp()) // STEP
    # `compare_digest` takes the same time for every wrong code.
    matching = [
        step
        for step in range(current - EITHER_WAY, current + EITHER_WAY + 1)
        if hmac.compare_digest(totp.at(step * STEP), code)
    ]
    return matching[-1] if matching else None


def _secret(row: TotpSecret, settings: Settings) -> str | None:
    """Return the secret in base 32, or None if its encryption key is gone.

    Administrators read about that in the log, and everything else goes on.
    """
    try:
        return encryption.decrypt(row.sealed, about=bound_to(row.user_id), settings=settings)
    except encryption.Unreadable as fault:
        log.error("authenticator_unreadable", user=row.user_id, fault=str(fault))
        return None


def _row(user: User, state: str, *, for_use: bool = False) -> TotpSecret | None:
    """Return the person's secret in this state, unless it waited too long or is void."""
    statement = select(TotpSecret).where(TotpSecret.user_id == user.id, TotpSecret.state == state)
    if state == "pending":
        statement = statement.where(
            TotpSecret.created_at > clock.now() - WAITS,
            TotpSecret.credential_version == user.credential_version,
        )
    if for_use:
        statement = statement.with_for_update()
    return db.session.scalar(statement)


rotation.include(TotpSecret.sealed, lambda row: bound_to(row.user_id))

"""Codes of authenticator apps: SHA-1, six digits, 30 seconds (RFC 6238), one step either way, each step once."""

import hmac
import unicodedata
from datetime import timedelta

import pyotp
import structlog
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
WAITS = timedelta(
    hours=1
)  # for its confirmation: one that was shown long ago may have been seen by others
ANOTHER_KEY = "Another key was made since, in another window perhaps. Remove this one from your app, and scan the newest code."
log = structlog.get_logger()


def begin(user: User, settings: Settings) -> None:
    """A new secret that waits for its confirmation; one in use goes on working until then.

    A change of credentials meanwhile makes it void.
    """
    forget(select(User.id).where(User.id == user.id), state="pending")
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
    """The secret that waits for its confirmation, in base 32, if there is one."""
    row = _row(user, "pending")
    return _secret(row, settings) if row else None


def is_readable(user: User, settings: Settings) -> bool:
    """Whether codes of the app in use can be checked: its secret is there, and so is the key it is encrypted with."""
    row = _row(user, "active")
    return row is not None and _secret(row, settings) is not None


def uri(user: User, secret: str, settings: Settings) -> str:
    """What a QR code for authenticator apps says."""
    name = user.email or user.login or str(user.id)
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=settings.issuer))


def name_of(secret: str) -> str:
    """What a page calls the secret that it shows, so that the code typed there confirms no other; it tells nothing."""
    return digest(secret)[:16]


def confirm(user: User, shown: str, code: str, settings: Settings) -> bool:
    """Put the waiting secret into use if the code is one of its own; the old one dies at that moment.

    `shown` names the secret on the page where the code was typed. Raises RuleBroken where another one waits by now.
    """
    row = _row(user, "pending", for_use=True)
    secret = _secret(row, settings) if row else None
    if secret and not hmac.compare_digest(name_of(secret), shown):
        raise RuleBroken(ANOTHER_KEY, field="code")
    if row is None or not _use(row, code, settings):
        return False
    forget(select(User.id).where(User.id == user.id), state="active")
    row.state = "active"
    db.session.flush()
    return True


def use(user: User, code: str, settings: Settings) -> bool:
    """Whether the code is right now, and was not used before; it is used then."""
    row = _row(user, "active") if user.two_factor == "totp" else None
    return row is not None and _use(row, code, settings)


def forget(people: Select[int], *, state: str | None = None) -> None:
    """Delete the secrets of these people, all or those in one state."""
    which = [TotpSecret.user_id.in_(people)] + ([TotpSecret.state == state] if state else [])
    db.session.execute(
        delete(TotpSecret).where(*which).execution_options(synchronize_session="fetch")
    )


def bound_to(user_id: int) -> str:
    """What the sealed secret of this person is bound to: in another row it cannot be read."""
    return f"authenticator of user {user_id}"


def plain(code: str) -> str:
    """The code as digits of ASCII, whatever keyboard it was typed on and however it was grouped; '' if it is none."""
    text = "".join(c for c in unicodedata.normalize("NFKC", code[:LONGEST]) if not _groups(c))
    return text if text.isascii() and text.isdigit() else ""


def _groups(character: str) -> bool:
    """Whether people or programs put it between digits, and mean nothing by it: blanks, hyphens, invisible marks."""
    return character.isspace() or unicodedata.category(character) in ("Pd", "Cf", "Mn")


def _use(row: TotpSecret, code: str, settings: Settings) -> bool:
    """Compare and set on the step, not on the text: of two requests at once, one changes a row."""
    secret = _secret(row, settings)
    step = _step_of(secret, plain(code)) if secret else None
    if step is None:
        return False
    unused = (
        update(TotpSecret)
        .where(TotpSecret.id == row.id, TotpSecret.last_step < step)
        .values(last_step=step)
    )
    done = db.session.execute(unused.returning(TotpSecret.id)).all()
    return len(done) == 1


def _step_of(secret: str, code: str) -> int | None:
    """The time step that the code belongs to, if it is near."""
    now, otp = int(clock.now().timestamp()) // STEP, pyotp.TOTP(secret)
    steps = [now + away for away in range(-EITHER_WAY, EITHER_WAY + 1)]
    right = [step for step in steps if hmac.compare_digest(otp.at(step * STEP), code)]
    return right[-1] if right else None


def _secret(row: TotpSecret, settings: Settings) -> str | None:
    """None where the key is gone: the administrators read so in the log, and everything else goes on."""
    try:
        return encryption.decrypt(row.sealed, about=bound_to(row.user_id), settings=settings)
    except encryption.Unreadable as fault:
        log.error("authenticator_unreadable", user=row.user_id, fault=str(fault))
        return None


def _row(user: User, state: str, *, for_use: bool = False) -> TotpSecret | None:
    statement = select(TotpSecret).where(TotpSecret.user_id == user.id, TotpSecret.state == state)
    if state == "pending":
        present = TotpSecret.credential_version == user.credential_version
        statement = statement.where(TotpSecret.created_at > clock.now() - WAITS, present)
    return db.session.scalar(statement.with_for_update() if for_use else statement)


rotation.include(TotpSecret.sealed, lambda row: bound_to(row.user_id))

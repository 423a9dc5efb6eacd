"""Mail people what happened to their account, so that they notice what they did not do."""

from backoffice import clock
from backoffice.auth.attempts import Origin
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import masked


def new_device(user: User, origin: Origin, settings: Settings) -> None:
    """Tell the person that somebody signed in from a browser that never did before."""
    _tell(user, mails.NEW_DEVICE, settings, _where(origin))


def password_changed(user: User, origin: Origin, settings: Settings) -> None:
    """Tell the person that the password was changed."""
    _tell(user, mails.PASSWORD_CHANGED, settings, _where(origin))


def email_changed(user: User, old: str, origin: Origin, settings: Settings) -> None:
    """Tell the person that the address was changed, at the old address.

    Whoever reads the new one may be somebody else.
    """
    mail = OutgoingMail(
        purpose=mails.EMAIL_CHANGED,
        address=old,
        user_id=user.id,
        values={"address": masked(user.email or ""), **_where(origin)},
    )
    outbox.queue([mail], settings)


def two_factor_changed(user: User, what: str, settings: Settings) -> None:
    """Tell the person that the second factor was changed; `what` is the sentence that says how."""
    _tell(user, mails.TWO_FACTOR_CHANGED, settings, {"what": what})


def viewed(user: User, *, by: str, reason: str, settings: Settings) -> None:
    """Tell the person that somebody views the pages as they get them."""
    values = {"person": by, "reason": reason, "at": _at()}
    _tell(user, mails.VIEWED, settings, values)


def _where(origin: Origin) -> dict[str, str]:
    """Return the values that say when and from where it was done."""
    return {
        "device": origin.device[:200] or "–",
        "ip": origin.ip or "–",
        "at": _at(),
    }


def _at() -> str:
    """Return the date and the time to the minute, without the offset, which is always UTC."""
    return f"{clock.now().isoformat(' ', 'minutes')[:16]} UTC"


def _tell(user: User, purpose: str, settings: Settings, values: dict[str, str]) -> None:
    """Mail the person, if the address is known to be theirs."""
    if not user.email or not user.email_verified_at:
        return
    mail = OutgoingMail(purpose=purpose, address=user.email, user_id=user.id, values=values)
    outbox.queue([mail], settings)

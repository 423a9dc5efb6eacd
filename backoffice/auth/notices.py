"""Mails that tell a person what happened to their account, so that they notice what they did not do."""

from backoffice import clock
from backoffice.auth.attempts import Origin
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import masked


def new_device(user: User, origin: Origin, settings: Settings) -> None:
    """Somebody signed in from a browser that never did before."""
    _tell(user, "new_device", settings, _where(origin))


def password_changed(user: User, origin: Origin, settings: Settings) -> None:
    """The password is another one."""
    _tell(user, "password_changed", settings, _where(origin))


def email_changed(user: User, old: str, origin: Origin, settings: Settings) -> None:
    """The address is another one: told to the old one, for who reads the new one may be somebody else."""
    values = {"address": masked(user.email or ""), **_where(origin)}
    outbox.queue(
        [OutgoingMail(purpose="email_changed", address=old, user_id=user.id, values=values)],
        settings,
    )


def two_factor_changed(user: User, what: str, settings: Settings) -> None:
    """The second factor is another one; `what` is the sentence that says how."""
    _tell(user, "two_factor_changed", settings, {"what": what})


def _where(origin: Origin) -> dict[str, str]:
    at = clock.now().isoformat(" ", "minutes")[:16]
    return {"device": origin.device[:200] or "–", "ip": origin.ip or "–", "at": f"{at} UTC"}


def _tell(user: User, purpose: str, settings: Settings, values: dict[str, str]) -> None:
    """Only where the address is known to be theirs."""
    if user.email and user.email_verified_at:
        outbox.queue(
            [OutgoingMail(purpose=purpose, address=user.email, user_id=user.id, values=values)],
            settings,
        )

"""Every try of a factor is written down: what the throttle counts, and what the list of sign-ins shows."""

from dataclasses import dataclass

from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.services.addresses import network_of
from backoffice.services.sessions import digest
from backoffice.text import address_key, cleaned

LONGEST_KEY = 254
LONGEST_DEVICE = 200


@dataclass(frozen=True)
class From:
    """Where a request comes from: address, what the browser calls itself, and its long-lived random mark."""

    ip: str = ""
    device: str = ""
    mark: str = ""

    @property
    def network(self) -> str:
        """What the throttle takes for one visitor."""
        return network_of(self.ip)

    @property
    def device_key(self) -> str:
        return digest(self.mark) if self.mark else ""


def key_of(typed: str) -> str:
    """The normalised form of what somebody typed as their address or login."""
    return address_key(cleaned(typed))[:LONGEST_KEY]


def note(key: str, user: User | None, result: str, reason: str, origin: From, *, factor: str = "password") -> None:
    """Write down one try; `key` is the normalised name that was typed, `reason` is '' for whoever is through."""
    db.session.add(
        SignInAttempt(
            at=clock.now(),
            identifier_key=key[:LONGEST_KEY],
            user_id=user.id if user else None,
            factor=factor,
            result=result,
            reason=reason,
            ip=origin.ip,
            network=origin.network,
            device=origin.device[:LONGEST_DEVICE],
            device_key=origin.device_key,
        )
    )
    db.session.flush()


def is_new_device(user: User, origin: From) -> bool:
    """Whether the person has been through before, but never from this browser."""
    through = select(SignInAttempt.id).where(
        SignInAttempt.user_id == user.id, SignInAttempt.result == "ok", SignInAttempt.reason == ""
    )
    if origin.device_key:
        here = through.where(SignInAttempt.device_key == origin.device_key)
        if db.session.scalar(here.limit(1)) is not None:
            return False
    return db.session.scalar(through.limit(1)) is not None

"""The table of mails: an entry says everything about a mail but its text.

A new mail is an entry here, its three templates in templates/email, and a call of mail/outbox.py.
The table is among the models because the column `messages.purpose` offers its names and labels.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from backoffice import clock
from backoffice.settings import Settings
from backoffice.text import noted

LONGEST = 30  # characters of a name
NAME = re.compile(r"[a-z][a-z_]*")


class Secret(Enum):
    """What a mail contains that opens something; the value is its name in the templates."""

    LINK = "link"
    CODE = "code"


@dataclass(frozen=True)
class Purpose:
    """What a mail is for, and how it is treated.

    Attributes:
        name: as it is stored, and as the templates are called: templates/email/<name>.subject,
            .txt and .html.
        label: what people call it, in English.
        secret: what it contains that opens something; None for a notice.
        urgent: whether somebody is waiting for it, so that it overtakes all others.
        lifetime: how long after the request it is of use. After that, a mail whose values the
            worker has to find is not completed, and one with a code is not sent. None is for
            notices, which are never too late, and for links made at the request, whose tokens end.
        has_values: whether it has values of its own, such as a link. Otherwise it can be read
            again at any time.
    """

    name: str
    label: str
    secret: Secret | None = None
    urgent: bool = False
    lifetime: Callable[[Settings], timedelta] | None = None
    has_values: bool = True

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.name) > LONGEST:
            raise ValueError(f"{self.name!r} is no name: use up to {LONGEST} small letters and _.")
        if self.secret is Secret.CODE and not self.lifetime:
            raise ValueError(f"{self.name}: no token ends a code, so give it a lifetime.")

    def is_over(self, requested_at: datetime, settings: Settings) -> bool:
        """Return whether a mail that was requested then is of no use any more."""
        return self.lifetime is not None and requested_at + self.lifetime(settings) <= clock.now()


_table: dict[str, Purpose] = {}


def _add(purpose: Purpose) -> str:
    """Add an entry to the table, and return its name, by which everybody else refers to it."""
    if purpose.name in _table:
        raise ValueError(f"there are two mails {purpose.name!r}: rename one.")
    _table[purpose.name] = purpose
    return purpose.name


# In the order in which the filter on the list of messages offers them.
INVITATION = _add(Purpose("invitation", noted("Invitation"), secret=Secret.LINK))
INVITATION_RENEWAL = _add(
    Purpose(
        "invitation_renewal",
        noted("New invitation asked for"),
        lifetime=lambda settings: settings.invitation_valid,
    )
)
PASSWORD_LINK = _add(Purpose("password_link", noted("Link to set a password"), secret=Secret.LINK))
PASSWORD_RESET = _add(
    Purpose(
        "password_reset",
        noted("Password reset"),
        secret=Secret.LINK,
        urgent=True,
        lifetime=lambda settings: settings.reset_valid,
    )
)
EMAIL_CODE = _add(
    Purpose(
        "email_code",
        noted("Sign-in code"),
        secret=Secret.CODE,
        urgent=True,
        lifetime=lambda settings: settings.email_code_valid,
    )
)
TWO_FACTOR_ENROLMENT = _add(
    Purpose(
        "two_factor_enrolment",
        noted("Link to set up two-factor authentication"),
        secret=Secret.LINK,
    )
)
EMAIL_CHANGE = _add(
    Purpose(
        "email_change",
        noted("New e-mail address to confirm"),
        secret=Secret.LINK,
        lifetime=lambda settings: settings.email_change_valid,
    )
)
EMAIL_CHANGED = _add(Purpose("email_changed", noted("Notice: other e-mail address")))
PASSWORD_CHANGED = _add(Purpose("password_changed", noted("Notice: other password")))
TWO_FACTOR_CHANGED = _add(Purpose("two_factor_changed", noted("Notice: two-factor authentication")))
NEW_DEVICE = _add(Purpose("new_device", noted("Notice: sign-in from a new device")))
BLOCKED = _add(Purpose("blocked", noted("Notice: account blocked"), has_values=False))
UNBLOCKED = _add(Purpose("unblocked", noted("Notice: account unblocked"), has_values=False))
ACCESS_REVOKED = _add(Purpose("access_revoked", noted("Notice: access revoked"), has_values=False))


def every() -> Collection[Purpose]:
    """Return all entries of the table."""
    return _table.values()


def names() -> tuple[str, ...]:
    """Return the names of all entries."""
    return tuple(_table)


def named(name: str) -> Purpose:
    """Return the entry of this name. Raises LookupError with the names that there are."""
    if name not in _table:
        raise LookupError(
            f"there is no mail {name!r}: use one of {', '.join(sorted(_table))}, "
            "or add an entry to backoffice/models/purposes.py."
        )
    return _table[name]

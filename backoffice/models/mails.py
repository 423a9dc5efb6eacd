"""The table of mails: an entry says everything about a mail but its text.

A new mail is an entry here, its three templates in templates/email, and a call of mail/outbox.py.
The table is among the models because the column `messages.mail_type` offers its names and labels.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from backoffice import clock
from backoffice.settings import Settings
from backoffice.text import N_

LONGEST = 30  # characters of a name
NAME = re.compile(r"[a-z][a-z_]*")


class Secret(Enum):
    """What a mail contains that opens something; the value is its name in the templates."""

    LINK = "link"
    CODE = "code"


class Format(Enum):
    """How a value of a mail is written for its reader; it is stored as it was made."""

    DEVICE = "device"  # what a browser calls itself
    DURATION = "duration"  # such as `8 hours`
    SENTENCE = "sentence"  # one of the product's own, untranslated
    PERMISSION = "permission"  # the code of one, which is told in words


@dataclass(frozen=True)
class MailType:
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
        formats: how those of its values are written that are not shown as they were stored.
    """

    name: str
    label: str
    secret: Secret | None = None
    urgent: bool = False
    lifetime: Callable[[Settings], timedelta] | None = None
    has_values: bool = True
    formats: Mapping[str, Format] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.name) > LONGEST:
            raise ValueError(f"{self.name!r} is no name: use up to {LONGEST} small letters and _.")
        if self.secret is Secret.CODE and not self.lifetime:
            raise ValueError(f"{self.name}: no token ends a code, so give it a lifetime.")

    def is_over(self, requested_at: datetime, settings: Settings) -> bool:
        """Return whether a mail that was requested then is of no use any more."""
        return self.lifetime is not None and requested_at + self.lifetime(settings) <= clock.now()


_table: dict[str, MailType] = {}


def _add(mail_type: MailType) -> str:
    """Add an entry to the table, and return its name, by which everybody else refers to it."""
    if mail_type.name in _table:
        raise ValueError(f"there are two mails {mail_type.name!r}: rename one.")
    _table[mail_type.name] = mail_type
    return mail_type.name


EXPIRES = {"valid": Format.DURATION}  # what its link or code opens is open for so long
FROM_DEVICE = {"device": Format.DEVICE}

# In the order in which the filter on the list of messages offers them.
INVITATION = _add(MailType("invitation", N_("Invitation"), secret=Secret.LINK, formats=EXPIRES))
INVITATION_RENEWAL = _add(
    MailType(
        "invitation_renewal",
        N_("New invitation asked for"),
        lifetime=lambda settings: settings.invitation_valid,
    )
)
PASSWORD_LINK = _add(
    MailType("password_link", N_("Link to set a password"), secret=Secret.LINK, formats=EXPIRES)
)
CLIENT_PASSWORD_LINK = _add(
    MailType(
        "client_password_link",
        N_("Link for a client to set a password"),
        secret=Secret.LINK,
        formats=EXPIRES,
    )
)
PASSWORD_RESET = _add(
    MailType(
        "password_reset",
        N_("Password reset"),
        secret=Secret.LINK,
        urgent=True,
        lifetime=lambda settings: settings.reset_valid,
        formats=EXPIRES,
    )
)
EMAIL_CODE = _add(
    MailType(
        "email_code",
        N_("Sign-in code"),
        secret=Secret.CODE,
        urgent=True,
        lifetime=lambda settings: settings.email_code_valid,
        formats=EXPIRES,
    )
)
TWO_FACTOR_ENROLMENT = _add(
    MailType(
        "two_factor_enrolment",
        N_("Link to set up two-factor authentication"),
        secret=Secret.LINK,
        formats=EXPIRES,
    )
)
EMAIL_CHANGE = _add(
    MailType(
        "email_change",
        N_("New e-mail address to confirm"),
        secret=Secret.LINK,
        lifetime=lambda settings: settings.email_change_valid,
        formats=EXPIRES,
    )
)
EMAIL_CHANGED = _add(
    MailType("email_changed", N_("Notice: other e-mail address"), formats=FROM_DEVICE)
)
PASSWORD_CHANGED = _add(
    MailType("password_changed", N_("Notice: other password"), formats=FROM_DEVICE)
)
TWO_FACTOR_CHANGED = _add(
    MailType(
        "two_factor_changed",
        N_("Notice: two-factor authentication"),
        formats={"what": Format.SENTENCE},
    )
)
NEW_DEVICE = _add(
    MailType("new_device", N_("Notice: sign-in from a new device"), formats=FROM_DEVICE)
)
VIEWED = _add(MailType("viewed", N_("Notice: somebody views your pages")))
BLOCKED = _add(MailType("blocked", N_("Notice: account blocked"), has_values=False))
UNBLOCKED = _add(MailType("unblocked", N_("Notice: account unblocked"), has_values=False))
ACCESS_REVOKED = _add(MailType("access_revoked", N_("Notice: access revoked"), has_values=False))
ACCESS_ENDS = _add(
    MailType(
        "access_ends",
        N_("Notice: access ends soon"),
        formats={"permission": Format.PERMISSION},
    )
)
ACCESS_REVIEW = _add(MailType("access_review", N_("Access to review")))

EVENTS_ANCHOR = _add(MailType("events_anchor", N_("Anchor of the events log")))


def every() -> Collection[MailType]:
    """Return all entries of the table."""
    return _table.values()


def names() -> tuple[str, ...]:
    """Return the names of all entries."""
    return tuple(_table)


def named(name: str) -> MailType:
    """Return the entry of this name. Raises LookupError with the names that there are."""
    if name not in _table:
        raise LookupError(
            f"there is no mail {name!r}: use one of {', '.join(sorted(_table))}, "
            "or add an entry to backoffice/models/mails.py."
        )
    return _table[name]

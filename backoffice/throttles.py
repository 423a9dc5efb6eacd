"""The throttles: what is counted, for whom, how many are allowed, and what people read beyond that.

`docs/limits.md` lists every throttle that is declared here. A refused use never prolongs the wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import lazy_gettext as _l

from backoffice.errors import TooMany
from backoffice.settings import Settings

LONGEST_NAME = 40  # characters, as the table of usages has them
A_MINUTE = timedelta(minutes=1)
FIVE_MINUTES = timedelta(minutes=5)
TEN_MINUTES = timedelta(minutes=10)
AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
# An office shares a network address, which may therefore fail more often than an account.
SHARED = 4


@dataclass(frozen=True)
class Rate:
    """How many uses are allowed within a time span.

    Attributes:
        most: the number of uses, or the name of the setting that holds it.
        within: the time span.
        times: the factor by which `most` is multiplied.
    """

    most: int | str
    within: timedelta
    times: int = 1

    def number(self, settings: Settings) -> int:
        """Return the number of uses that are allowed."""
        if isinstance(self.most, int):
            return self.most * self.times
        number: int = getattr(settings, self.most)
        return number * self.times


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """A limit on how often something may be done.

    Attributes:
        name: the key of its counts in the table of usages, if they are there.
        counts: what is counted, in English.
        per: who has a count of their own, in English.
        rates: how many uses are allowed; all of them apply.
        refusal: the sentence for people beyond the limit. It may contain %(most)s, the number that
            is allowed, and %(minutes)s, the time to wait. Where an action refuses with it, it is
            the sentence of a rule and may contain {label}, the name of the row.
    """

    name: str
    counts: str
    per: str
    rates: tuple[Rate, ...]
    refusal: str

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST_NAME:
            raise ValueError(f"throttle {self.name!r}: use at most {LONGEST_NAME} characters")

    @property
    def rate(self) -> Rate:
        """The only rate. Raises ValueError if there are several."""
        (rate,) = self.rates
        return rate

    def limits(self, settings: Settings) -> Mapping[timedelta, int]:
        """Return the number of uses that are allowed within each time span."""
        return {rate.within: rate.number(settings) for rate in self.rates}

    def refused(self, *, most: int, seconds: int) -> TooMany:
        """Return the error for somebody who has to wait for so many seconds."""
        minutes = -(-seconds // 60)  # rounded up
        return TooMany(self.refusal % {"most": most, "minutes": minutes}, retry_after=seconds)


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Something that a person may do only once at a time.

    Attributes:
        name: the key of its row in the table of usages.
        counts: what is counted, in English.
        per: who has a lease of their own, in English.
        lasts: the time without a renewal after which the person may start anew.
        refusal: the sentence for people whose lease has not ended.
    """

    name: str
    counts: str
    per: str
    lasts: timedelta
    refusal: str


FAILED_OFTEN: str = _l("Too many failed tries. Try again in %(minutes)s min.")

# Attempts to prove a factor, counted by `auth.throttle`

ATTEMPTS_OF_ACCOUNT = Throttle(
    name="attempts of an account",
    counts="Wrong passwords, wrong codes and requests for links, each by itself.",
    per="account",
    rates=(
        Rate("failures_per_5_minutes", FIVE_MINUTES),
        Rate("failures_per_hour", AN_HOUR),
        Rate("failures_per_day", A_DAY),
    ),
    refusal=FAILED_OFTEN,
)
ATTEMPTS_OF_IP = Throttle(
    name="attempts from an address",
    counts="Wrong passwords and requests for links, each by itself; an office shares an address.",
    per="network address",
    rates=(
        Rate("failures_per_5_minutes", FIVE_MINUTES, times=SHARED),
        Rate("failures_per_hour", AN_HOUR, times=SHARED),
        Rate("failures_per_day", A_DAY, times=SHARED),
    ),
    refusal=FAILED_OFTEN,
)
CODES_OF_IP = Throttle(
    name="codes from an address",
    counts="Wrong codes.",
    per="network address",
    rates=(
        Rate("code_failures_per_address", FIVE_MINUTES),
        Rate("failures_per_hour", AN_HOUR, times=SHARED),
        Rate("failures_per_day", A_DAY, times=SHARED),
    ),
    refusal=FAILED_OFTEN,
)

# Mails, counted in the outbox

EMAIL_CODES = Throttle(
    name="mailed codes",
    counts="Mailed sign-in codes.",
    per="person",
    rates=(Rate("email_codes_per_10_minutes", TEN_MINUTES),),
    refusal=_l(
        "No more codes can be sent now, so none is on its way. "
        "Wait ten minutes, or use the code you have."
    ),
)
LINKS_FROM_OTHERS = Throttle(
    name="links from others",
    counts="Links that others have mailed: invitations, to set a password, to enrol.",
    per="person",
    rates=(Rate("links_per_10_minutes", TEN_MINUTES), Rate("links_per_day", A_DAY)),
    refusal=_l("{label} was mailed several links lately. Wait a while before you send another."),
)

# What signed-in people do, counted by `policy.quotas`

EXPORTS = Throttle(
    name="exports",
    counts="Exports that were started.",
    per="person",
    rates=(Rate("exports_per_hour", AN_HOUR),),
    refusal=_l(
        "You have reached the limit for exports: %(most)s per hour. Try again in %(minutes)s min."
    ),
)
EXPORT_RUNNING = Lease(
    name="export running",
    counts="Exports that run.",
    per="person",
    lasts=A_MINUTE,
    refusal=_l(
        "Another export of yours is still running. "
        "Wait until it is there, or until it was broken off for a minute."
    ),
)
AVATARS = Throttle(
    name="avatars",
    counts="Pictures that were sent, invalid ones too.",
    per="person",
    rates=(Rate("avatars_per_hour", AN_HOUR),),
    refusal=_l(
        "You have reached the limit for pictures: %(most)s per hour. Try again in %(minutes)s min."
    ),
)
FINDS = Throttle(
    name="finds",
    counts="Searches in all lists; while somebody types, each pause is one.",
    per="person",
    rates=(Rate(120, A_MINUTE),),
    refusal=_l("You searched %(most)s times within a minute. Wait a little."),
)
EVENT_CHECKS = Throttle(
    name="checks of the events log",
    counts="Checks of the events log that were asked for, those by a worker too.",
    per="person",
    rates=(Rate(3, TEN_MINUTES),),
    refusal=_l(
        "You have reached the limit for checks of the log: %(most)s in ten minutes. "
        "Try again in %(minutes)s min."
    ),
)
UPLOADS = Throttle(
    name="uploads",
    counts="Files that were sent for columns and actions, invalid ones too.",
    per="person",
    rates=(Rate("uploads_per_hour", AN_HOUR),),
    refusal=_l(
        "You have reached the limit for files: %(most)s per hour. Try again in %(minutes)s min."
    ),
)
DENIALS = Throttle(
    name="denials",
    counts="Attempts to change or export something without the permission.",
    per="person",
    rates=(Rate("denials_per_minute", A_MINUTE),),
    refusal=_l(
        "You were refused many times within a minute. Wait a little, and ask for what you may do."
    ),
)

"""Mail links: make a token for each person, and a mail that holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select

from backoffice.auth import tokens
from backoffice.auth.tokens import Issued
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import duration_to_store


@dataclass(frozen=True)
class Kind:
    """What a link is for.

    `purpose` is that of its token, `path` the page that it opens, and `setting` the name of the
    setting that says how long it is valid.
    """

    purpose: str
    path: str
    setting: str

    def valid(self, settings: Settings) -> timedelta:
        """Return how long the link works."""
        span: timedelta = getattr(settings, self.setting)
        return span

    def url(self, issued: Issued, settings: Settings) -> str:
        """Return the link itself, on the configured address and no other."""
        return f"{settings.base_url}/{self.path}/{issued.value}"


INVITATION = Kind("invitation", "invitations", "invitation_valid")
PASSWORD = Kind("password_reset", "password/reset", "reset_valid")
ENROLMENT = Kind("two_factor_enrolment", "two-factor/enrol", "enrolment_valid")


def issue(kind: Kind, user: User, settings: Settings) -> str:
    """Return a new link for one person, to be handed over in another way than by mail."""
    issued = tokens.issue(user=user, purpose=kind.purpose, valid=kind.valid(settings))
    return kind.url(issued, settings)


def send(
    kind: Kind,
    people: Select[int],
    settings: Settings,
    *,
    mail: str = "",
    values: Mapping[str, str] | None = None,
) -> list[Issued]:
    """Mail each of `people` a new link; the one before no longer works.

    `mail` is the purpose of the mail, if it differs from that of the link. `values` are further
    values for its text.
    """
    valid = kind.valid(settings)
    tokens_made = tokens.issue_many(people, purpose=kind.purpose, valid=valid)
    common_values = {**(values or {}), "valid": duration_to_store(valid)}
    mails = (
        OutgoingMail(
            purpose=mail or kind.purpose,
            address=issued.address,
            user_id=issued.user_id,
            token_id=issued.token_id,
            values={**common_values, "link": kind.url(issued, settings)},
        )
        for issued in tokens_made
    )
    outbox.queue(mails, settings)
    return tokens_made

"""The errors of the domain.

Only `views/web/errors.py` knows which page and HTTP status each one becomes.
"""

from typing import Any

from flask_babel import gettext as _


class BackofficeError(Exception):
    """A refusal, with a sentence for the person who reads it.

    Args:
        message: what went wrong and what to do next, in the language of that person. A lazy text
            is translated when the error is made.
        field: the form field that the message belongs to, if any.
    """

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        self.message = str(message)
        self.field = field
        super().__init__(self.message)


class NotAllowed(BackofficeError):
    """The actor lacks a permission; `code` names it if there is one."""

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message or _("You do not have the permission to do this."))
        self.code = code


class OnlyViewing(NotAllowed):
    """The actor views as somebody else, and can only read what is not that person's alone.

    Attributes:
        why: the message, which a lazy text still says in any language.
    """

    def __init__(self, why: str, *, code: str | None = None) -> None:
        super().__init__(why, code=code)
        self.why = why


class SignedOut(BackofficeError):
    """The actor's session has ended since the request began: they have to sign in again."""


class NotFound(BackofficeError):
    """The thing does not exist, or is out of the actor's scope: both look the same."""


class RuleBroken(BackofficeError):
    """The request is understood, but a rule forbids it."""


class Taken(RuleBroken):
    """Another row has a value that no two rows may have."""


class CannotStore(RuleBroken):
    """The disk cannot store what was sent: it is full or read-only."""


class GrantExceeded(RuleBroken):
    """The actor tried to give something that is beyond their own rights.

    The message is shown at the field, and the attempt is recorded in the events like NotAllowed.
    """

    def __init__(self, message: str, *, field: str | None = None, code: str) -> None:
        super().__init__(message, field=field)
        self.code = code


class ConfirmationNeeded(BackofficeError):
    """The actor may do this, but has to confirm their identity first."""


class BadRequest(BackofficeError):
    """The request itself makes no sense; nothing was tried."""


class Expired(BackofficeError):
    """A link, code or selection that was genuine is no longer valid."""


class TooMany(BackofficeError):
    """There were too many tries; the next one is possible after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(BackofficeError):
    """There is no capacity for this now; there may be some after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Conflict(BackofficeError):
    """Somebody else has changed the row since it was read; `current` is the row as it is now."""

    def __init__(self, message: str, *, current: Any) -> None:
        super().__init__(message)
        self.current = current

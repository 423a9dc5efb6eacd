"""The refusals of the domain; only `views/web/errors.py` knows which page or status each becomes."""


class BackofficeError(Exception):
    """A refusal with the sentence a person reads.

    Args:
        message: what went wrong and what to do next, in plain English.
        field: the form field it belongs to, if any.
    """

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotAllowed(BackofficeError):
    """The actor lacks the permission; `code` names it where there is one."""

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message or "You do not have the permission to do this.")
        self.code = code


class SignedOut(BackofficeError):
    """The session by which the actor asks was ended since the request began: they have to sign in anew."""


class NotFound(BackofficeError):
    """There is no such thing, or it is out of the actor's scope: both look the same."""


class RuleBroken(BackofficeError):
    """The request is understood, but a rule forbids it."""


class CannotStore(RuleBroken):
    """The disk does not take what was sent: it is full, or may only be read."""


class GrantExceeded(RuleBroken):
    """The actor reached beyond what is theirs to give; shown at the field, and noted in the events like NotAllowed."""

    def __init__(self, message: str, *, field: str | None = None, code: str) -> None:
        super().__init__(message, field=field)
        self.code = code


class ConfirmationNeeded(BackofficeError):
    """The actor may do this, but has to show again that it is them first."""


class BadRequest(BackofficeError):
    """The request itself makes no sense; nothing was tried."""


class Expired(BackofficeError):
    """A link, code or selection that was genuine is no longer valid."""


class TooMany(BackofficeError):
    """Too many tries; `retry_after` says in how many seconds the next is welcome."""

    def __init__(self, message: str, *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(BackofficeError):
    """There is no room for this now; `retry_after` says in how many seconds there may be."""

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Conflict(BackofficeError):
    """Somebody else changed the row since it was read; `current` is the row as it is now."""

    def __init__(self, message: str, *, current: object) -> None:
        super().__init__(message)
        self.current = current

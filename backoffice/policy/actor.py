"""Actor: who is asking, with everything the policy needs to answer."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Actor:
    """A signed-in person, or the product itself (`user_id` None) at the command line.

    `confirmed` says that they gave a password or a code within the last minutes; `password_change_due` and
    `enrolment_due` what they have to do before anything else; `avatar` is the key of their picture.
    The attributes `is_authenticated`, `is_active`, `is_anonymous` and `get_id` are what Flask-Login reads.
    """

    user_id: int | None
    label: str
    name: str = ""
    permissions: frozenset[str] = frozenset()
    all_permissions: bool = False
    group_ids: frozenset[int] = frozenset()
    group_names: tuple[str, ...] = ()
    client_tags_mode: str = "all"
    ip: str = ""
    request_id: str = ""
    session_id: int | None = None
    password_change_due: bool = False
    enrolment_due: bool = False
    confirmed: bool = False
    two_factor: str = "disabled"
    language: str = "en"
    time_zone: str = "UTC"
    avatar: str | None = None
    preferences: dict[str, Any] = field(default_factory=dict)

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.user_id)

    @property
    def initials(self) -> str:
        return initials(self.name or self.label)


def system(*, request_id: str = "command") -> Actor:
    """The product itself: whoever may run commands on the machine may do everything."""
    return Actor(None, "Command line", "Command line", all_permissions=True, request_id=request_id)


def initials(name: str) -> str:
    """Two letters that stand for a name where there is no picture."""
    words = [word for word in name.split() if word[0].isalnum()] or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

"""Actor: who is asking, with everything that the policy needs for its decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from backoffice.models.node import ROOT
from backoffice.policy.reach import EVERYTHING, Reach


@dataclass(frozen=True)
class Actor:
    """A signed-in user, or the product itself at the command line.

    Flask-Login reads `is_authenticated`, `is_active`, `is_anonymous` and `get_id`.

    Attributes:
        user_id: the user's id; None for the product itself.
        label: their e-mail address or login.
        name: the name for people.
        permissions: the codes of all their groups.
        all_permissions: whether they may do everything.
        group_ids, group_names: the groups they are in.
        permission_ends, group_ends: when those of them end that do, by code and by id.
        all_permissions_end: when they may not do everything any more; None if that has no end.
        client_tags_mode, client_tag_ids: whether they see all clients, "only" those with these
            tags, or all "except" those. With all, the tags are not read.
        countries_mode, countries: the same by country, as ISO 3166-1 has it.
        node_id: the node of the organisation that they belong to.
        reach: the nodes whose people and rows they see.
        has_nodes: whether there are nodes besides the root, and they see them.
        mask_data: whether they see personal data of clients masked.
        revealed: the ids of the rows, by table, that they see without masks for some minutes.
        ip: the address from which they ask, in canonical form.
        request_id: the number of the request, which logs and events have.
        session_id: the session that they use; None at the command line.
        password_change_due: whether they have to change their password before anything else.
        enrolment_due: whether they have to enrol a second factor before anything else.
        confirmed: whether they gave a password or a code within the last minutes.
        two_factor: their second factor: "disabled", "email" or "totp".
        language, time_zone: how pages are shown to them, as codes of ISO 639 and IANA.
        avatar: the key of their picture; None without one.
        preferences: what they chose for each screen, by its endpoint.
        viewed_by: who only looks at the pages as this person gets them; None for the person
            themselves.
    """

    user_id: int | None
    label: str
    name: str = ""
    permissions: frozenset[str] = frozenset()
    all_permissions: bool = False
    group_ids: frozenset[int] = frozenset()
    group_names: tuple[str, ...] = ()
    client_tags_mode: str = "all"
    client_tag_ids: frozenset[int] = frozenset()
    countries_mode: str = "all"
    countries: frozenset[str] = frozenset()
    node_id: int = ROOT
    reach: Reach = EVERYTHING
    has_nodes: bool = False
    mask_data: bool = False
    revealed: Mapping[str, frozenset[int]] = field(default_factory=dict)
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
    viewed_by: "Actor | None" = None
    permission_ends: Mapping[str, datetime] = field(default_factory=dict)
    group_ends: Mapping[int, datetime] = field(default_factory=dict)
    all_permissions_end: datetime | None = None

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def in_person(self) -> "Actor":
        """Who really asks, and answers for it: whoever views as this person, or they themselves."""
        return self.viewed_by or self

    @property
    def ends(self) -> list[datetime]:
        """The times at which they hold less than before, the latest first."""
        ends = {*self.permission_ends.values(), *self.group_ends.values()}
        if self.all_permissions_end:
            ends.add(self.all_permissions_end)
        return sorted(ends, reverse=True)

    def until(self, ends_at: datetime | None) -> "Actor":
        """Return the actor with only what they hold until then; None asks what has no end."""
        short = {code for code, end in self.permission_ends.items() if not lasts(end, ends_at)}
        left = {group_id for group_id, end in self.group_ends.items() if not lasts(end, ends_at)}
        return replace(
            self,
            permissions=self.permissions - short,
            group_ids=self.group_ids - left,
            all_permissions=self.all_permissions and lasts(self.all_permissions_end, ends_at),
        )

    def get_id(self) -> str:
        return str(self.user_id)


def lasts(held_until: datetime | None, ends_at: datetime | None) -> bool:
    """Return whether what is held until a time, or without an end, is held until another."""
    return held_until is None or (ends_at is not None and ends_at <= held_until)


def system(*, request_id: str = "command") -> Actor:
    """Return the product itself, which may do everything, as may everyone who can run commands."""
    return Actor(None, "Command line", "Command line", all_permissions=True, request_id=request_id)


def initials(name: str) -> str:
    """Return one or two letters that stand for a name if there is no picture."""
    words = [word for word in name.split() if word[0].isalnum()] or ["?"]
    letters = words[0][0]
    if len(words) > 1:
        letters += words[-1][0]
    return letters.upper()

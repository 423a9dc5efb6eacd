"""What is to be changed: groups as they are, as they shall be, and the difference."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope
from backoffice.sheets.sheet import Problems

CREATE = "create"
EDIT = "edit"
DELETE = "delete"


@dataclass(frozen=True)
class State:
    """What a sheet says about a group; grants are keys."""

    name: str
    description: str
    permissions: frozenset[str]
    grants: frozenset[str]
    mask_data: bool = False

    def stored(self) -> dict[str, object]:
        """Return the state as JSON has it, in one order."""
        return asdict(self) | {
            "permissions": sorted(self.permissions),
            "grants": sorted(self.grants),
        }

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> "State":
        """Return the state that was stored."""
        return cls(
            stored["name"],
            stored["description"],
            frozenset(stored["permissions"]),
            frozenset(stored["grants"]),
            stored.get("mask_data", False),
        )


@dataclass(frozen=True)
class Member:
    """Who was in a group, until when, and who gave it; None is without an end, or the product."""

    user_id: int
    ends_at: datetime | None = None
    given_by_id: int | None = None

    def stored(self) -> dict[str, object]:
        """Return the membership as JSON has it."""
        return asdict(self) | {"ends_at": self.ends_at and self.ends_at.isoformat()}

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> "Member":
        """Return the membership that was stored."""
        end = stored["ends_at"]
        ends_at = datetime.fromisoformat(end) if end else None
        return cls(stored["user_id"], ends_at, stored.get("given_by_id"))

    @property
    def has_ended(self) -> bool:
        return self.ends_at is not None and self.ends_at <= clock.now()


NOTHING = State("", "", frozenset(), frozenset())


@dataclass(frozen=True)
class Change:
    """A change of one group.

    Attributes:
        kind: CREATE, EDIT or DELETE.
        key: the key of the group.
        place: where the sheet asks for it; '' where it only follows.
        before, after: the group before and after; NOTHING where there is none.
        group: the row, unless it is still to be made.
        is_consequence: whether it follows from other changes and takes no right of its own: the
            actor's groups may give what the actor adds, as they may on the page of a new group.
        members: the people to whom a group is given back, when its removal is undone.
        reviewer_id: who reviews a group that is there again; sheets do not say it.
    """

    kind: str
    key: str
    place: str
    before: State
    after: State
    group: Group | None = None
    is_consequence: bool = False
    members: tuple["Member", ...] = ()
    reviewer_id: int | None = None

    @property
    def name(self) -> str:
        """What the group is called, afterwards if it is still there."""
        return self.after.name or self.before.name

    @property
    def gained(self) -> list[str]:
        """The codes that members gain."""
        return sorted(self.after.permissions - self.before.permissions)

    @property
    def lost(self) -> list[str]:
        """The codes that members lose."""
        return sorted(self.before.permissions - self.after.permissions)

    @property
    def grants_gained(self) -> list[str]:
        """The keys of the groups that members may give from then on."""
        return sorted(self.after.grants - self.before.grants)

    @property
    def grants_lost(self) -> list[str]:
        """The keys of the groups that members may give no more."""
        return sorted(self.before.grants - self.after.grants)

    @property
    def unmasks(self) -> bool:
        """Whether members see unmasked data from then on, as far as this group decides."""
        return self.before.mask_data and not self.after.mask_data

    @property
    def touches_people(self) -> bool:
        """Whether members may do more or less afterwards."""
        return bool(self.gained or self.lost or self.grants_gained or self.grants_lost)

    def stored(self) -> dict[str, object]:
        """Return the change as JSON has it, with the version that it begins from."""
        return {
            "kind": self.kind,
            "key": self.key,
            "id": self.group.id if self.group else None,
            "version": self.group.version if self.group else None,
            "before": self.before.stored(),
            "after": self.after.stored(),
        }


@dataclass
class Plan:
    """What a sheet would change.

    Attributes:
        changes: by key.
        problems: why it cannot be done; nothing is, if there is one.
        left_alone: how many groups of the sheet are there already, in the mode "create".
        skips_administrators: whether the sheet has the group Administrators.
    """

    changes: list[Change] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)
    left_alone: int = 0
    skips_administrators: bool = False

    @property
    def digest(self) -> str:
        """What tells this plan from any other."""
        text = json.dumps([change.stored() for change in self.changes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def of_kind(self, kind: str) -> list[Change]:
        """Return the changes of one kind."""
        return [change for change in self.changes if change.kind == kind]


class Live:
    """The groups as they are, by key: those that the actor sees, and the others.

    A sheet neither shows nor changes the others, nor who can assign them. With `locked`, all of
    them stay as they are until the transaction ends.
    """

    def __init__(self, actor: Actor, *, locked: bool = False) -> None:
        statement = select(Group, scope(actor, Group)).order_by(Group.id)
        if locked:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        rows = db.session.execute(statement.options(selectinload(Group.grants))).all()
        self.groups = {group.key: group for group, is_seen in rows if is_seen}
        self.unseen = {group.key: group for group, is_seen in rows if not is_seen}

    @property
    def given_unseen(self) -> set[str]:
        """The keys of the groups that those can assign which the actor does not see."""
        return {other.key for group in self.unseen.values() for other in group.grants}

    def state(self, key: str) -> State:
        """Return the group of this key as a sheet would have it."""
        state = state_of(self.groups[key])
        return replace(state, grants=state.grants - self.unseen.keys())


def state_of(group: Group) -> State:
    """Return a group as a sheet would have it."""
    return State(
        group.name,
        group.description,
        frozenset(group.permissions),
        frozenset(other.key for other in group.grants),
        group.mask_data,
    )


def in_order(changes: Iterable[Change]) -> Sequence[Change]:
    """Return the changes by key."""
    return sorted(changes, key=lambda change: change.key)

"""Who asks, for what, and what the policy expects: the words of the access table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.models.base import Record
from backoffice.policy.shipped import SHIPPED

METHODS = ("GET", "POST")
MAP = {shipped.key: shipped for shipped in SHIPPED}


class Unknown(AssertionError):
    """A page or action of which nobody has said what the policy expects."""


@dataclass(frozen=True)
class Person:
    """Somebody who asks: a member of the shipped group `key`, or with no key somebody who is not signed in."""

    key: str | None

    @property
    def signed_in(self) -> bool:
        return self.key is not None

    def holds(self, code: str) -> bool:
        """Whether the shipped group has the code, by the policy and not by the database."""
        return self.key is not None and code in MAP[self.key].permissions()


@dataclass(frozen=True)
class World:
    """What is there to ask for: of each model two rows, and what somebody else has previewed and run."""

    rows: Mapping[type[Record], tuple[int, int]]
    versions: Mapping[type[Record], int] = field(default_factory=dict)
    preview: str = ""


@dataclass(frozen=True)
class Try:
    """One request to a page, and the statuses that the policy expects; `values` fill in the rule."""

    method: str
    expected: tuple[int, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A Try with its address."""

    method: str
    path: str
    data: Mapping[str, Any]
    expected: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {dict(self.data) or ''}".strip()


Tries = Iterable[Try]

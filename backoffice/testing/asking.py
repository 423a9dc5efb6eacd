"""The terms of the access table: the person, the request, and the expected answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.models.base import Record
from backoffice.policy.shipped import SHIPPED

METHODS = ("GET", "POST")
MAP = {shipped.key: shipped for shipped in SHIPPED}


class Unknown(AssertionError):
    """A page or action for which the access table has no expectation."""


@dataclass(frozen=True)
class Person:
    """A visitor: a member of the shipped group `key`, or somebody who is not signed in."""

    key: str | None

    @property
    def signed_in(self) -> bool:
        return self.key is not None

    def holds(self, code: str) -> bool:
        """Return whether the shipped group has the code, by the policy and not by the database."""
        return self.key is not None and code in MAP[self.key].permissions()


@dataclass(frozen=True)
class World:
    """The rows to ask for: two of each model, what another person has previewed, run and saved."""

    rows: Mapping[type[Record], tuple[int, int]]
    versions: Mapping[type[Record], int] = field(default_factory=dict)
    preview: str = ""
    view: int = 0

    def row(self, model: type[Record], number: int = 0) -> int:
        """Return the id of one of the two rows of a model. Raises Unknown where it has none."""
        if model not in self.rows:
            raise Unknown(
                f"no row of {model.__name__} to ask for: "
                "give two of them in the fixture that stores rows, `there` in tests/conftest.py"
            )
        return self.rows[model][number]


@dataclass(frozen=True)
class Try:
    """One request to a page, and the statuses that the policy expects.

    `values` fill in the rule of the URL map.
    """

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

"""What a sheet holds, and what may be wrong with it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from backoffice import limits
from backoffice.errors import RuleBroken

FORMAT = "backoffice-groups"
VERSION = 1


@dataclass(frozen=True)
class Entry:
    """A group of a sheet; None says that the sheet leaves a part of it as it is.

    Attributes:
        place: where it stands, such as `groups[3]`.
        key: the key of the group; None if it is known by its name.
        grants: the keys of the groups that its members can assign.
        mask_data: whether its members see personal data of clients masked.
        all_permissions: whether it is Administrators, which a sheet does not change.
    """

    place: str
    name: str
    key: str | None = None
    description: str | None = None
    permissions: tuple[str, ...] | None = None
    grants: tuple[str, ...] | None = None
    mask_data: bool | None = None
    all_permissions: bool = False


@dataclass(frozen=True)
class Problem:
    """What is wrong at a place of a sheet.

    `code` is the permission that the importer lacks, if it is that.
    """

    place: str
    sentence: str
    code: str | None = None


@dataclass
class Problems:
    """The first problems of a sheet, and the number of all."""

    first: list[Problem] = field(default_factory=list)
    number: int = 0

    def add(self, place: str, sentence: object, *, code: str | None = None) -> None:
        """Add a problem; where there may be very many, its sentence is a lazy text."""
        self.number += 1
        if len(self.first) < limits.SHEET_PROBLEMS:
            self.first.append(Problem(place, str(sentence), code))

    def extend(self, others: "Problems") -> None:
        """Add those of another judgement, but one for each place."""
        for problem in others:
            if not self.has(problem.place):
                self.add(problem.place, problem.sentence, code=problem.code)
        self.number += others.more

    def sort(self) -> None:
        """Put those that are listed in the order of their places."""
        self.first.sort(key=lambda problem: _in_order(problem.place))

    def has(self, where: str) -> bool:
        """Return whether one of those that are listed is at this place."""
        return any(problem.place == where for problem in self.first)

    def __bool__(self) -> bool:
        return self.number > 0

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.first)

    @property
    def more(self) -> int:
        """How many problems are not listed."""
        return self.number - len(self.first)

    @property
    def lacking(self) -> str | None:
        """The permission that the importer lacks first."""
        return next((problem.code for problem in self.first if problem.code), None)


class SheetRefused(RuleBroken):
    """The sheet cannot be imported; `problems` says why, place by place."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(first_of(problems), field="sheet")
        self.problems = problems


def first_of(problems: Iterable[Problem]) -> str:
    """Return the first problem as one line."""
    problem = next(iter(problems))
    return f"{problem.place}: {problem.sentence}" if problem.place else problem.sentence


def place(parent: str, name: str | int) -> str:
    """Return where a part of a sheet stands: `place("groups[3]", "name")` is `groups[3].name`."""
    if isinstance(name, int):
        return f"{parent}[{name}]"
    return f"{parent}.{name}" if parent else name


def _in_order(where: str) -> list[str | int]:
    """Return what sorts a place: its numbers as such, between the words."""
    return [int(part) if part.isdecimal() else part for part in re.split("([0-9]+)", where)]


def doubled(values: Sequence[str]) -> Iterator[int]:
    """Yield the places of the values that stand before already."""
    seen = set()
    for number, value in enumerate(values):
        if value in seen:
            yield number
        seen.add(value)

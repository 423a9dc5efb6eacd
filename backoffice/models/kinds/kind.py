"""Kind: what all columns of one kind have in common, apart from how they look on a page.

A kind is described below the web: how its values are read, checked, written, exported, noted in
events, masked and described. What SQL its filter becomes follows from the filter's shape
(data/filters.py). Its field in forms is in forms/kinds.py, and its cell in views/screen/cells.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic

from typing_extensions import TypeVar

from backoffice.models.types import TableColumn

T = TypeVar("T")
Value = TypeVar("Value", default=Any)  # Kind alone means one whose values are of any type
Schema = dict[str, object]  # words of JSON Schema (2020-12)
# The shapes that a filter can have; '' means that no list can be filtered by the kind.
SHAPES = ("", "text", "exact", "range", "day", "moment", "choice", "code", "derived", "yes", "rows")


class Kind(Generic[Value]):
    """The meaning of a column's values, which are of the type `Value` where they are stored.

    A kind is made once, and has no state. Subclasses set these class attributes:

    Attributes:
        name: the word for it, which a column's `info` may say as `kind`.
        types: the types of columns that are of this kind unless they say another one.
        shape: the shape of its filter, one of SHAPES.
        sorts: whether a list may be ordered by it.
        searched: whether a search looks into it, where the model does not say what is searched.
        lowest: a value that sorts before every other one, and stands for NULL in an order.
        written: whether a form may write it.
    """

    name: ClassVar[str]
    types: ClassVar[tuple[type, ...]] = ()
    shape: ClassVar[str] = ""
    sorts: ClassVar[bool] = False
    searched: ClassVar[bool] = False
    lowest: ClassVar[object] = ""
    written: ClassVar[bool] = True

    def mistakes(self, column: TableColumn) -> Iterator[str]:
        """Yield what is wrong with the declaration of the column, as sentences with the cure."""
        yield from ()

    def check(self, column: TableColumn, value: object) -> Value:
        """Return a value that is not None as the column stores it.

        Raises ValueError with the sentence that people read if it does not fit.
        """
        return value  # type: ignore[return-value]  # what is not checked is of the type already

    def parse(self, column: TableColumn, text: str) -> Value | None:
        """Return the value that a person or a file wrote; nothing is None.

        Raises ValueError with the sentence that people read if it is no value of the column.
        """
        text = text.strip()
        return self.check(column, text) if text else None

    def write(self, column: TableColumn, value: Value | None) -> str:
        """Write a value as people read and type it, so that `parse` returns it again."""
        return "" if value is None else str(value)

    def export(self, column: TableColumn, value: Value | None) -> object:
        """Return what a cell of a spreadsheet holds: a number, a date, a truth or a text."""
        return None if value is None else self.write(column, value)

    def plain(self, column: TableColumn, value: Value | None) -> object:
        """Return the value as JSON has it: in events, exports and answers of an API."""
        return None if value is None else self.write(column, value)

    def note(self, column: TableColumn, value: Value | None) -> object:
        """Return the value as events keep it: what JSON has, and what every engine reads alike."""
        return self.plain(column, value)

    def mask(self, value: Value) -> str:
        """Return what those see from whom the value is hidden."""
        return "***" if value else ""

    def refusal(self, column: TableColumn) -> str:
        """Return the sentence for a value that the database refuses: what would fit."""
        return ""

    def schema(self, column: TableColumn) -> Schema:
        """Describe the value that `plain` returns."""
        return {"type": "string"}


def part_of(kind: Kind, parts: Mapping[type[Kind], T]) -> T:
    """Return the part that belongs to a kind, or else to the kind that it is derived from.

    Raises LookupError if there is none.
    """
    for cls in type(kind).__mro__:
        if cls in parts:
            return parts[cls]
    raise LookupError(f"there is no part for the kind {kind.name!r}")

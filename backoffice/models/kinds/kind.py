"""Kind: what all columns of one kind have in common, apart from how they look on a page.

A kind says, below the web, how its values are cleaned, parsed, written, exported and kept in
events. The SQL of its filter follows from the filter's shape (data/conditions.py). Its field is in
forms/kinds.py, and its cell in views/screen/cells.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic

from typing_extensions import TypeVar

from backoffice.models.types import TableColumn

T = TypeVar("T")
Value = TypeVar("Value", default=Any)  # Kind alone means one whose values are of any type
# The shapes that a filter can have; '' means that no list can be filtered by the kind.
SHAPES = (
    *("", "text", "exact", "range", "day", "moment"),
    *("choice", "code", "derived", "members", "yes", "filled", "rows"),
)


class Kind(Generic[Value]):
    """The meaning of a column's values, which are of the type `Value` where they are stored.

    A kind is made once, and has no state. Subclasses set these class attributes:

    Attributes:
        name: the word for it, which a column's `info` may say as `kind`.
        types: the types of columns that are of this kind unless they say another one.
        shape: the shape of its filter, one of SHAPES.
        sorts: whether a list may be ordered by it.
        searched: whether a search looks into it, where the model does not say what is searched.
        editable: whether a form may have a field for it.
    """

    name: ClassVar[str]
    types: ClassVar[tuple[type, ...]] = ()
    shape: ClassVar[str] = ""
    sorts: ClassVar[bool] = False
    searched: ClassVar[bool] = False
    editable: ClassVar[bool] = True

    def mistakes(self, column: TableColumn) -> Iterator[str]:
        """Yield what is wrong with the declaration of the column, as sentences with the cure."""
        yield from ()

    def lowest(self, column: TableColumn) -> object:
        """Return a value that sorts before every other one, and stands for NULL in an order."""
        return ""

    def clean(self, column: TableColumn, value: object) -> Value:
        """Convert a value, never None, to what the column stores.

        Raises ValueError with the sentence that people read if it does not fit.
        """
        return value  # type: ignore[return-value]  # what is not converted is of the type already

    def parse(self, column: TableColumn, text: str) -> Value | None:
        """Return the value that a person or a file wrote; an empty text becomes None.

        Raises ValueError with the sentence that people read if it is no value of the column.
        """
        text = text.strip()
        return self.clean(column, text) if text else None

    def write(self, column: TableColumn, value: Value | None) -> str:
        """Write a value as people read and type it, so that `parse` returns it again."""
        return "" if value is None else str(value)

    def keep(self, column: TableColumn, value: Value) -> str:
        """Write a value as a bulk run keeps it, so that `recall` returns it again."""
        return self.write(column, value)

    def recall(self, column: TableColumn, text: str) -> Value | None:
        """Return the value that a bulk run has kept, or that a person gave for a new one.

        Raises ValueError as `parse` does.
        """
        return self.parse(column, text)

    def tell(self, column: TableColumn, value: Value) -> str:
        """Write a value within a sentence, in the reader's language."""
        return self.write(column, value)

    def export(self, column: TableColumn, value: Value | None) -> object:
        """Return what a cell of a spreadsheet holds: a number, a date, a boolean or a text."""
        return None if value is None else self.write(column, value)

    def plain(self, column: TableColumn, value: Value | None) -> object:
        """Return the value as JSON has it, for exports in that format."""
        return None if value is None else self.write(column, value)

    def note(self, column: TableColumn, value: Value | None) -> object:
        """Return the value as events keep it: as JSON that every engine reads alike."""
        return self.plain(column, value)

    def refusal(self, column: TableColumn) -> str:
        """Return the sentence for a value that the database refuses: what would fit."""
        return ""


def part_of(kind: Kind, parts: Mapping[type[Kind], T]) -> T:
    """Return the part that belongs to a kind, or else to the kind that it is derived from.

    Raises LookupError if there is none.
    """
    for cls in type(kind).__mro__:
        if cls in parts:
            return parts[cls]
    raise LookupError(f"there is no part for the kind {kind.name!r}")

"""What is no column: related rows, and values that Python computes."""

from backoffice.models.kinds.kind import Kind, Schema
from backoffice.models.types import TableColumn


class One(Kind):
    """One related row. Forms send its id, people read its label."""

    name = "one"
    shape = "rows"

    def schema(self, column: TableColumn) -> Schema:
        return {"type": "integer"}


class Many(Kind):
    """Several related rows."""

    name = "many"
    shape = "rows"

    def schema(self, column: TableColumn) -> Schema:
        return {"type": "array", "items": {"type": "integer"}}


class Computed(Kind):
    """A value that is computed, and can be shown alone."""

    name = "computed"
    written = False

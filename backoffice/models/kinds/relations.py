"""What is no column: related rows, and values that Python computes."""

from backoffice.models.kinds.kind import Kind


class One(Kind):
    """One related row. Forms send its id, people read its label."""

    name = "one"
    shape = "rows"


class Many(Kind):
    """Several related rows."""

    name = "many"
    shape = "rows"


class Computed(Kind):
    """A value that is computed, and can be shown alone."""

    name = "computed"
    editable = False

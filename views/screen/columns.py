"""Where the attributes of a model stand on its screen: on its pages, and within its form."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from views.screen.cells import OwnCell, Words

# In the list, or offered for it; as a filter; among the details, or there under History; in
# exported files; in the form.
PLACES = ("shown", "offered", "filter", "details", "history", "export", "form")
# The sections of a form, heading to names; those in a tuple of their own stand side by side.
Layout = Mapping[str, Sequence[str | Sequence[str]]]


@dataclass(frozen=True)
class Column:
    """One column of a screen.

    Attributes:
        name: the attribute of the model.
        places: the words of PLACES that hold for it, with blanks in between.
        label: what people call it, if its name does not say it.
        description: the help below its field.
        formatter: makes its cell in the list.
        value_label: what people call one of its values.
    """

    name: str
    places: str
    label: str = ""
    description: str = ""
    formatter: OwnCell | None = None
    value_label: Words | None = None

    def stands(self, *places: str) -> bool:
        """Tell whether it stands in one of these places."""
        return not set(places).isdisjoint(self.places.split())

    def mistakes(self) -> Iterator[str]:
        """Yield what is wrong with it, as sentences with the cure."""
        for place in self.places.split():
            if place not in PLACES:
                yield f"{self.name!r} cannot stand in {place!r}: use {', '.join(PLACES)}"


def lists_of(table: Sequence[Column]) -> Mapping[str, Sequence[str] | Mapping[str, object]]:
    """Return the options of a screen that follow from its table of columns."""
    if not table:
        return {}
    return {
        "column_list": _named(table, "shown", "offered"),
        "column_default_list": _named(table, "shown"),
        "column_filters": _named(table, "filter"),
        "column_details_list": _named(table, "details", "history"),
        "column_history_list": _named(table, "history"),
        "column_export_list": _named(table, "export"),
        "form_columns": _named(table, "form"),
        "column_labels": {each.name: each.label for each in table if each.label},
        "column_descriptions": {e.name: e.description for e in table if e.description},
        "column_formatters": {e.name: e.formatter for e in table if e.formatter},
        "column_value_labels": {e.name: e.value_label for e in table if e.value_label},
    }


def _named(table: Sequence[Column], *places: str) -> tuple[str, ...]:
    """Return the names of the columns that stand in one of these places, in order."""
    return tuple(column.name for column in table if column.stands(*places))


def lines_of(layout: Layout) -> Iterator[tuple[str, list[Sequence[str]]]]:
    """Yield each heading of a form with its lines, of one name or several."""
    for heading, names in layout.items():
        yield heading, [[name] if isinstance(name, str) else name for name in names]


def names_of(layout: Layout) -> tuple[str, ...]:
    """Return all names of a form's sections, in order."""
    return tuple(name for _heading, lines in lines_of(layout) for line in lines for name in line)

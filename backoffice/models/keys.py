"""Keys: beside every text that people write stands the form in which it is compared, `city_key` beside `city`.

Both engines compare, sort and search only keys, byte by byte, and so answer the same; an index on a key serves all
three. A model that is `Searchable` gets them by itself. `info={"kind": ...}` says that a text is an `email`, a `phone`
or a `login`; `info={"key": False}` that it needs no key, for a code or for what the search key has anyway.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Column, Enum, String, Text, inspect
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import NullType

from backoffice.text import address_key, fold, login_key, phones
from backoffice.text.looks import skeleton

SUFFIX, LOOKS = "_key", "_skeleton"
SEARCH_LENGTH = 700
MAKERS: dict[str, Callable[[str], str]] = {
    "text": fold,
    "email": address_key,
    "login": login_key,
    "phone": phones.digits,
}


class Key(NamedTuple):
    """The attribute `name` is kept for comparison in the attribute `key`, as `make` makes it of the text.

    What has to be unique is never cut to `length`: it is refused where it is too long.
    """

    name: str
    key: str
    make: Callable[[str], str]
    empty: str | None = ""
    length: int | None = None
    unique: bool = False

    def of(self, text: str | None) -> str | None:
        """What the key holds for this text."""
        if not text:
            return self.empty
        return self.make(text) if self.unique else self.make(text)[: self.length]


def key_type(length: int | None) -> String:
    """Compared byte by byte on both engines: in the order of the characters' numbers."""
    plain: type[String] = String if length else Text
    return plain(length).with_variant(plain(length, collation="C"), "postgresql")


def text_kind(column: Any) -> str:
    """Which kind of text a column holds: text, email, phone or login; '' if none that people write."""
    if not isinstance(column.type, String) or isinstance(column.type, Enum):
        return ""
    if column.info.get("hidden") or "choices" in column.info or column.foreign_keys:
        return ""
    return str(column.info.get("kind", "text"))


def declare(model: type[Any]) -> None:
    """Give `model`, before it is mapped, a hidden key column for each of its texts that has none."""
    for name, annotation in list(vars(model).get("__annotations__", {}).items()):
        column = _column(vars(model).get(name), annotation)
        wanted = column is not None and text_kind(column) and column.info.get("key", True)
        if wanted and not hasattr(model, name + SUFFIX):
            setattr(model, name + SUFFIX, _key_column(column))


def _key_column(column: Any) -> MappedColumn[Any]:
    """What may not be twice may not be twice in any spelling. Rows from before, or written by SQL, have no key yet."""
    unique = bool(column.unique)
    empty: dict[str, Any] = {"default": None} if unique else {"default": "", "server_default": ""}
    return mapped_column(
        key_type(getattr(column.type, "length", None)),
        unique=unique or None,
        nullable=unique,
        info={"hidden": True, "personal": column.info.get("personal")},
        sort_order=94,
        **empty,
    )


def _column(declared: Any, annotation: Any) -> Column[Any] | None:
    """The column that a class body declares; the type may stand in the annotation alone."""
    if not isinstance(declared, MappedColumn):
        return Column(Text()) if declared is None and _is_text(annotation) else None
    column = declared.column
    if isinstance(column.type, NullType) and _is_text(annotation):
        return Column(Text(), info=column.info)
    return column


def _is_text(annotation: Any) -> bool:
    return str(annotation).removeprefix("sqlalchemy.orm.base.") in (
        "Mapped[str]",
        "Mapped[str | None]",
    )


@cache
def keys_of(model: Hashable) -> tuple[Key, ...]:
    """The keys of `model`, those that it declares itself and skeletons (text/looks.py) included."""
    columns = {a.key: a.columns[0] for a in inspect(model).column_attrs}
    found = []
    for name, column in columns.items():
        makers = {name + SUFFIX: MAKERS.get(text_kind(column)), name + LOOKS: skeleton}
        for key_name, make in makers.items():
            if make is not None and (key := columns.get(key_name)) is not None:
                length, unique = (
                    getattr(key.type, "length", None),
                    bool(key.unique) or make is skeleton,
                )
                found.append(
                    Key(name, key_name, make, None if key.nullable else "", length, unique)
                )
    return tuple(found)


def keep(row: Any) -> None:
    """Set the keys of new texts to what those are now, and the search key.

    A text that stays as it is keeps its key: of two rows that were alike before that was forbidden, the later one has
    a key of its own.
    """
    state = inspect(row)
    for key in keys_of(state.class_):
        if not state.persistent or state.attrs[key.name].history.has_changes():
            setattr(row, key.key, key.of(getattr(row, key.name)))
    row.search_key = search_key(type(row), {name: getattr(row, name) for name in row.__search__})


def search_key(model: type[Any], values: Mapping[str, str | None]) -> str:
    """All texts of `__search__` in one, folded: names as they are, addresses and phones as they are sought."""
    columns = inspect(model).column_attrs
    texts = []
    for name in model.__search__:
        kind = text_kind(columns[name].columns[0]) if name in columns else "text"
        make = MAKERS[kind] if kind in ("email", "phone") else str
        texts.append(make(values.get(name) or ""))
    return fold(" ".join(texts))[:SEARCH_LENGTH]


def with_keys(model: Hashable, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values to set on many rows at once, with the keys of the texts among them; the search key is yours to set.

    Raises TypeError where a text is an expression, of which no key can be made.
    """
    found = dict(values)
    for key in keys_of(model):
        if key.name in values and key.key not in values:
            text = values[key.name]
            if not isinstance(text, str | None):
                raise TypeError(f"{key.name} has a key: set it to a text, or set {key.key} as well")
            found[key.key] = key.of(text)
    return found

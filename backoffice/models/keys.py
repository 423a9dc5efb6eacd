"""Keys: for every text that people write, the form in which it is compared.

The key of `city` is in the column `city_key`. Both engines compare, sort and search only keys, byte
by byte, and therefore give the same answers; one index on a key serves all three.

A model that is `Searchable` gets keys automatically; the kind of a text makes its key.
`info={"key": False}` says that a text needs none, because it is a code or because the search key
contains it anyway.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import String, inspect
from sqlalchemy import Text as TextType
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import NullType

from backoffice.models import kinds
from backoffice.models.kinds.texts import Email, Phone, Text
from backoffice.models.types import TableColumn
from backoffice.text import fold
from backoffice.text.looks import skeleton

SUFFIX = "_key"
LOOKS = "_skeleton"
SEARCH_LENGTH = 700  # characters


class Key(NamedTuple):
    """How the key of one text is kept.

    Attributes:
        name: the attribute with the text.
        key: the attribute with the key.
        make: makes the key from the text.
        empty: the key of an empty text.
        length: the length to which a key is cut, unless it is unique.
        unique: whether keys are unique. Such a key is never cut; if it is too long, it is refused.
    """

    name: str
    key: str
    make: Callable[[str], str]
    empty: str | None = ""
    length: int | None = None
    unique: bool = False

    def of(self, text: str | None) -> str | None:
        """Return the key of this text."""
        if not text:
            return self.empty
        key = self.make(text)
        return key if self.unique else key[: self.length]


def key_type(length: int | None) -> String:
    """Return a type that both engines compare byte by byte, in the order of code points."""
    plain: type[String] = String if length else TextType
    return plain(length).with_variant(plain(length, collation="C"), "postgresql")


def text_kind(column: TableColumn) -> Text | None:
    """Return the kind of the text in a column, or None if it holds none that people write."""
    if not isinstance(column.type, String) or column.foreign_keys:
        return None
    kind = kinds.of(column)
    return kind if isinstance(kind, Text) else None


def declare(model: type[object]) -> None:
    """Add to `model`, before it is mapped, a hidden key column for each text that has none."""
    annotations = vars(model).get("__annotations__", {})
    for name, annotation in list(annotations.items()):
        column = _column(vars(model).get(name), annotation)
        if column is None or not text_kind(column) or not column.info.get("key", True):
            continue
        if not hasattr(model, name + SUFFIX):
            setattr(model, name + SUFFIX, _key_column(column))


def _key_column(column: TableColumn) -> MappedColumn[str | None]:
    """Return the key column for a text; if the text is unique, its key is unique as well.

    Existing rows, and rows that plain SQL inserts, have no key yet: NULL if unique, else ''.
    """
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


def _column(declared: object, annotation: object) -> TableColumn | None:
    """Return the column that a class body declares, whose type may be only in the annotation."""
    if declared is None:
        return mapped_column(TextType()).column if _is_text(annotation) else None
    if not isinstance(declared, MappedColumn):
        return None
    column = declared.column
    if isinstance(column.type, NullType) and _is_text(annotation):
        return mapped_column(TextType(), info=column.info).column
    return column


def _is_text(annotation: object) -> bool:
    return str(annotation).removeprefix("sqlalchemy.orm.base.") in (
        "Mapped[str]",
        "Mapped[str | None]",
    )


@cache
def keys_of(model: Hashable) -> tuple[Key, ...]:
    """Return the keys of `model`, including those that it declares itself and skeletons.

    A skeleton is the key for texts that look alike, see text/looks.py.
    """
    if not getattr(model, "__folds__", True):  # a column of an existing table is only called so
        return ()
    columns = {attribute.key: attribute.columns[0] for attribute in inspect(model).column_attrs}
    keys = []
    for name, column in columns.items():
        kind = text_kind(column)
        key_column = columns.get(name + SUFFIX)
        if kind is not None and key_column is not None:
            is_unique = bool(key_column.unique)
            keys.append(_key(name, name + SUFFIX, kind.key, key_column, unique=is_unique))
        looks_column = columns.get(name + LOOKS)
        if looks_column is not None:
            # Models declare its uniqueness in an index of their own.
            keys.append(_key(name, name + LOOKS, skeleton, looks_column, unique=True))
    return tuple(keys)


def _key(
    name: str, key_name: str, make: Callable[[str], str], column: TableColumn, *, unique: bool
) -> Key:
    empty = None if column.nullable else ""
    length = getattr(column.type, "length", None)
    return Key(name, key_name, make, empty, length, unique)


def update(row: Any) -> None:
    """Set the keys of the row's new texts, and its search key.

    A text that is unchanged keeps its key: if two rows were alike before that was forbidden, the
    later one has a different key than its text would get now.
    """
    state = inspect(row)
    for key in keys_of(state.class_):
        if not state.persistent or state.attrs[key.name].history.has_changes():
            text = getattr(row, key.name)
            setattr(row, key.key, key.of(text))
    texts = {name: getattr(row, name) for name in row.__search__}
    row.search_key = search_key(type(row), texts)


def search_key(model: type[Any], values: Mapping[str, str | None]) -> str:
    """Return all texts of `__search__` in one, folded.

    E-mail addresses and phone numbers are in the form of their keys, other texts as they are.
    """
    searched = _searched(model)  # type: ignore[arg-type]  # a class, which is hashable
    texts = (make(values.get(name) or "") for name, make in searched)
    return fold(" ".join(texts))[:SEARCH_LENGTH]


@cache
def _searched(model: Any) -> tuple[tuple[str, Callable[[str], str]], ...]:
    """Return the attributes that are searched, and what makes of each text what is folded."""
    columns = inspect(model).column_attrs
    found: list[tuple[str, Callable[[str], str]]] = []
    for name in model.__search__:
        kind = text_kind(columns[name].columns[0]) if name in columns else None
        found.append((name, kind.key if isinstance(kind, (Email, Phone)) else str))
    return tuple(found)


def with_keys(model: Hashable, values: Mapping[str, object]) -> dict[str, object]:
    """Return the values to set on many rows at once, with the keys of the texts among them.

    The search key is not included: the caller has to set it. Raises TypeError if a text is an SQL
    expression, of which no key can be made.
    """
    result = dict(values)
    for key in keys_of(model):
        if key.name not in values or key.key in values:
            continue
        text = values[key.name]
        if not isinstance(text, str | None):
            raise TypeError(f"{key.name} has a key: set it to a text, or set {key.key} as well")
        result[key.key] = key.of(text)
    return result

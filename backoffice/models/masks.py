"""What models say about masks: which columns are masked, and how (text/masks.py).

A column says so by `column(mask="email")`, and a computed attribute in `__masks__` of its model.
Who sees the masks is decided in policy/masking.py.
"""

from collections.abc import Iterator
from functools import cache, lru_cache

from sqlalchemy import (
    ColumnElement,
    Dialect,
    String,
    TypeDecorator,
    case,
    inspect,
    literal,
    or_,
    type_coerce,
)

from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.models.kinds import Kind
from backoffice.models.kinds.files import File
from backoffice.models.kinds.texts import Code, Email, Phone, Text
from backoffice.models.types import Expression
from backoffice.text.masks import MASKS

MASK = "mask"  # the key in the `info` of a column
KINDS: dict[str, type[Kind]] = {
    "email": Email,
    "file": File,
    "name": Text,
    "phone": Phone,
    "text": Text,
}
PLAIN, COVERED = "+", "-"  # before what a statement reads


@lru_cache(maxsize=1024)  # names come from addresses too
def of(model: type[Record], name: str) -> str:
    """Return the mask of the attribute `name`, or '' if everybody sees its values."""
    if name in model.__masks__:
        return model.__masks__[name]
    if name not in inspect(model).column_attrs or not fields.is_column(model, name):
        return ""
    mask: str = fields.column(model, name).info.get(MASK, "")
    return mask


@cache
def names(model: type[Record]) -> frozenset[str]:
    """Return the attributes of `model` that have a mask."""
    columns = inspect(model).column_attrs.keys()
    return frozenset(name for name in (*columns, *model.__masks__) if of(model, name))


class Masked(TypeDecorator[str]):
    """A text that is masked when it is read, unless the statement marks it as PLAIN.

    Both engines thus mask alike, by the one function in Python.
    """

    impl = String
    cache_ok = True

    def __init__(self, mask: str) -> None:
        super().__init__()
        self.mask = mask

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        text = value[len(PLAIN) :]
        return text if value.startswith(PLAIN) else MASKS[self.mask](text)


def covered(mask: str, text: Expression, *plain: ColumnElement[bool]) -> Expression:
    """Return the text in SQL, masked when it is read but for rows that meet one of the conditions.

    It can be selected, and not be compared.
    """
    mark = case((or_(*plain), PLAIN), else_=COVERED) if plain else literal(COVERED)
    return type_coerce(mark.concat(text), Masked(mask))


def mistakes(model: type[Record]) -> Iterator[str]:
    """Yield what is wrong with the masks of a model, as sentences with the cure."""
    for attribute in inspect(model).column_attrs:
        if fields.is_column(model, attribute.key):
            yield from _of_column(model, attribute.key)
    for name, mask in model.__masks__.items():
        if not hasattr(model, name):
            yield f"__masks__ of {model.__name__} names {name!r}, which it does not have"
        if mask and mask not in MASKS:
            yield f"{model.__name__}.{name}: {_unknown(mask)}"
    if names(model):
        yield from _unsaid(model)


def _of_column(model: type[Record], name: str) -> Iterator[str]:
    mask = fields.column(model, name).info.get(MASK, "")
    kind = fields.kind(model, name)
    if not mask:
        return
    if mask not in MASKS:
        yield f"{model.__name__}.{name}: {_unknown(mask)}"
    elif not isinstance(kind, KINDS[mask]) or isinstance(kind, Code):
        said = f"a column of the kind {kind.name!r}" if kind else "a hidden column"
        yield f"{model.__name__}.{name}: {said} takes no mask {mask!r}: leave it out"


def _unknown(mask: str) -> str:
    return f"there is no mask {mask!r}: use one of {', '.join(MASKS)}"


def _unsaid(model: type[Record]) -> Iterator[str]:
    """Yield each computed attribute that does not say how much it tells of masked columns."""
    computed = [
        name
        for name in inspect(model).all_orm_descriptors.keys()  # noqa: SIM118  # it is no mapping
        if getattr(fields.kind(model, name), "name", "") == "computed"
    ]
    label = [] if model.__label__ in inspect(model).column_attrs else [model.__label__]
    for name in dict.fromkeys((*computed, *label)):
        if name not in model.__masks__:
            yield (
                f"{model.__name__}.{name} is computed, and may tell what is masked: say its mask, "
                f'__masks__ = {{"{name}": "name"}}, or "" if it tells nothing of it'
            )

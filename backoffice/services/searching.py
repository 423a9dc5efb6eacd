"""Searching a list: which rows hold the words that somebody typed."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, or_

from backoffice.errors import BadRequest
from backoffice.models import fields, search
from backoffice.models.base import Record, Searchable
from backoffice.text import cleaned, fold, is_id

LENGTH, WORDS = 200, 8


def parse(text: str) -> str:
    """The words as they are searched for. Raises BadRequest if they are too many."""
    words = cleaned(text).split()
    if len(" ".join(words)) > LENGTH or len(words) > WORDS:
        raise BadRequest(f"Search for at most {WORDS} words and {LENGTH} characters.", field="search")
    return " ".join(words)


def condition(model: type[Record], text: str, *, indexed: bool = True) -> ColumnElement[bool]:
    """The rows in which every word occurs, whatever its case and accents where the model keeps a search key.

    One or two letters have to begin a word; a number may also be the row's own. Where nearly every row matches, the
    first ones are found faster without the index than with it: `indexed=False`.
    """
    words = text.split()
    asked = [_occurs(model, word) for word in words]
    return and_(True, *asked, *(_indexed(model, words) if indexed else ()))


def _occurs(model: type[Record], word: str) -> ColumnElement[bool]:
    if issubclass(model, Searchable):
        found = search.occurs(model.search_key.expression, fold(word))
        return or_(found, model.id == int(word)) if is_id(word) else found
    kinds = {name: fields.kind(model, name) for name in fields.visible(model)}
    names = model.__search__ or tuple(name for name, kind in kinds.items() if kind in ("text", "code"))
    return or_(False, *(_within(model, name, word) for name in names))


def _within(model: type[Record], name: str, word: str) -> ColumnElement[bool]:
    """The word in one column; of a choice those values that hold it, which an index finds."""
    attribute = fields.attribute(model, name)
    if fields.kind(model, name) == "choice":
        return attribute.in_([value for value in fields.choices(model, name) if fold(word) in value])
    return attribute.icontains(word, autoescape=True)


def _indexed(model: type[Record], words: list[str]) -> Iterator[ColumnElement[bool]]:
    """What the index knows of it: all words at once, but for numbers, which may also be ids."""
    numbers = [word for word in words if is_id(word)]
    others = [fold(word) for word in words if not is_id(word)]
    asked = [search.candidates(model, others), *(search.candidates(model, [n], int(n)) for n in numbers)]
    yield from (found for found in asked if found is not None)

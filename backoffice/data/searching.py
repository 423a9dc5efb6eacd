"""Searching a list: which rows hold the words that somebody typed."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, union_all

from backoffice import limits
from backoffice.errors import BadRequest
from backoffice.extensions import configured
from backoffice.models import fields, search
from backoffice.models.base import Record, Searchable
from backoffice.text import address_key, cleaned, fold, is_id, phones
from backoffice.text.addresses import is_address

LENGTH, WORDS = limits.SEARCH, limits.SEARCH_WORDS


def parse(text: str) -> str:
    """The words as they are searched for. Raises BadRequest if they are too many."""
    words = cleaned(text).split()
    if len(" ".join(words)) > LENGTH or len(words) > WORDS:
        raise BadRequest(
            f"Search for at most {WORDS} words and {LENGTH} characters.", field="search"
        )
    return " ".join(words)


def condition(model: type[Record], text: str, *, indexed: bool = True) -> ColumnElement[bool]:
    """The rows in which every word occurs, whatever its case and accents where the model keeps a search key.

    One or two letters have to begin a word; a number may also be the row's own. Where nearly every row matches, the
    first ones are found faster without the index than with it: `indexed=False`.
    """
    words = text.split()
    asked = [_occurs(model, word) for word in words]
    found = and_(True, *asked, *(_indexed(model, words) if indexed else ()))
    number = _phone(model, text)
    if number is None:
        return found
    if not (indexed and model.__grams__):
        return or_(found, _holds(model, number))
    known = search.candidates(model, [number])
    by_number = _holds(model, number) if known is None else and_(_holds(model, number), known)
    # Each by the index, and then either: of conditions with OR between them no index is asked.
    either = (select(model.id).where(one).correlate(None) for one in (found, by_number))
    return model.id.in_(union_all(*either))


def _phone(model: type[Record], text: str) -> str | None:
    """The digits of the phone number that the whole search may be, however it is written; None if it is none."""
    numbered = issubclass(model, Searchable) and any(
        fields.kind(model, name) == "phone" for name in model.__search__
    )
    return (
        phones.sought(text, configured().default_country)
        if numbered and phones.is_sought(text)
        else None
    )


def _holds(model: Any, folded: str) -> ColumnElement[bool]:
    """In SQL: it occurs in the search key. Of what was asked for nothing may be left; then nothing is found."""
    return search.occurs(model.search_key.expression, folded) if folded else false()


def _folded(word: str) -> str:
    return fold(address_key(word) if is_address(word) else word)


def _occurs(model: type[Record], word: str) -> ColumnElement[bool]:
    if issubclass(model, Searchable):
        found = _holds(model, _folded(word))
        return or_(found, model.id == int(word)) if is_id(word) else found
    kinds = {name: fields.kind(model, name) for name in fields.visible(model)}
    names = model.__search__ or tuple(
        name for name, kind in kinds.items() if kind in (*fields.TEXTS, "code")
    )
    return or_(False, *(_within(model, name, word) for name in names))


def _within(model: type[Record], name: str, word: str) -> ColumnElement[bool]:
    """The word in one column; of a choice those values that hold it, which an index finds."""
    attribute = fields.attribute(model, name)
    if fields.kind(model, name) == "choice":
        return attribute.in_(
            [value for value in fields.choices(model, name) if fold(word) in value]
        )
    return attribute.icontains(word, autoescape=True)


def _indexed(model: type[Record], words: list[str]) -> Iterator[ColumnElement[bool]]:
    """What the index knows of it: all words at once, but for numbers, which may also be ids."""
    numbers = [word for word in words if is_id(word)]
    others = [_folded(word) for word in words if not is_id(word)]
    asked = [
        search.candidates(model, others),
        *(search.candidates(model, [n], int(n)) for n in numbers),
    ]
    yield from (found for found in asked if found is not None)

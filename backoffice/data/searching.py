"""Search a list: find the rows that contain the words of a search text."""

from collections.abc import Iterator, Sequence

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, false, or_, select, union_all

from backoffice import limits
from backoffice.errors import BadRequest
from backoffice.models import fields, row_keys, search
from backoffice.models.base import Record, Searchable
from backoffice.models.kinds.texts import Phone, Text
from backoffice.settings import configured
from backoffice.text import address_key, fold, is_id, phones, without_invisible
from backoffice.text.addresses import is_address

LENGTH = limits.SEARCH
WORDS = limits.SEARCH_WORDS


def parse(text: str) -> str:
    """Return the search text with single blanks. Raises BadRequest if it is too long."""
    words = without_invisible(text).split()
    joined = " ".join(words)
    if len(joined) > LENGTH or len(words) > WORDS:
        text = _(
            "Search for at most %(words)s words and %(characters)s characters.",
            words=WORDS,
            characters=LENGTH,
        )
        raise BadRequest(text, field="search")
    return joined


def condition(model: type[Record], text: str, *, indexed: bool = True) -> ColumnElement[bool]:
    """Return the SQL condition for the rows in which every word occurs.

    Case and accents do not matter if the model keeps a search key. A word of one or two letters
    has to begin a word of the row. A number may also be the id of the row.

    `indexed=False` leaves out the search index. If nearly every row matches, the first ones are
    found faster without it.
    """
    words = text.split()
    parts = [_occurs(model, word) for word in words]
    if indexed:
        parts.extend(_indexed(model, words))
    by_words = and_(True, *parts)
    number = _phone(model, text)
    if number is None:
        return by_words
    by_number = _contains(model, number)
    if not (indexed and model.__trigrams__):
        return or_(by_words, by_number)
    candidates = search.candidates(model, [number])
    if candidates is not None:
        by_number = and_(by_number, candidates)
    # The two are joined by UNION, because no index serves conditions with OR between them.
    ids = (select(model.id).where(part).correlate(None) for part in (by_words, by_number))
    return model.id.in_(union_all(*ids))


def _phone(model: type[Record], text: str) -> str | None:
    """Return the digits of the whole search text if it may be a phone number, or else None."""
    if not issubclass(model, Searchable):
        return None
    has_phones = any(isinstance(fields.kind(model, name), Phone) for name in model.__search__)
    if not has_phones or not phones.is_sought(text):
        return None
    return phones.sought(text, configured().default_country)


def _contains(model: type[Record], folded: str) -> ColumnElement[bool]:
    """Return the SQL condition that the search key contains the folded text.

    Folding may leave nothing of a text. Then no row is found, rather than all.
    """
    if not folded:
        return false()
    assert issubclass(model, Searchable)  # no other rows have a search key
    return search.occurs(model.search_key.expression, folded)


def _folded(word: str) -> str:
    if is_address(word):
        word = address_key(word)
    return fold(word)


def _occurs(model: type[Record], word: str) -> ColumnElement[bool]:
    """Return the SQL condition that the word occurs in the row."""
    if issubclass(model, Searchable):
        in_key = _contains(model, _folded(word))
        return or_(in_key, model.id == int(word)) if is_id(word) else in_key
    return or_(False, *(_within(model, name, word) for name in searched(model)))


def among(model: type[Record], text: str, names: Sequence[str]) -> ColumnElement[bool]:
    """Return the SQL condition for the rows in which every word occurs in one of these columns.

    A number may also be the id of the row. A word that is shorter than the runs of the search index
    has to be the whole value, for which every engine has an index.
    """
    return and_(True, *(_among(model, word, names) for word in text.split()))


def _among(model: type[Record], word: str, names: Sequence[str]) -> ColumnElement[bool]:
    numbers = [int(word)] if is_id(word) and row_keys.is_numbered(model) else []
    by_id = [model.id == number for number in numbers]
    if len(fold(word)) < search.RUN:
        return or_(False, *by_id, *(fields.attribute(model, name) == word for name in names))
    occurs = or_(False, *by_id, *(_within(model, name, word) for name in names))
    if not issubclass(model, Searchable):
        return occurs
    candidates = search.candidates(model, [fold(word)], *numbers)
    return occurs if candidates is None else and_(occurs, candidates)


def equals(model: type[Record], name: str, text: str) -> ColumnElement[bool] | None:
    """Return the SQL condition that a text column has this whole value, in any spelling.

    None if the text is no value of the column.
    """
    kind = fields.kind(model, name)
    assert isinstance(kind, Text)
    try:
        value = kind.clean(fields.column(model, name), text)
    except ValueError:
        return None
    if not value:
        return None
    key = fields.key_of(model, name)
    if key is None:
        return fields.attribute(model, name) == value
    return key == kind.key(value)


def searched(model: type[Record]) -> tuple[str, ...]:
    """Return the columns that a search in rows of `model` looks into."""
    return model.__search__ or text_columns(model)


def text_columns(model: type[Record]) -> tuple[str, ...]:
    """Return the columns in which rows are searched whose model names none."""
    kinds = {name: fields.kind(model, name) for name in fields.visible(model)}
    return tuple(name for name, kind in kinds.items() if kind and kind.searched)


def _within(model: type[Record], name: str, word: str) -> ColumnElement[bool]:
    """Return the SQL condition that the word occurs in one column.

    For a choice, these are the values that contain the word, because an index finds them.
    """
    attribute = fields.attribute(model, name)
    if fields.shape(model, name) == "choice":
        folded = fold(word)
        values = [value for value in fields.choices(model, name) if folded in value]
        return attribute.in_(values)
    return attribute.icontains(word, autoescape=True)


def _indexed(model: type[Record], words: list[str]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that the search index can serve.

    There is one for all words together, and one for each number, which may also be an id.
    """
    numbers = [word for word in words if is_id(word)]
    others = [_folded(word) for word in words if not is_id(word)]
    candidates = [search.candidates(model, others)]
    candidates += [search.candidates(model, [number], int(number)) for number in numbers]
    yield from (condition for condition in candidates if condition is not None)

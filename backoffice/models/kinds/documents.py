"""Values with an inner structure: JSON, and lists of texts."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from flask_babel import gettext as _
from sqlalchemy import JSON, ColumnElement, SQLColumnExpression, String, cast, false, or_

from backoffice import limits
from backoffice.models.kinds.choices import Country
from backoffice.models.kinds.kind import Kind
from backoffice.models.types import TableColumn, TextList
from backoffice.text import fault, tidied

DIGITS = 300  # of a whole number
COUNTRY = Country()
DEPTH = 30  # levels of lists and objects in each other


class Json(Kind[object]):
    """Any JSON value (RFC 8259)."""

    name = "json"
    types = (JSON,)

    def clean(self, _column: TableColumn, value: object) -> object:
        text = _dumped(value)
        if len(text) > limits.TYPED:
            raise ValueError(_("Use at most %(limit)s characters.", limit=limits.TYPED))
        # PostgreSQL stores neither, RFC 8259 (section 8.2) leaves them open.
        if "\\u0000" in text or _has_surrogates(text):
            raise ValueError(_("This has characters that cannot be stored."))
        return value

    def parse(self, column: TableColumn, text: str) -> object:
        if not text.strip():
            return None
        try:
            value = json.loads(text, parse_constant=_refuse, parse_int=_whole)
        except RecursionError:
            raise ValueError(_("This has too many levels.")) from None
        except json.JSONDecodeError as error:
            sentence = _("This is no JSON: look at line %(line)s.", line=error.lineno)
            raise ValueError(sentence) from None
        return self.clean(column, value)

    def write(self, _column: TableColumn, value: object) -> str:
        return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)

    def plain(self, _column: TableColumn, value: object) -> object:
        return value

    def note(self, _column: TableColumn, value: object) -> str | None:
        """Write it as a text: PostgreSQL spells the numbers in JSON in its own way."""
        return None if value is None else json.dumps(value, ensure_ascii=False)


class TextLines(Kind[list[str]]):
    """A list of texts, one a line."""

    name = "texts"
    types = (TextList,)

    def clean(self, _column: TableColumn, value: object) -> list[str]:
        given = list(value) if isinstance(value, Iterable) else [value]
        if sum(len(str(text)) for text in given) > limits.TYPED:
            raise ValueError(_("Use at most %(limit)s characters.", limit=limits.TYPED))
        texts = [tidied(str(text)) for text in given]
        for text in texts:
            if wrong := fault(text, lines=False):
                raise ValueError(wrong)
        return [text for text in texts if text]

    def parse(self, column: TableColumn, text: str) -> list[str]:
        return self.clean(column, text.splitlines())

    def write(self, _column: TableColumn, value: list[str] | None) -> str:
        return "\n".join(map(str, value or ()))

    def plain(self, _column: TableColumn, value: object) -> object:
        return value


class Countries(TextLines):
    """Countries by their codes (ISO 3166-1 alpha-2), in the order of these."""

    name = "countries"
    shape = "members"

    def values(self, column: TableColumn) -> tuple[str, ...]:
        """Return the code of every country."""
        return COUNTRY.values(column)

    def label(self, column: TableColumn, value: object) -> str:
        """Return the name of a country in the reader's language."""
        return COUNTRY.label(column, value)

    def clean(self, column: TableColumn, value: object) -> list[str]:
        codes = {text.upper() for text in super().clean(column, value)}
        if unknown := sorted(codes - set(self.values(column))):
            raise ValueError(_("There is no country with the code %(code)s.", code=unknown[0]))
        return sorted(codes)

    def tell(self, column: TableColumn, value: list[str]) -> str:
        return ", ".join(sorted(self.label(column, code) for code in value))

    def has_any(
        self, column: SQLColumnExpression[Any], codes: Iterable[str]
    ) -> ColumnElement[bool]:
        """SQL: whether one of the codes is in the list."""
        written = cast(column, String)
        return or_(false(), *(written.contains(f'"{code}"') for code in sorted(codes)))


def _dumped(value: object) -> str:
    """Return the value as one line of JSON. Raises ValueError if it cannot be written as such."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValueError(_("This is no JSON value.")) from None
    if _depth(value) > DEPTH:
        raise ValueError(_("This has too many levels."))
    return text


def _depth(value: object) -> int:
    """Return how many lists and objects are in each other."""
    depth = 0
    level = [value]
    while level := [inner for outer in level for inner in _inner(outer)]:
        depth += 1
    return depth


def _inner(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values()) or [None]
    return list(value) or [None] if isinstance(value, list) else []


def _has_surrogates(text: str) -> bool:
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise ValueError(_("Use at most %(limit)s digits in a number.", limit=DIGITS))
    return int(digits)


def _refuse(word: str) -> NoReturn:
    raise ValueError(_("JSON has no %(word)s.", word=word))

"""Decode the bytes of a file as JSON, which may come from anybody: every limit holds first."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from flask_babel import gettext as _

from backoffice import limits
from backoffice.sheets.sheet import Problems, SheetRefused, place
from backoffice.text.numbers import formatted

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A text with its escapes, closed or not, or a bracket. Nothing in it is tried twice.
TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
SURROGATE = re.compile("[\ud800-\udfff]")


class Doubled(dict[str, Any]):
    """An object that had a field more than once; `names` are those fields."""

    names: tuple[str, ...] = ()


def decoded(data: bytes) -> object:
    """Return the value of the JSON text. Raises SheetRefused with every problem."""
    text = _text(data)
    _check_depth(text)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        sentence = _(
            "This is no JSON: see line %(line)s, character %(column)s.",
            line=formatted(error.lineno),
            column=formatted(error.colno),
        )
        raise refused("", sentence) from None
    except ValueError:  # NaN and its like, or a number of thousands of digits
        raise refused("", _("There is a number that JSON does not have.")) from None
    problems = Problems()
    for where, sentence in _faults(value, ""):
        problems.add(where, sentence)
    if problems:
        raise SheetRefused(problems)
    return value


def refused(where: str, sentence: object) -> SheetRefused:
    """Return the error for a sheet with one problem."""
    problems = Problems()
    problems.add(where, sentence)
    return SheetRefused(problems)


def _text(data: bytes) -> str:
    if len(data) > limits.SHEET:
        most = formatted(limits.SHEET)
        raise refused("", _("The file has more than 1 MB (%(most)s bytes).", most=most))
    if not data.strip():
        raise refused("", _("The file is empty."))
    if data.startswith(UTF_16) or b"\0" in data[:4]:
        raise refused("", _("The file is in UTF-16 or UTF-32: save it as UTF-8."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = formatted(error.start + 1)
        raise refused("", _("The file is not in UTF-8: see byte %(byte)s.", byte=byte)) from None


def _check_depth(text: str) -> None:
    """Refuse what is nested too deep before it is parsed, which would take it level by level."""
    depth = 0
    for match in TOKEN.finditer(text):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
        if depth > limits.SHEET_DEPTH:
            most = limits.SHEET_DEPTH
            raise refused("", _("It is nested more than %(most)s levels deep.", most=most))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = Doubled(pairs)
    if len(found) < len(pairs):
        names = Counter(name for name, _value in pairs)
        found.names = tuple(name for name, number in names.items() if number > 1)
    return found


def _no_number(_word: str) -> NoReturn:
    raise ValueError


def _faults(value: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the texts and fields of a value, and where."""
    if isinstance(value, str):
        if SURROGATE.search(value):
            yield where, _("A character is broken here: a half of a surrogate pair.")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _faults(each, place(where, number))
    elif isinstance(value, Doubled):
        for name in value.names:
            yield place(where, shown(name)), _("This field stands here more than once.")
        for name, each in value.items():
            if SURROGATE.search(name):
                yield where, _("A character is broken here: a half of a surrogate pair.")
            yield from _faults(each, place(where, shown(name)))


def shown(name: str) -> str:
    """Return the name of a field as problems call it: short, and without broken characters."""
    whole = name.encode("utf-8", "replace").decode()
    return whole if len(whole) <= limits.SHEET_CODE else f"{whole[: limits.SHEET_CODE]}…"

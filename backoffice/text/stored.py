"""Texts that are stored in English, and translated when somebody reads them."""

import re
from collections.abc import Iterable
from functools import cache

from flask_babel import gettext as _

PLACEHOLDER = re.compile(r"%\\\((\w+)\\\)s")  # `%(name)s`, as re.escape writes it


def N_(text: str) -> str:  # noqa: N802  # gettext calls it so
    """Return the text unchanged; the call marks it for translation, as `gettext_noop` does.

    It is translated later, into the language of its reader.
    """
    return text


def translated(text: str) -> str:
    """Return a marked text in the language of its reader; '' stays empty."""
    return str(_(text)) if text else ""


def refilled(text: str, templates: Iterable[str]) -> str:
    """Return a text in the language of its reader if it was made from one of the marked templates.

    Other texts, which people may have written, are returned unchanged.
    """
    for template in templates:
        values = values_in(text, template)
        if values is not None:
            return str(_(template)) % values
    return text


def values_in(text: str, template: str) -> dict[str, str] | None:
    """Return the values that were put into the template, or None if the text is not made from it.

    >>> values_in("Undo of bulk run 7", "Undo of bulk run %(number)s")
    {'number': '7'}
    """
    match = _pattern(template).fullmatch(text)
    return match.groupdict() if match else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return what finds the values that were put into the template."""
    return re.compile(PLACEHOLDER.sub(r"(?P<\1>.+?)", re.escape(template)))

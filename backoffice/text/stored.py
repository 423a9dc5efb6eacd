"""Texts that are stored in English, and translated when somebody reads them."""

import re
from collections.abc import Iterable
from functools import cache

from flask_babel import gettext as _

PLACEHOLDER = re.compile(r"%\\\((\w+)\\\)s")  # `%(name)s`, as re.escape writes it


def noted(text: str) -> str:
    """Return the text unchanged; the call marks it for translation.

    It is translated later, into the language of its reader.
    """
    return text


def translated(text: str) -> str:
    """Return a noted text in the language of its reader; '' stays empty."""
    return str(_(text)) if text else ""


def refilled(text: str, templates: Iterable[str]) -> str:
    """Return a text in the language of its reader if it was made from one of the noted templates.

    Other texts, which people may have written, are returned unchanged.
    """
    for template in templates:
        if match := _pattern(template).fullmatch(text):
            return str(_(template)) % match.groupdict()
    return text


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return what finds the values that were put into the template."""
    return re.compile(PLACEHOLDER.sub(r"(?P<\1>.+?)", re.escape(template)))

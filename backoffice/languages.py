"""The languages that people may choose, and those that the product's texts are translated to."""

import os
from functools import cache
from pathlib import Path

from babel import Locale, negotiate_locale

FOLDER = Path(__file__).parent / "translations"
DEFAULT = "en"  # what the texts are written in
# Where the shell says its language, the strongest first (POSIX, environment variables).
SHELL = ("LC_ALL", "LC_MESSAGES", "LANG")


@cache
def translated() -> tuple[str, ...]:
    """Return the codes of the languages that pages and mails can be shown in, DEFAULT first."""
    codes = {path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/messages.mo")}
    return (DEFAULT, *sorted(codes - {DEFAULT}))


def offered() -> tuple[tuple[str, str], ...]:
    """Return the languages to choose from as (code, name in that language), ordered by name."""
    languages = ((code, _name(code)) for code in translated())
    return tuple(sorted(languages, key=lambda language: language[1].casefold()))


def of_shell() -> str:
    """Return the language of whoever runs a command, or else the default."""
    said = next((os.environ[name] for name in SHELL if os.environ.get(name)), "")
    asked_for = negotiate_locale([said.partition(".")[0]], translated())
    return asked_for or DEFAULT


def _name(code: str) -> str:
    name = Locale.parse(code).get_display_name() or code
    return name.capitalize()

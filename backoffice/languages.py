"""The languages that people may choose, and those that the product's texts are translated to."""

from functools import cache
from pathlib import Path

from babel import Locale

FOLDER = Path(__file__).parent / "translations"
DEFAULT = "en"  # what the texts are written in
EXPECTED = ("de",)  # offered before it is fully translated: the missing texts stay in English


@cache
def translated() -> tuple[str, ...]:
    """Return the codes of the languages that pages and mails can be shown in, DEFAULT first."""
    codes = {path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/messages.mo")}
    return (DEFAULT, *sorted(codes - {DEFAULT}))


@cache
def offered() -> tuple[tuple[str, str], ...]:
    """Return the languages to choose from as (code, name in that language), ordered by name."""
    codes = {*translated(), *EXPECTED}
    languages = ((code, _name(code)) for code in codes)
    return tuple(sorted(languages, key=lambda language: language[1].casefold()))


def _name(code: str) -> str:
    name = Locale.parse(code).get_display_name() or code
    return name.capitalize()

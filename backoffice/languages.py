"""Which languages people may choose, and which of them the product has its texts in."""

from functools import cache
from pathlib import Path

from babel import Locale

FOLDER = Path(__file__).parent / "translations"
DEFAULT = "en"  # what the texts are written in
EXPECTED = ("de",)  # offered before everything is translated: what is not stays in English


@cache
def translated() -> tuple[str, ...]:
    """The languages that pages and mails can be shown in, the one they are written in first."""
    found = (path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/messages.mo"))
    return (DEFAULT, *sorted(set(found) - {DEFAULT}))


@cache
def offered() -> tuple[tuple[str, str], ...]:
    """The languages to choose from, as (code, its name in itself), by that name."""
    codes = {*translated(), *EXPECTED}
    named = ((code, (Locale.parse(code).get_display_name() or code).capitalize()) for code in codes)
    return tuple(sorted(named, key=lambda pair: pair[1].casefold()))

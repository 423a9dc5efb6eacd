"""Write numbers with the separators of the reader's language (Unicode CLDR)."""

from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol
from flask_babel import get_locale
from flask_babel import ngettext as _n

THOUSAND = 1024  # bytes
PRECISE = 10  # from here on, no decimal is shown


def formatted(number: float | Decimal) -> str:
    """Return the number as it reads in the language of the page, such as `1,234` in English.

    Babel's own function takes ten times as long, and a list has hundreds of numbers.
    """
    separators = _separators(get_locale() or Locale("en"))
    return f"{number:,}".translate(separators)


def memory(size: int) -> str:
    """Return a number of bytes in the unit that reads best, such as `1.5 MB` (of 1,048,576)."""
    number, unit = float(size), ""
    for larger in ("KB", "MB", "GB"):
        if number < THOUSAND:
            break
        number, unit = number / THOUSAND, larger
    shown = round(number, 1) if number < PRECISE else round(number)
    text = formatted(int(shown) if shown == int(shown) else shown)
    return (
        f"{text} {unit}" if unit else _n("%(number)s byte", "%(number)s bytes", size, number=text)
    )


@cache
def _separators(locale: Locale) -> dict[int, str]:
    return str.maketrans({",": get_group_symbol(locale), ".": get_decimal_symbol(locale)})

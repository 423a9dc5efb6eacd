"""Parse phone numbers in any form, convert them to E.164, format them, and search their digits."""

import re
from functools import lru_cache

import phonenumbers
from flask_babel import gettext as _
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
)

from backoffice.text.folding import fold

TYPED = re.compile(r"(?:tel:)?[+\d\s()./-]+")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
CODE_SIZES = (1, 2, 3)  # digits of a country code; no code is the beginning of another one
FEWEST_SOUGHT = 5  # digits that a search needs before it may mean a phone number
FEWEST_INTERNATIONAL = 2  # the same after a +, which begins nothing else


def canonical(text: str, country: str = "") -> str:
    """Return the number in E.164 form, such as `+49301234567`.

    A national number is taken as one of `country`. Raises ValueError with a sentence for people.
    """
    plain = _plain(text)
    if not TYPED.fullmatch(plain):
        raise ValueError(
            _(
                "Use only digits, blanks, hyphens, dots, slashes and brackets, "
                "with + at the beginning."
            )
        )
    try:
        number = phonenumbers.parse(plain, country or None)
    except NumberParseException as error:
        raise ValueError(_wrong(error, plain, country)) from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(_("This cannot be a phone number: count its digits."))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def is_phone(text: str) -> bool:
    """Return whether `canonical` accepts the text, which needs a country code."""
    try:
        return bool(canonical(text))
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def shown(stored: str) -> str:
    """Format a stored number for people, such as `+49 30 1234567`; leave other texts unchanged."""
    number = _from_e164(stored)
    if number is None:
        return stored
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def _from_e164(stored: str) -> PhoneNumber | None:
    """Return the number of an E.164 text, or None.

    Exports have very many numbers, and the parser for any spelling takes three times as long.
    """
    if not E164.fullmatch(stored):
        return None
    for size in CODE_SIZES:
        code = int(stored[1 : 1 + size])
        national = stored[1 + size :]
        if national and code in COUNTRY_CODE_TO_REGION_CODE:
            zeros = len(national) - len(national.lstrip("0"))
            return PhoneNumber(
                code,
                int(national),
                italian_leading_zero=zeros > 0,
                number_of_leading_zeros=zeros,
            )
    return None


def country_code(text: str) -> int | None:
    """Return the country code of an international number in any spelling, or None."""
    plain = _plain(text)
    number = _from_e164("+" + digits(plain)) if plain.startswith("+") else None
    return number.country_code if number else None


def digits(text: str) -> str:
    """Return only the digits, by which a number is found."""
    return "".join(c for c in fold(text) if c.isdigit())


def sought(text: str, country: str = "") -> str:
    """Return the digits to search for.

    The text is a number or a part of one, with or without country code.
    """
    try:
        return digits(canonical(text, country))
    except ValueError:
        return digits(_plain(text).replace("(0)", "")).lstrip("0")


def is_sought(text: str) -> bool:
    """Return whether a search text may be a phone number."""
    plain = _plain(text)
    fewest = FEWEST_INTERNATIONAL if plain.startswith("+") else FEWEST_SOUGHT
    return TYPED.fullmatch(plain) is not None and len(digits(text)) >= fewest


def _plain(text: str) -> str:
    """Fold the text, and replace a leading `00`, which stands for `+` in most of the world."""
    return re.sub(r"^00(?=[1-9])", "+", fold(text))


def _wrong(error: NumberParseException, plain: str, country: str) -> str:
    """Return the sentence that says why the number cannot be parsed."""
    no_code = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
    is_national = no_code and not plain.startswith("+")
    if is_national and not country:
        return str(_("Begin with + and the country code, such as +49 30 1234567."))
    return str(_("This is not a phone number, such as +49 30 1234567."))

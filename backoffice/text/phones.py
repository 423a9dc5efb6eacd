"""Phone numbers: typed in any form, kept as E.164, shown as people write them, found by their digits."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
)

from backoffice.text.folding import fold

TYPED = re.compile(r"(?:tel:)?[+\d\s()./-]+")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
CODE_SIZES = (1, 2, 3)  # digits of a country code; none is the beginning of another one
FEWEST_SOUGHT = 5  # digits, from which on a search may mean a phone number
FEWEST_INTERNATIONAL = 2  # after a +, which begins nothing else


def canonical(text: str, country: str = "") -> str:
    """The number as E.164 has it, such as `+49301234567`; national numbers are those of `country`.

    Raises ValueError with the sentence that a person reads.
    """
    plain = _plain(text)
    if not TYPED.fullmatch(plain):
        raise ValueError(
            "Use only digits, blanks, hyphens, dots, slashes and brackets, with + at the beginning."
        )
    try:
        number = phonenumbers.parse(plain, country or None)
    except NumberParseException as error:
        raise ValueError(_wrong(error, plain, country)) from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("This cannot be a phone number: count its digits.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def is_phone(text: str) -> bool:
    """Whether `canonical` takes the text, country code included."""
    try:
        return bool(canonical(text))
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def shown(stored: str) -> str:
    """The number as people write it, `+49 30 1234567`; what is no number stays as it is."""
    number = _split(stored)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) if number else stored


def _split(stored: str) -> PhoneNumber | None:
    """The number that E.164 says; exports have very many, and to parse any spelling takes three times as long."""
    if not E164.fullmatch(stored):
        return None
    for size in CODE_SIZES:
        code, national = int(stored[1 : 1 + size]), stored[1 + size :]
        if national and code in COUNTRY_CODE_TO_REGION_CODE:
            zeros = len(national) - len(national.lstrip("0"))
            return PhoneNumber(
                code, int(national), italian_leading_zero=zeros > 0, number_of_leading_zeros=zeros
            )
    return None


def digits(text: str) -> str:
    """The digits alone, by which a number is found."""
    return "".join(c for c in fold(text) if c.isdigit())


def sought(text: str, country: str = "") -> str:
    """The digits that a number has which somebody looks for, typed whole or in part, with or without country code."""
    try:
        return digits(canonical(text, country))
    except ValueError:
        return digits(_plain(text).replace("(0)", "")).lstrip("0")


def is_sought(text: str) -> bool:
    """Whether what somebody looks for may be a phone number."""
    plain = _plain(text)
    fewest = FEWEST_INTERNATIONAL if plain.startswith("+") else FEWEST_SOUGHT
    return TYPED.fullmatch(plain) is not None and len(digits(text)) >= fewest


def _plain(text: str) -> str:
    """`00` before a country code is a `+` in most of the world."""
    return re.sub(r"^00(?=[1-9])", "+", fold(text))


def _wrong(error: NumberParseException, plain: str, country: str) -> str:
    national = (
        error.error_type == NumberParseException.INVALID_COUNTRY_CODE and not plain.startswith("+")
    )
    if national and not country:
        return "Begin with + and the country code, such as +49 30 1234567."
    return "This is not a phone number, such as +49 30 1234567."

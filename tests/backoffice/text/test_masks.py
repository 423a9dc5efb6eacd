"""Masks tell little, the same of a short text as of a long one, and nothing more when repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.text import masks
from backoffice.text.masks import MASKS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize(
    "mask, text, shown",
    [
        ("name", "Anna Karenina", "A***** K*****"),
        ("name", "Anna", "A*****"),
        ("name", "Anna Maria Luisa Karenina", "A***** K*****"),
        ("name", "A", "*****"),
        ("name", "Li Wu", "***** *****"),
        ("name", "Żaneta O'Neill", "Ż***** O*****"),
        ("name", "王小明", "王*****"),
        ("name", "anna@example.com", "a***@e***.com"),
        ("email", "anna@example.com", "a***@e***.com"),
        ("email", "a@b.de", "***@***.de"),
        ("email", "anna@mail.example.co.uk", "a***@m***.uk"),
        ("email", "anna@localhost", "a***@***"),
        ("email", "anna", "*****"),
        ("email", "josé@exämple.org", "j***@e***.org"),
        ("phone", "+493012345612", "+49 *** ** 12"),
        ("phone", "+49 30 1234 5612", "+49 *** ** 12"),
        ("phone", "+12125550123", "+1 *** ** 23"),
        ("phone", "030 123456", "*****"),
        ("text", "Ring the bell", "*****"),
    ],
)
def test_a_mask_shows_so_much(mask: str, text: str, shown: str) -> None:
    assert MASKS[mask](text) == shown


@given(TEXTS)
def test_a_mask_over_a_mask_changes_nothing(text: str) -> None:
    for mask in MASKS.values():
        assert mask(mask(text)) == mask(text)


@given(TEXTS)
def test_a_mask_has_at_most_four_characters_of_a_text(text: str) -> None:
    """Two letters of a name or an address, and the end of a domain."""
    for name in ("name", "phone", "text"):
        told = MASKS[name](text).replace("*", "")
        assert len(told.replace(" ", "")) <= 6 or "@" in text
    assert masks.text(text) in ("", masks.STARS)


@given(st.text(st.characters(categories=["L"]), min_size=3, max_size=40))
def test_a_mask_does_not_tell_how_long_a_name_is(name: str) -> None:
    assert len(masks.name(name)) == 6
    assert len(masks.email(f"{name}@example.com")) == len("a***@e***.com")


def test_what_is_empty_stays_empty() -> None:
    for name, mask in MASKS.items():
        assert mask("") == ""
        assert masks.masked(name, None) is None
    assert masks.masked("name", ["Anna", None]) == ["A*****", None]
    assert masks.masked("text", {"any": "thing"}) == masks.STARS

"""Two spellings of one address or name are one; a search finds what people mean."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.text import LONGEST, address_key, cleaned, fold, is_id, name_key, plural


@pytest.mark.parametrize(
    "other",
    ["JOSÉ@example.com", " josé@example.com ", "josé@example.com", "ｊｏｓé@example.com", "joſé@example.com"],
)
def test_spellings_of_one_address(other: str) -> None:
    assert address_key(other) == address_key("josé@example.com")


def test_the_kelvin_sign_is_a_k_and_accents_tell_mailboxes_apart() -> None:
    assert address_key("\u212aim@example.com") == "kim@example.com"
    assert address_key("jose@example.com") != address_key("josé@example.com")


@pytest.mark.parametrize(
    "typed, stored",
    [("muller", "Müller"), ("STRASSE", "Straße"), ("nguyen", "Nguyễn"), ("ｙｕｋｉ", "Yuki"), ("jose", "José")],
)
def test_a_search_needs_no_accents(typed: str, stored: str) -> None:
    assert fold(typed) in fold(stored)


def test_names_differ_neither_by_case_nor_by_blanks() -> None:
    assert name_key("  Main   Administrator ") == name_key("main administrator")


@given(st.text())
def test_cleaning_folding_and_keys_are_settled_after_once(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)
    assert fold(fold(text)) == fold(text)
    assert address_key(address_key(text)) == address_key(text)
    assert "\0" not in cleaned(text)


@pytest.mark.parametrize("form", [cleaned, fold, address_key, name_key])
def test_of_a_text_longer_than_any_name_only_the_beginning_is_looked_at(form: Callable[[str], str]) -> None:
    """Four megabytes of accents in no order would take half an hour, in which nobody else is answered."""
    assert form("e" + "\u0315\u0300" * 1_000_000) == form("e" + "\u0315\u0300" * LONGEST)
    assert len(form("e" * 5_000)) == LONGEST


def test_numbers_of_rows() -> None:
    assert [text for text in ("0", "7", str(2**63 - 1)) if not is_id(text)] == []
    assert [text for text in ("", "-1", "1,2", "٣", "1e3", str(2**63), "9" * 40) if is_id(text)] == []
    assert [plural(n, "person", "people") for n in (0, 1, 1234)] == ["0 people", "1 person", "1,234 people"]

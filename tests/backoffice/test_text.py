"""Two spellings of one address or name are one, and a search finds what people mean.

Nothing stands in a name unseen.
"""

import unicodedata
from collections.abc import Callable

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from backoffice.text import (
    LONGEST,
    address_key,
    fault,
    fold,
    is_id,
    name_key,
    phones,
    plural,
    tidied,
    without_invisible,
)
from backoffice.text.looks import skeleton

PERSIAN, SINHALA, MALAYALAM = "علی\u200cرضا", "ශ්\u200dරී", "മോഹന്\u200d"
FAMILY, HEART, HAN = "👩\u200d👧 Weber", "Jo ❤\ufe0f", "葛\U000e0100城"
ODD = st.sampled_from(
    "aéßİıςŁꜲ’-‐\u00ad\u200b\u200c\u200d\u202e\u0301\u0315\ufe0f❤ی\u094dक한ﬁ５\u3000\n\t\x07@.<>"
)


@pytest.mark.parametrize(
    "other",
    [
        "JOSÉ@example.com",
        " josé@example.com ",
        "jose\u0301@example.com",
        "ｊｏｓé@example.com",
        "joſé＠example.com",
        "\ufeffjosé@exam\u00adple.com\u200b",
        "mailto:josé@example.com?subject=Hello",
        "José <josé@EXAMPLE.com.>",
    ],
)
def test_spellings_of_one_address(other: str) -> None:
    assert address_key(other) == address_key("josé@example.com")


def test_the_kelvin_sign_is_a_k_and_accents_tell_mailboxes_apart() -> None:
    assert address_key("\u212aim@example.com") == "kim@example.com"
    assert address_key("jose@example.com") != address_key("josé@example.com")


def test_a_domain_is_one_in_letters_and_in_punycode_but_sharp_s_is_a_letter_of_its_own() -> None:
    assert (
        address_key("jo@xn--bcher-kva.example")
        == address_key("jo@BÜCHER.example")
        == "jo@bücher.example"
    )
    assert address_key("xn--bcher-kva") == "bücher"
    assert (
        len(
            {
                address_key(f"{local}@{host}.de")
                for local in ("straße", "strasse")
                for host in ("maß", "mass")
            }
        )
        == 4
    )
    assert address_key("STRAẞE@MAẞ.de") == "straße@maß.de"


@pytest.mark.parametrize(
    "typed, stored",
    [
        ("muller", "Müller"), ("STRASSE", "Straße"), ("nguyen", "Nguyễn"), ("ｙｕｋｉ", "Yuki"),
        ("jose", "José"), ("lukasz", "Łukasz"), ("odegard", "Ødegård"), ("dorde", "Đorđe"),
        ("hamrun", "Ħamrun"), ("aesir", "Æsir"), ("oeuvre", "Œuvre"), ("thor", "Þór"),
        ("gudrun", "Guðrún"), ("ISIL", "Işıl"), ("ışıl", "IŞIL"), ("ilgaz", "İlgaz"),
        ("o'brien", "O’Brien"), ("O´Brien", "OʻBrien"), ("jean-luc", "Jean‐Luc"),
        ("a–b", "a−b"), ("administrators", "Admin\u200bistra\u00adtors"), ("34", "٣٤"),
        ("علیرضا", PERSIAN),
        ("علي", "علی"), ("казак", "қазақ"), ("elnur", "Əlnur"), ("tag 5", "ＴＡＧ\u3000５"),
    ],
)  # fmt: skip
def test_a_search_finds_what_people_mean(typed: str, stored: str) -> None:
    assert fold(typed) in fold(stored)


def test_names_that_differ_by_a_stroke_stand_side_by_side() -> None:
    names = ["Lukas", "Łukasz", "Lukáš", "Lumi", "Luca", "Oda", "Ødegård", "Odin", "Zoe"]
    assert sorted(names, key=fold) == [
        "Luca", "Lukas", "Lukáš", "Łukasz", "Lumi", "Oda", "Ødegård", "Odin", "Zoe",
    ]  # fmt: skip


def test_names_differ_neither_by_case_nor_by_blanks_nor_by_accents() -> None:
    assert (
        name_key("  Main   Administrator ")
        == name_key("main administrator")
        == name_key("Máin Administrator")
    )


@pytest.mark.parametrize(
    "name, other",
    [
        ("Administrators", "\u0410dministrators"), ("Administrators", "Adm\u0456nistrators"),
        ("Admin", "\u0410DMIN"), ("Alpha", "AIpha"), ("Internal", "lnternal"), ("Ops 10", "0ps lO"),
        ("Modern", "Modem"), ("Sales-EU", "Sales‒EU"), ("Café", "Caf\u0435"),
        ("Admin", "Ad\u200bmin"),
    ],
)  # fmt: skip
def test_names_that_look_alike_have_one_skeleton(name: str, other: str) -> None:
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(
    "name, other", [("Mail", "Mall"), ("Sales", "Scales"), ("Нева", "Heba2"), ("日本", "日木")]
)
def test_other_names_have_another(name: str, other: str) -> None:
    assert skeleton(name) != skeleton(other)


@pytest.mark.parametrize(
    "name",
    [PERSIAN, SINHALA, MALAYALAM, FAMILY, HEART, HAN, "1\ufe0f\u20e3", "-", "O’Brien", "№ 1"],
)
def test_what_scripts_and_emoji_need_may_stand_in_a_name(name: str) -> None:
    assert (tidied(name), fault(name), without_invisible(name)) == (name, "", name)


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("Admin\u200bistrators", "an invisible character (U+200B) at place 6"),
        ("Bob\u200dby", "an invisible character (U+200D) at place 4"),
        ("Bo\u202ebby", "a direction mark (U+202E) at place 3"),
        ("Bo\u00adbby", "an invisible character (U+00AD) at place 3"),
        ("Bo\u3164bby", "an invisible character (U+3164) at place 3"),
        ("Bo\ufe0fbby", "an invisible character (U+FE0F) at place 3"),
        ("Bo\U000e0041bby", "an invisible character (U+E0041) at place 3"),
        ("Bo\u2800bby", "an invisible character (U+2800) at place 3"),
        ("Bo\x07bby", "a control character (U+0007) at place 3"),
        ("Bo\nbby", "a line break at place 3"),
        ("Bo\u2028bby", "a line break at place 3"),
        ("Bo\tbby", "a tab at place 3"),
        ("\u0301\u0301", "shows nothing"),
    ],
)
def test_what_nobody_sees_is_called_by_its_number_and_place(name: str, sentence: str) -> None:
    assert sentence in fault(tidied(name))
    assert fault(without_invisible(name), lines=True) == "" or sentence == "shows nothing"


def test_several_lines_may_have_line_breaks_and_tabs_but_no_direction_marks() -> None:
    assert fault(tidied("One\r\n\ttwo"), lines=True) == ""
    assert "direction mark" in fault("One\n\u2067two", lines=True)


def test_what_copying_brings_along_is_taken_off_without_a_word() -> None:
    assert tidied("\ufeff\u202a\u00a0Anna\u3000Maria\u200b\u202c\r\n") == "Anna Maria"
    assert tidied(" \u200b\u2060\u3164 ") == ""


@example("\ufe0f\ufe0e")  # each would be needed beside the other, which goes
@example("\u263a\u200d\ufe0f")
@given(st.text() | st.text(ODD))
def test_cleaning_folding_and_keys_are_settled_after_once(text: str) -> None:
    for form in (tidied, without_invisible, fold, address_key, name_key):
        assert form(form(text)) == form(text)
    assert "\0" not in without_invisible(text) + fold(text) + address_key(text)
    assert "invisible" not in fault(without_invisible(text), lines=True)


@given(st.text() | st.text(ODD))
def test_a_fold_does_not_depend_on_how_a_text_is_composed(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert fold(composed) == fold(decomposed)
    assert fold(text.upper().lower()) == fold(text.lower().upper().lower())


@pytest.mark.parametrize("form", [without_invisible, fold, address_key, name_key, tidied, skeleton])
def test_of_a_text_longer_than_any_name_only_the_beginning_is_looked_at(
    form: Callable[[str], str],
) -> None:
    """Four megabytes of unordered accents would take half an hour.

    Nobody else would be answered meanwhile.
    """
    assert form("e" + "\u0315\u0300" * 1_000_000) == form("e" + "\u0315\u0300" * LONGEST)
    assert len(form("e" * 5_000)) == LONGEST


@pytest.mark.parametrize(
    "typed",
    [
        "+49 (0)30 1234567",
        "0049 30/1234567",
        "+49-30-123 45 67",
        "tel:+4930.1234567",
        "＋４９ 30 1234567",
    ],
)
def test_a_phone_number_is_one_however_it_is_typed(typed: str) -> None:
    assert phones.canonical(typed) == "+49301234567"
    assert phones.shown("+49301234567") == "+49 30 1234567"


def test_a_national_number_needs_a_country() -> None:
    assert phones.canonical("030 1234567", "DE") == "+49301234567"
    with pytest.raises(ValueError, match="country code"):
        phones.canonical("030 1234567")


@pytest.mark.parametrize(
    "typed",
    ["+", "+49 30 call me", "+49 30 1234567 ext. 5", "+49 30 12345678901234", "+999 12345678"],
)
def test_what_is_no_phone_number_is_none(typed: str) -> None:
    with pytest.raises(ValueError, match=r"phone number|only digits"):
        phones.canonical(typed)


@pytest.mark.parametrize(
    "typed", ["030 1234567", "30123", "0049 30 12", "+49 (0)30 123", "123-45-67"]
)
def test_a_phone_number_is_found_by_its_digits(typed: str) -> None:
    assert phones.sought(typed) in phones.digits("+49301234567")


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_numbers_of_every_region_are_shown_as_the_library_shows_them(region: str) -> None:
    number = phonenumbers.example_number(region)
    assert number is not None
    stored, shown = (
        phonenumbers.format_number(number, form)
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL)
    )
    assert phones.shown(stored) == shown


def test_what_was_kept_as_a_phone_number_before_is_shown_as_it_is() -> None:
    assert phones.shown("call reception") == "call reception"
    assert phones.shown("+49 30 1") == "+49 30 1"


def test_numbers_of_rows() -> None:
    assert [text for text in ("0", "7", str(2**63 - 1)) if not is_id(text)] == []
    assert [
        text for text in ("", "-1", "1,2", "٣", "1e3", str(2**63), "9" * 40) if is_id(text)
    ] == []
    assert [plural(n, "person", "people") for n in (0, 1, 1234)] == [
        "0 people",
        "1 person",
        "1,234 people",
    ]

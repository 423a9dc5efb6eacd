"""A password must be long enough, not too long, and none of those that are tried first."""

import gzip
from dataclasses import replace

import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError

from backoffice.auth import password_strength, passwords
from backoffice.errors import RuleBroken
from backoffice.models.user import User
from backoffice.settings import Settings

SETTINGS = Settings(
    base_url="https://admin.contoso.example", argon2_memory_kib=8, argon2_time_cost=1
)
GOOD = "qx7 vebk trolm 3"  # not one word of it is anybody's
COMMON, PERSONAL, RUN = (
    "most common passwords",
    "your own name, address or company",
    "sequence or a run",
)
SAME, REPEATED = "more different characters", "repeats one part"


def vera(**values: object) -> User:
    known = {
        "first_name": "Vera",
        "last_name": "Vance-Müller",
        "email": "v.lindqvist@acme-tools.example.com",
    }
    return User(**{"two_factor": "disabled", **known, **values})


def refusal(password: str, **values: object) -> str:
    """Return why vera may not have this password, or ''."""
    found: list[RuleBroken] = []
    try:
        passwords.check(vera(**values), password, SETTINGS)
    except RuleBroken as error:
        found.append(error)
    assert all(error.field == "new_password" for error in found)
    return "".join(error.message for error in found)


@pytest.mark.parametrize(
    "password, reason",
    [
        ("passwordpassword", COMMON),
        ("Password1234567", COMMON),
        ("P@ssw0rd2024!!!", COMMON),
        ("$un5h1ne2026202", COMMON),
        ("drowssap!!!!!!!!", COMMON),
        ("p.a.s.s.w.o.r.d.1", COMMON),
        ("  p a s s w o r d  2026  ", COMMON),
        ("ｐａｓｓｗｏｒｄ１２３４５６７", COMMON),
        ("PÄSSWÖRD1234567", COMMON),
        ("dragonmonkey2026", COMMON),
        ("Summer2026!!!!!", COMMON),
        ("1q2w3e4r5t6y7u8i", COMMON),
        ("correct horse battery staple", COMMON),
        ("letmein iloveyou qwerty", COMMON),
        ("123456789012345", COMMON),
        ("qwertz-admin-12345", COMMON),
        ("VeraVance19850312", PERSONAL),
        ("Lindqvist-2026!!", PERSONAL),
        ("v3r4-l1ndqv1st-v4nc3", PERSONAL),
        ("Müller Vance Vera", PERSONAL),
        ("AcmeTools!AcmeTools?", PERSONAL),
        ("Contoso2026Contoso", PERSONAL),
        ("b4ck0ff1c3 Backoffice", PERSONAL),
        ("abcdefghijk98765432", RUN),
        ("ghijklmnop-rstuvwx", RUN),
        ("фывапролджэ12345", RUN),
        ("kkkkkkkkkkk456789 fghjkl", RUN),
        ("abababababababab", SAME),
        ("a a a a a a a a a a a a", SAME),
        ("\u0301" * 20, SAME),
        ("tr0ub4dor&3tr0ub4dor&3", REPEATED),
        ("xk7q mzxk7q mzxk7q mz", REPEATED),
    ],
)
def test_passwords_that_are_tried_first_are_refused_with_the_reason(
    password: str, reason: str
) -> None:
    message = refusal(password)
    assert reason in message
    assert password not in message


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "a harness of four long words",
        "vera needs another horse by Tuesday",
        "482910573846291",
        "xk7#Qm2!vP9z@L4",
        "mein haus am see im wald",
        "パスワードではない長い言葉の列です",
        "👩‍👩‍👧‍👦🔑🏠🐴🔋📎✨🌵🍀🦊🐙",
        "with\x00nul and \u202ertl marks",
    ],
)
def test_passwords_that_nobody_guesses_are_taken_whatever_they_are_made_of(password: str) -> None:
    assert refusal(password) == ""


@pytest.mark.parametrize(
    "two_factor, least",
    [("disabled", 15), ("email", 12), ("totp", 12)],
    ids=["alone", "email", "totp"],
)
def test_passwords_may_be_shorter_beside_a_second_factor(two_factor: str, least: int) -> None:
    assert refusal(GOOD[:least], two_factor=two_factor) == ""
    assert f"at least {least} characters" in refusal(GOOD[: least - 1], two_factor=two_factor)
    assert passwords.shortest(two_factor, SETTINGS) == least


@pytest.mark.parametrize(
    "character, code_points",
    [("界", 1), ("🔑", 1), ("Ａ", 1), ("e\u0301", 1), ("ﬃ", 3), ("👍🏽", 2)],
    ids=["cjk", "emoji", "full-width", "combining", "ligature", "skin tone"],
)
def test_passwords_are_measured_in_code_points_as_they_are_hashed(
    character: str, code_points: int
) -> None:
    """Seven other characters stand around each, which leaves only the length in question."""
    fewest, most = (15 - 9) // code_points, (128 - 9) // code_points
    assert refusal("qx7vebkzu" + character * fewest) == (
        "" if fewest * code_points == 6 else pytest.fail("uneven")
    )
    assert "at least 15" in refusal("qx7vebkz" + character * (fewest - 1))
    filler = "n" * (119 - most * code_points)
    assert "at most 128" not in refusal("qx7vebkzu" + filler + character * most)
    assert "at most 128" in refusal("qx7vebkzu?" + filler + character * most)


@pytest.mark.parametrize("length, fits", [(128, True), (129, False)])
def test_passwords_end_at_128_characters(length: int, fits: bool) -> None:
    text = "".join(chr(0x4E00 + number) for number in range(length))
    assert ("at most 128" not in refusal(text)) is fits
    assert (refusal(text) == "") is fits


@pytest.mark.parametrize("text", ["x" * 10**6, "\u0301" * 10**6, "ﷺ" * 10**5, "ab" * 500_000])
def test_passwords_of_any_size_are_refused_before_they_are_worked_on(text: str) -> None:
    assert "at most 128" in refusal(text)
    assert len(passwords.normalised(text)) <= 18 * passwords.MOST_TYPED
    assert passwords.matches(None, text, SETTINGS) is False


def test_passwords_of_nobody_are_compared_with_a_hash_of_the_same_cost() -> None:
    nobodys, own = (
        passwords._nobodys(SETTINGS),
        passwords.hashed("a hash of somebody", SETTINGS).text,
    )
    assert extract_parameters(nobodys) == extract_parameters(own)
    with pytest.raises(VerifyMismatchError):  # and not InvalidHashError, which comes at once
        passwords.hasher(SETTINGS).verify(nobodys, "a hash of somebody")


def test_passwords_typed_on_other_keyboards_are_the_same() -> None:
    person = vera()
    passwords.store(person, "Ｃafé ﬁnds ſeven 1ong words", SETTINGS)
    assert passwords.matches(person, "Cafe\u0301 finds seven 1ong words", SETTINGS)
    assert not passwords.matches(person, "cafe\u0301 finds seven 1ong words", SETTINGS)


def test_passwords_with_halves_of_characters_break_nothing() -> None:
    person = vera()
    assert refusal("qx7 vebk trolm \udcff\ud800") == ""
    passwords.store(person, "qx7 vebk trolm \udcff\ud800", SETTINGS)
    assert passwords.matches(person, "qx7 vebk trolm \udcff\ud800", SETTINGS)


def test_passwords_may_not_name_the_host_but_may_stand_elsewhere() -> None:
    elsewhere = replace(SETTINGS, base_url="https://desk.fabrikam.example")
    with pytest.raises(RuleBroken, match="company"):
        passwords.check(vera(), "fabrikam-desk-2026", elsewhere)
    assert refusal("fabrikam desk of oak") == ""


def test_passwords_of_a_person_without_any_name_are_judged_too() -> None:
    assert refusal(GOOD, first_name="", last_name="", email=None, login="warehouse7") == ""
    assert PERSONAL in refusal(
        "Warehouse7-202611", first_name="", last_name="", email=None, login="warehouse7"
    )


def test_the_list_of_common_passwords_is_long_folded_and_sorted() -> None:
    words = gzip.decompress(password_strength.LIST.read_bytes()).decode().split("\n")
    assert words == sorted(set(words))
    assert len([word for word in words if len(word) >= 8]) > 10_000
    assert len([word for word in words if len(word) >= 12]) > 300
    assert [word for word in words if word != password_strength._squeezed(word)] == []
    assert {"password", "qwerty123", "1qaz2wsx3edc", "administrator"} <= password_strength.common()


@pytest.mark.parametrize("number", range(0, 16_000, 1600))
def test_common_passwords_stay_refused_however_they_are_lengthened(number: int) -> None:
    word = [word for word in sorted(password_strength.common()) if len(word) >= 8][number]
    for disguised in (word + "2026!!!", word.title() + "-12345678", "!!!!!!!" + word, word * 2):
        assert refusal(disguised), disguised

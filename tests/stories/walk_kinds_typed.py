"""Type values into the form of specimens, in the copy where `test_every_kind.py` runs this."""

from datetime import time
from decimal import Decimal

import pytest

from backoffice.models.specimen import Level  # the test writes it
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.stories.specimens import LIST, saved, specimen, stored, untouched, visited
from tests.support.html import error_at, read, value_of


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return visited(client)


REFUSED = [
    ("percent", "101", "Give a number between 0 and 100."),
    ("percent", "-1", "Give a number between 0 and 100."),
    ("percent", "half", "Give a whole number, such as 12."),
    ("amount", "2147483648", "Give a number between -2,147,483,647 and 2,147,483,647."),
    ("small", "40000", "Give a number between -32,767 and 32,767."),
    ("price", "-0.01", "Give a number of at least 0."),
    ("price", "1.005", "Use at most 2 decimal places."),
    ("weight", "100000", "Give a number between -99,999.999 and 99,999.999."),
    ("weight", "NaN", "Give a number, such as 12.50."),
    ("weight", "1E1000000", "Give a number, such as 12.50."),
    ("weight", "1E-1000100", "Give a number, such as 12.50."),
    ("weight", "0E-1000100", "Give a number, such as 12.50."),
    ("price", "9" * 2000, "Give a number, such as 12.50."),
    ("ratio", "inf", "Give a number, such as 12.5."),
    ("day", "31.1.2026", "Write the date as 2026-01-31."),
    ("at", "9999-12-31T23:59", "Give a year between 1900 and 9000."),
    ("at", "1900-01-01T00:00+23:59", "Give a year between 1900 and 9000."),
    ("opens", "25:00", "Write the time as 14:30."),
    ("opens", "07:30+02:00", "Write the time without a zone, as 14:30."),
    ("url", "javascript:alert(1)", "Give an address such as https://example.com/page."),
    ("ip", "203.0.113.300", "Give an address such as 203.0.113.7."),
    ("network", "10.0.0.0/40", "Give an address or network such as"),
    ("facts", '{"a": NaN}', "JSON has no NaN."),
    ("facts", '{"a": 1,}', "This is no JSON: look at line 1."),
    ("facts", '"\\u0000"', "This has characters that cannot be stored."),
    ("facts", '"\\ud800"', "This has characters that cannot be stored."),
    ("facts", "[" * 50 + "]" * 50, "This has too many levels."),
    ("facts", "[" * 5000, "This"),
    ("facts", "9" * 5000, "Use at most 300 digits in a number."),
    ("marks", "\n".join("abc" for _ in range(700)), "Use at most 2000 characters."),
    ("uuid", "12", "Write it as 123e4567-e89b-12d3-a456-426614174000."),
    ("grade", "c", "Not a valid choice."),
    ("level", "low water", "Not a valid choice."),
    ("name", "", "Fill this in."),
    ("manager", "", "Fill this in."),
    # The database knows these rules alone.
    ("small", "13", "Give a number between -32,767 and 32,767."),
    ("grade", "b", "Grade b needs an amount."),
]


def test_a_conflict_about_a_former_choice_shows_both(olivia: Client, cast: Cast) -> None:
    row_id = specimen(cast, grade="former", country="XX")
    sent: dict[str, list[str]] = {}
    for name, value in untouched(olivia, row_id):
        sent.setdefault(name, []).append(value)
    assert saved(olivia, row_id, name="Two").status_code == 303
    answer = olivia.post(f"{LIST}{row_id}/edit", sent)
    assert answer.status_code == 409
    assert "Two" in answer.text


@pytest.mark.parametrize("name, typed, sentence", REFUSED)
def test_what_does_not_fit_is_refused_at_its_field(
    name: str, typed: str, sentence: str, olivia: Client, cast: Cast
) -> None:
    row_id = specimen(cast)
    before = stored(row_id)
    answer = saved(olivia, row_id, **{name: typed})
    assert answer.status_code == 422
    at = "amount" if "needs an amount" in sentence else name
    assert error_at(answer, at).startswith(sentence)
    if name not in ("grade", "level", "manager"):  # what one types, and does not choose
        assert value_of(answer, name) == typed
    assert stored(row_id) == before


def test_a_rule_between_columns_says_that_they_do_not_go_together(
    olivia: Client, cast: Cast
) -> None:
    answer = saved(olivia, specimen(cast), amount="13", percent="13")
    assert answer.status_code == 422
    assert "The database does not take these values together." in read(answer).text


FITTING = [
    ("percent", "100", 100),
    ("large", "9223372036854775807", 2**63 - 1),
    ("price", "9999999999.99", Decimal("9999999999.99")),
    ("weight", "-0.125", Decimal("-0.125")),
    ("ratio", "1e-7", 1e-7),
    ("level", "HIGH", Level.HIGH),
    ("level", "", None),
    ("is_known", "no", False),
    ("country", "FR", "FR"),
    ("network", "10.1.2.3/8", "10.0.0.0/8"),
    ("opens", "07:30", time(7, 30)),
    ("facts", '{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
    ("facts", "", None),
    ("marks", "a, b\nc", ["a, b", "c"]),
    ("url", "https://example.com/?a=1&b=2", "https://example.com/?a=1&b=2"),
]


@pytest.mark.parametrize("name, typed, value", FITTING)
def test_what_fits_is_stored_as_it_is_meant(
    name: str, typed: str, value: object, olivia: Client, cast: Cast
) -> None:
    row_id = specimen(cast, level=Level.LOW, facts={"x": 1})
    assert saved(olivia, row_id, **{name: typed}).status_code == 303
    assert stored(row_id)[name] == value

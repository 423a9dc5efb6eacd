"""Made-up people, as many as one likes, are the same each time and ready for SQL."""

import re
from datetime import UTC, datetime
from itertools import islice

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from backoffice import demo
from backoffice.demo.names import countries
from backoffice.extensions import db
from backoffice.models.user import STATUSES, User
from backoffice.text import address_key, fold, phones

TODAY = datetime(2026, 11, 21, tzinfo=UTC)


def some(number: int, seed: int = 1) -> list[dict[str, object]]:
    return list(demo.rows(number, seed, TODAY))


def test_rows_fit_the_table(app: Flask) -> None:
    db.session.execute(insert(User), some(500))
    assert db.session.scalar(select(func.count()).select_from(User)) == 500


def test_rows_are_the_same_for_the_same_seed() -> None:
    assert some(50) == some(50)
    assert some(50) != some(50, seed=2)


def test_rows_have_keys_as_the_product_makes_them() -> None:
    for row in some(2000):
        assert row["email_key"] == address_key(str(row["email"]))
        assert row["phone_key"] == phones.digits(str(row["phone"]))
        name = f"{row['first_name']} {row['last_name']}"
        assert row["search_key"] == fold(f"{name} {row['email']} {row['phone_key']}")


def test_rows_share_no_address_and_no_uuid() -> None:
    rows = some(20_000)
    assert len({row["email_key"] for row in rows}) == len({row["uuid"] for row in rows}) == 20_000
    assert len({(row["first_name"], row["last_name"]) for row in rows}) > 5000


def test_rows_grow_older_in_order_and_never_younger_than_today() -> None:
    rows = some(1000)
    created = [row["created_at"] for row in rows]
    assert created == sorted(created)  # type: ignore[type-var]  # datetimes
    assert all(row["created_at"] <= row["updated_at"] <= TODAY for row in rows)  # type: ignore[operator]  # the same


def test_rows_are_of_every_status_but_deleted() -> None:
    assert {row["status"] for row in some(500)} == set(STATUSES) - {"deleted"}


def test_rows_are_made_when_they_are_asked_for() -> None:
    assert len(list(islice(demo.rows(10**9), 3))) == 3


@pytest.mark.parametrize(
    "script", ["GREEK", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI", "ETHIOPIC", "HANGUL", "CJK"]
)
def test_names_are_of_many_scripts(script: str) -> None:
    from unicodedata import name

    letters = "".join(f"{row['first_name']}{row['last_name']}" for row in some(3000))
    assert any(name(letter, "").startswith(script) for letter in set(letters))


def test_names_make_plain_addresses() -> None:
    words = [w for c in countries() for both in (c.women, c.men) for words in both for w in words]
    assert len(words) > 1500
    assert [w.latin for w in words if not re.fullmatch("[a-z]+(-[a-z]+)*", w.address)] == []

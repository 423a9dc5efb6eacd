"""Keys that are no numbers fit into addresses, and nothing else is taken for one."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Uuid,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import NullType

from backoffice.models import key_expressions, key_tokens, row_keys
from backoffice.models.existing_columns import OF_FORMS, Padded, attribute_name, fit
from backoffice.models.types import UTCDateTime
from backoffice.models.user import User
from forms.base import Form

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1)


@given(TEXTS)
def test_a_token_is_plain_and_brings_every_text_back(texts: list[str]) -> None:
    token = key_tokens.token(texts)
    assert re.fullmatch(r"~[A-Za-z0-9_.,~-]*", token)
    assert key_tokens.texts_of(token) == texts


@given(TEXTS, TEXTS)
def test_two_keys_never_have_the_same_token(one: list[str], other: list[str]) -> None:
    assert (one == other) == (key_tokens.token(one) == key_tokens.token(other))


@given(st.text(max_size=60))
def test_what_is_no_token_is_refused_in_words(text: str) -> None:
    try:
        assert key_tokens.token(key_tokens.texts_of(text)) == text
    except ValueError:
        assert row_keys.parse(User, text) is None or text.isdigit()


@pytest.mark.parametrize(
    "type_, value",
    [
        (String(5), "a,b"),
        (Integer(), 7),
        (Integer(), -7),
        (BigInteger(), 2**62),
        (Date(), date(2026, 1, 31)),
        (UTCDateTime(), datetime(2026, 1, 31, 10, 5, tzinfo=UTC)),
        (Numeric(10, 2), Decimal("12.50")),
        (Uuid(), UUID("123e4567-e89b-12d3-a456-426614174000")),
    ],
)
def test_every_kind_of_key_is_read_again(type_: object, value: object) -> None:
    token = key_tokens.token(["x", value])
    assert key_tokens.values([String(), type_], token) == ["x", value]


@pytest.mark.parametrize(
    "type_, text",
    [
        (String(), "~a~00b"),
        (String(), "~a,b"),
        (String(), "~" + "a" * key_tokens.LONGEST),
        (String(), "a"),
        (String(), "~a~2"),
        (String(), "~a~2f"),
        (String(), "~~ED~A0~80"),
        (Integer(), "~2147483648"),
        (SmallInteger(), "~32768"),
        (BigInteger(), "~9223372036854775808"),
        (Integer(), "~1.5"),
        (Integer(), "~~EF~BC~91"),
        (Date(), "~2026-02-30"),
        (Numeric(), "~NaN"),
        (Numeric(), "~1E-1000000"),
        (Uuid(), "~123"),
        (LargeBinary(), "~a"),
    ],
)
def test_no_row_can_have_such_a_key(type_: object, text: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        key_tokens.values([type_], text)


@pytest.mark.parametrize(
    "text", ["7", "-7", "~7", "-0", "--7", "", "07", "9223372036854775808", "٧"]
)
def test_rows_with_numbers_have_numbers(text: str) -> None:
    key = row_keys.parse(User, text)
    assert key == (int(text) if text in ("7", "-7", "07") else None)


def test_no_column_is_called_like_what_a_form_has() -> None:
    own = {name for name in dir(Form) if not name.startswith("_")}
    instance = {name for name in vars(Form()) if not name.startswith("_")}
    assert (own | instance) - OF_FORMS - {"Meta"} == set()
    assert attribute_name("DATA") == "data_"
    assert attribute_name("class") == "class_"
    assert attribute_name("1. Name!") == "column_1_name"
    assert attribute_name("Größe_é") == "grosse_e"
    assert attribute_name("!!!") == "column"


def test_a_key_of_fixed_length_is_compared_as_its_index_has_it() -> None:
    code = Column("code", Padded(4))
    key = key_expressions.expression([code], [code.type])
    dialect = postgresql.psycopg.dialect()
    assert "CAST(%(param_1)s AS CHAR(4))" in str((key == "~AB").compile(dialect=dialect))


def test_a_domain_is_what_it_is_made_of() -> None:
    column = Column("no", postgresql.DOMAIN("article_no", String(8)))
    fit(column)
    assert isinstance(column.type, String)
    assert key_tokens.can_hold(column.type)
    assert not key_tokens.can_hold(postgresql.ARRAY(String))
    assert not key_tokens.can_hold(NullType())

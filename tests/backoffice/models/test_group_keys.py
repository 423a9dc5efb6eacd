"""The keys of groups: made of the name, the same everywhere, and never given twice."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.group_keys import PATTERN, key_of
from backoffice.text import name_key


@pytest.mark.parametrize(
    "name, key",
    [
        ("Main administrator", "main_administrator"),
        ("Support L3", "support_l3"),
        ("MÜLLER", "muller"),
    ],
)
def test_a_plain_name_is_its_key(name: str, key: str) -> None:
    assert key_of(name) == key


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert PATTERN.fullmatch(key_of(one))
    assert (key_of(one) == key_of(other)) == (name_key(one) == name_key(other))


def test_a_key_stays_and_is_given_once(app: Flask) -> None:
    """A group is renamed, and others get its old name, one after the other."""
    for number in range(3):
        db.session.add(Group(name="Sales"))
        db.session.flush()
        latest = db.session.scalars(select(Group).where(Group.name == "Sales")).one()
        latest.name = f"Sales of old {number}"
        db.session.flush()
    assert set(db.session.scalars(select(Group.key))) >= {"sales", "sales_2", "sales_3"}


def test_a_key_that_is_too_long_is_cut(app: Flask) -> None:
    for number in range(2):
        db.session.add(Group(name="x" * 40))
        db.session.flush()
        group = db.session.scalars(select(Group).where(Group.name == "x" * 40)).one()
        group.name = f"other {number}"
        db.session.flush()
    keys = [each for each in db.session.scalars(select(Group.key)) if each.startswith("xx")]
    assert sorted(keys) == ["x" * 38 + "_2", "x" * 40]

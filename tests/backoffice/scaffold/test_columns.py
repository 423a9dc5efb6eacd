"""Columns are read as developers type them, and every kind can be declared."""

import pytest

from backoffice.models import kinds
from backoffice.models.user import User
from backoffice.scaffold.columns import KINDS, parse

# What is no column, and what is written in another way than by the name of its kind.
OTHERS = {"choice", "one", "many", "derived", "computed"}


def test_every_kind_is_declared() -> None:
    assert set(kinds.table()) == set(KINDS) | OTHERS


@pytest.mark.parametrize(
    "text, line",
    [
        ("name", "name: Mapped[str] = mapped_column(String(80))"),
        ("city?", "city: Mapped[str | None] = mapped_column(String(80))"),
        ("code:unique", "code: Mapped[str] = mapped_column(String(80), unique=True)"),
        (
            "mail:email:unique?",
            'mail: Mapped[str | None] = column(String(254), kind="email", unique=True)',
        ),
        ("pieces:integer", "pieces: Mapped[int]"),
        ("pieces:integer:unique", "pieces: Mapped[int] = mapped_column(unique=True)"),
        ("is_open:boolean", "is_open: Mapped[bool] = mapped_column(default=False)"),
        ("is_open:boolean?", "is_open: Mapped[bool | None]"),
        ("marks:texts", "marks: Mapped[list[str]] = mapped_column(default=list)"),
        (
            "size:S,M",
            'size: Mapped[str] = column(String(10), default="S", choices=("S", "M"))',
        ),
        ("size:S,M?", 'size: Mapped[str | None] = column(String(10), choices=("S", "M"))'),
    ],
)
def test_a_column_is_declared_as_it_was_typed(text: str, line: str) -> None:
    assert parse(text).line() == line


def test_a_row_of_another_entity_is_a_key_and_a_relation() -> None:
    chief, deputy = parse("chief:User"), parse("deputy:User?")
    assert chief.target is User
    assert chief.line() == 'chief_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"))'
    assert chief.relation() == "chief: Mapped[User] = relationship(foreign_keys=[chief_id])"
    assert 'ondelete="SET NULL"' in deputy.line()
    assert "Mapped[User | None]" in deputy.relation()


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "Write a column like"),
        ("Name", "Write a column like"),
        ("na-me", "Write a column like"),
        ("name:", "Write a column like"),
        ("class", "cannot be called class"),
        ("id", "cannot be called id"),
        ("version", "cannot be called version"),
        ("metadata", "cannot be called metadata"),
        ("label", "cannot be called label"),
        ("size:numbr", "Kinds are boolean, code"),
        ("boss:Nobody", "Kinds are boolean, code"),
        ('size:a,"b', "Kinds are boolean, code"),
    ],
)
def test_what_is_no_column_is_said_with_the_cure(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)

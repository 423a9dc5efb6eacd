"""Every kind of column has all its parts, and a column without a kind is refused."""

from typing import Any

import pytest
from sqlalchemy import Column, Integer, LargeBinary, Numeric, String

from backoffice.data.conditions import CONDITIONS
from backoffice.models import kinds
from backoffice.models.kinds import SHAPES, Kind, part_of
from backoffice.places import DeclarationError
from forms.kinds import FIELDS
from views.screen.cells import CELLS

ALL = kinds.table().values()


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_kinds_have_all_their_parts(kind: Kind) -> None:
    assert kind.shape in SHAPES
    assert not kind.shape or kind.shape in CONDITIONS
    assert part_of(kind, CELLS)
    if kind.editable:
        assert part_of(kind, FIELDS)


def test_kinds_use_every_shape_and_every_part() -> None:
    assert {kind.shape for kind in ALL} == set(SHAPES)
    assert set(CONDITIONS) == set(SHAPES) - {""}
    classes = {cls for kind in ALL for cls in type(kind).__mro__}
    assert set(CELLS) | set(FIELDS) <= classes


WRONG: list[tuple[Any, str]] = [
    (Column(LargeBinary), 'a column of type LargeBinary has no kind: say one, column(kind="...")'),
    (Column(String(9), info={"kind": "emial"}), "there is no kind 'emial': use one of boolean"),
]


@pytest.mark.parametrize("column, sentence", WRONG)
def test_kinds_that_do_not_exist_are_refused_with_the_cure(column: Any, sentence: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        kinds.of(column)
    assert sentence in str(refused.value)


MISTAKEN: list[tuple[Any, str]] = [
    (Column(Numeric(20, 2)), "SQLite keeps 15 digits of a decimal"),
    (Column(Numeric(9, 2), info={"kind": "money"}), "say which currency"),
    (Column(String(9), info={"choices": ("a",), "words": {"b": "B"}}), "words names 'b'"),
    (Column(String(9), info={"choices": ("a",), "colours": {"a": "gold"}}), "no colour 'gold'"),
]


@pytest.mark.parametrize("column, sentence", MISTAKEN)
def test_kinds_find_mistakes_in_a_declaration(column: Any, sentence: str) -> None:
    kind = kinds.of(column)
    assert kind is not None
    assert [mistake for mistake in kind.mistakes(column) if sentence in mistake]


def test_kinds_of_hidden_columns_are_nobodys_business() -> None:
    assert kinds.of(Column(LargeBinary, info={"hidden": True})) is None
    assert kinds.of(Column(Integer, info={"hidden": True})) is None

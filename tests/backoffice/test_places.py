"""A mistake in a declaration is told with its place and its cure."""

import re
from typing import Any

import pytest
from sqlalchemy import String
from sqlalchemy.orm import Mapped

from backoffice.actions.engine import SetAction
from backoffice.models.base import Entity, Searchable
from backoffice.models.client_tag import ClientTag
from backoffice.models.columns import column
from backoffice.places import DeclarationError, meant


def test_a_kind_that_is_misspelt_is_told_with_the_place_of_the_model() -> None:
    with pytest.raises(DeclarationError) as stopped:

        class Crate(Searchable, Entity):
            __tablename__ = "wrong_crates"
            name: Mapped[str] = column(String(80), kind="emial")

    assert "test_places.py:" in str(stopped.value)
    assert "there is no kind 'emial': use one of boolean, " in str(stopped.value)


def test_an_option_of_a_column_that_is_misspelt_is_told() -> None:
    with pytest.raises(DeclarationError) as stopped:
        column(String(80), chioces=("a", "b"))
    assert re.search(r"test_places\.py:\d+: there is no option 'chioces'", str(stopped.value))
    assert str(stopped.value).endswith("did you mean 'choices'?")


def test_a_model_without_a_table_is_told() -> None:
    with pytest.raises(DeclarationError, match="Crate says no table: add __tablename__ = "):

        class Crate(Entity):
            pass


def test_a_name_that_is_like_no_other_is_told_with_those_that_there_are() -> None:
    assert meant("naem", ("name", "colour")) == "did you mean 'name'?"
    assert meant("x", ("name", "colour")) == "there are colour, name."
    assert meant("x", ()) == "there is none."
    assert meant("x", [f"name{number}" for number in range(30)]).endswith(", ...")


@pytest.mark.parametrize(
    "options, words",
    [
        ({"set": {ClientTag.colour: "red"}}, "there is no option 'set': did you mean 'sets'?"),
        ({"sets": {"colour": "red"}}, "sets: colour is no column of ClientTag: write one as"),
        ({"sets": {ClientTag.colour: "rot"}}, "sets: ClientTag.colour: "),
    ],
)
def test_an_action_that_sets_what_cannot_be_set_is_told(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DeclarationError) as stopped:
        type("Wrong", (SetAction,), {"model": ClientTag, **options})
    assert words in str(stopped.value)

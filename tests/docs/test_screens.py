"""docs/screens.md names every option of a screen and of an action, and no other."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields

import pytest

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.parameters import Choose, Parameter
from backoffice.actions.engine.rules import Effect, Rule
from backoffice.actions.engine.values import Number, Text
from tests.house.source import ROOT
from views.screen.columns import PLACES, Column
from views.screen.definition import Definition
from views.screen.discovery import screens
from views.screen.options import Options

TEXT = (ROOT / "docs" / "screens.md").read_text("utf-8")
SCREEN, ACTION = TEXT.split("\n## An action\n")
NAME = re.compile(r"`(\w+)(?:\([^`]*\))?`")
CELL = re.compile(r"^\| (.+?) \|", re.MULTILINE)
# The first cells of the tables.
NAMED = {part: set(NAME.findall(" ".join(CELL.findall(part)))) for part in (SCREEN, ACTION)}


def options(cls: type) -> set[str]:
    """Return the public attributes that the class declares with a type."""
    return {name for name in cls.__annotations__ if not name.startswith("_")}


def overridden(base: type, classes: Iterable[type]) -> set[str]:
    """Return the public methods of `base` that one of the classes has in a version of its own."""
    return {
        name
        for cls in classes
        for name, value in vars(cls).items()
        if callable(value) and not name.startswith("_") and callable(vars(base).get(name))
    }


def subclasses(cls: type) -> Iterator[type]:
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_option_of_a_screen_is_named() -> None:
    hooks = overridden(Definition, screens()) | overridden(Definition, Definition.__subclasses__())
    assert options(Options) | hooks | set(PLACES) <= NAMED[SCREEN]


def test_every_option_of_an_action_is_named() -> None:
    assert options(Action) | overridden(Action, subclasses(Action)) <= NAMED[ACTION]


def test_nothing_else_is_named() -> None:
    assert NAMED[SCREEN] - set(PLACES) - set(dir(Definition)) - options(Options) == set()
    parameters = {cls.__name__ for cls in subclasses(Parameter)}
    assert NAMED[ACTION] - set(vars(Action)) - options(Action) - parameters == set()


def test_every_parameter_is_named() -> None:
    assert {cls.__name__ for cls in subclasses(Parameter)} <= NAMED[ACTION]


DECLARED = [(Column, SCREEN), *((cls, ACTION) for cls in (Rule, Choose, Number, Text, Effect))]


@pytest.mark.parametrize("cls, part", DECLARED)
def test_every_argument_is_named(cls: type, part: str) -> None:
    words = set(re.findall(r"\w+", part))
    assert {spec.name for spec in fields(cls)} - words == set()

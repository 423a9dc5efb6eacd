"""Whoever changes something says by name for whom and what, the actor first."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import Module, modules

AREAS = tuple(
    f"backoffice.{area}."
    for area in ("events", "data", "mail", "auth", "people", "dashboard", "actions")
)
# Calls that change a row, or write down that somebody did.
WRITES = (
    "record",
    "record_many",
    "flush",
    "add",
    "add_all",
    "delete",
    "consume",
    "queue",
    "commit",
)
# What is called by the machinery in one way for every entity; the actor stands first there as well.
HOOKS = ("check", "check_and_complete")


def writers(given: list[Module]) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the public functions of the areas that take an actor."""
    for module in given:
        if not module.name.startswith(AREAS):
            continue
        for function in module.tree.body:
            if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
                continue
            names = [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]
            if "actor" in names:
                yield module.name, function


def writes(function: ast.FunctionDef) -> bool:
    """Tell whether the function itself changes something."""
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in WRITES for call in calls)


def unnamed(given: list[Module]) -> list[str]:
    """Return the functions that change something and take positional arguments."""
    return [
        f"{name}.{function.name}"
        for name, function in writers(given)
        if writes(function) and function.args.args and function.name not in HOOKS
    ]


def late(given: list[Module]) -> list[str]:
    """Return the functions in which something else stands before an actor that has to be given."""
    found = []
    for name, function in writers(given):
        positional = [each.arg for each in function.args.args]
        required = positional[: len(positional) - len(function.args.defaults)]
        order = required or [each.arg for each in function.args.kwonlyargs]
        if "actor" in order and order[0] != "actor":
            found.append(f"{name}.{function.name}")
    return found


def test_writers_that_change_something_take_keywords() -> None:
    assert unnamed(list(modules("backoffice"))) == []


def test_writers_name_the_actor_first() -> None:
    assert late(list(modules("backoffice"))) == []


@pytest.mark.parametrize(
    "text, found",
    [
        ("def grant(actor, row):\n    events.record(actor=actor)", ["backoffice.people.x.grant"]),
        ("def grant(*, actor, row):\n    events.record(actor=actor)", []),
        ("def names(actor, ids):\n    return read(ids)", []),
    ],
)
def test_writers_with_positions_would_be_found(text: str, found: list[str]) -> None:
    assert unnamed([Module("backoffice.people.x", text)]) == found


def test_writers_with_a_late_actor_would_be_found() -> None:
    text = "def grant(*, row, actor):\n    pass\ndef others(model, actor=None):\n    pass"
    assert late([Module("backoffice.people.x", text)]) == ["backoffice.people.x.grant"]

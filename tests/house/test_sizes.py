"""Modules and functions stay small enough to be read at once."""

import ast
from collections.abc import Iterator
from statistics import median

from tests.house.source import PRODUCT, Module, modules

MODULE_LINES = 400
FUNCTION_LINES = 50
MEDIAN_LINES = 10


def functions(module: Module) -> Iterator[tuple[str, int]]:
    """Every function and its lines from `def` to its end; the docstring is a gift and does not count."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if ast.get_docstring(node):
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            yield f"{module.name}.{node.name}", lines


def too_long(source: list[Module]) -> list[str]:
    """What is longer than the house allows."""
    found = [
        f"{module.name} has {lines} lines"
        for module in source
        if (lines := len(module.text.splitlines())) > MODULE_LINES
    ]
    named = (function for module in source for function in functions(module))
    return found + [f"{name} has {lines} lines" for name, lines in named if lines > FUNCTION_LINES]


def test_sizes_of_modules_and_functions() -> None:
    assert too_long(list(modules(*PRODUCT, "tests", "benchmarks"))) == []


def test_sizes_are_small_at_the_median() -> None:
    assert median(lines for module in modules() for _, lines in functions(module)) <= MEDIAN_LINES


def test_sizes_would_be_found() -> None:
    long_function = "def f():\n" + "    print()\n" * FUNCTION_LINES
    assert too_long([Module("long", "\n" * (MODULE_LINES + 1))]) == ["long has 401 lines"]
    assert too_long([Module("one", long_function)]) == ["one.f has 51 lines"]
    assert too_long([Module("one", 'def f():\n    """Promise.' + "\n" * 60 + '"""\n    return 1')]) == []

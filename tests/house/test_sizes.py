"""Modules and functions stay small enough to be read at once."""

import ast
from collections.abc import Iterator
from statistics import median

from tests.house.source import PRODUCT, Module, modules

MODULE_LINES = 400
FUNCTION_LINES = 50
FUNCTION_NODES = 200  # of the syntax tree: lines alone can be packed
MEDIAN_LINES = 10


def functions(module: Module) -> Iterator[tuple[str, int, int]]:
    """Yield every function with its lines and its syntax nodes; the docstring counts as neither."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            nodes = sum(1 for _ in ast.walk(node))
            if ast.get_docstring(node):
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
                nodes -= 2
            yield f"{module.name}.{node.name}", lines, nodes


def too_long(source: list[Module]) -> list[str]:
    """Return a sentence for everything that is longer than the house allows."""
    found = []
    for module in source:
        lines = len(module.text.splitlines())
        if lines > MODULE_LINES:
            found.append(f"{module.name} has {lines} lines")
        for name, lines, nodes in functions(module):
            if lines > FUNCTION_LINES:
                found.append(f"{name} has {lines} lines")
            if nodes > FUNCTION_NODES:
                found.append(f"{name} has {nodes} syntax nodes")
    return found


def test_sizes_of_modules_and_functions() -> None:
    assert too_long(list(modules(*PRODUCT, "benchmarks"))) == []
    longest = [each for each in too_long(list(modules("tests"))) if "nodes" not in each]
    assert longest == [], "stories may be told in one go, but not at any length"


def test_sizes_are_small_at_the_median() -> None:
    assert (
        median(lines for module in modules() for _, lines, _ in functions(module)) <= MEDIAN_LINES
    )


def test_sizes_would_be_found() -> None:
    long_function = "def f():\n" + "    pass\n" * FUNCTION_LINES
    packed = "def f():\n    return [" + "a, " * FUNCTION_NODES + "]"
    assert too_long([Module("long", "\n" * (MODULE_LINES + 1))]) == ["long has 401 lines"]
    assert too_long([Module("one", long_function)]) == ["one.f has 51 lines"]
    (sentence,) = too_long([Module("one", packed)])
    assert "syntax nodes" in sentence
    assert (
        too_long([Module("one", 'def f():\n    """Promise.' + "\n" * 60 + '"""\n    return 1')])
        == []
    )

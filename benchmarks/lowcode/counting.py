"""Count the lines of an application, each for the feature that it is there for.

A comment `# feature: move` says what the lines below it are for, up to the next one; in templates
it is `{# feature: move #}`. Blank lines, comments and docstrings count nothing. Each line of an
import counts for the feature that is the first to use what it names. All of a file `models.py`, or
of a folder `models`, counts as models; migrations are not counted.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

MARKER = re.compile(r"^\s*(?:#|\{#) feature: ([\w-]+)(?: #\})?\s*$")
MODELS = "models"
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
DESCRIBED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Count:
    """How many lines, in how many files."""

    lines: int = 0
    files: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.lines + other.lines, self.files + other.files)


def counted(folder: Path) -> dict[str, Count]:
    """Return what each feature takes in the application of this folder.

    Raises ValueError if a file has lines of no feature.
    """
    result: dict[str, Count] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix not in (".py", ".html") or inside.parts[0] == "migrations":
            continue
        try:
            lines = attributed(path.read_text("utf-8"), inside)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        for feature, number in lines.items():
            result[feature] = result.get(feature, Count()) + Count(number, 1)
    return result


def attributed(text: str, path: Path) -> dict[str, int]:
    """Return how many lines of a file are there for which feature."""
    is_python = path.suffix == ".py"
    numbers = set(_code(text) if is_python else _markup(text))
    if MODELS in (path.stem, *path.parts[:-1]):
        return {MODELS: len(numbers)} if numbers else {}
    places = _places(text)
    if is_python:
        places |= _imports(text, places)
    result: dict[str, int] = {}
    for number in sorted(numbers):
        if number not in places:
            raise ValueError(f"line {number} stands above the first marker")
        result[places[number]] = result.get(places[number], 0) + 1
    return result


def _code(text: str) -> Iterator[int]:
    """Yield the numbers of the lines with code, those of strings included but not docstrings."""
    docstrings = set(_docstrings(text))
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            for number in range(token.start[0], token.end[0] + 1):
                if number not in docstrings and lines[number - 1].strip():
                    yield number


def _docstrings(text: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DESCRIBED) and ast.get_docstring(node) is not None:
            yield from _lines(node.body[0])


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _markup(text: str) -> Iterator[int]:
    without = re.sub(r"\{#.*?#\}", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    for number, line in enumerate(without.splitlines(), 1):
        if line.strip():
            yield number


def _places(text: str) -> dict[int, str]:
    """Return the feature of each line below the first marker."""
    lines = text.splitlines()
    marked = [(number, MARKER.match(line)) for number, line in enumerate(lines, 1)]
    found = [(number, match[1]) for number, match in marked if match]
    ends = [*found, (len(lines) + 1, "")]
    return {
        number: feature
        for (start, feature), (end, _next) in pairwise(ends)
        for number in range(start, end)
    }


def _imports(text: str, places: Mapping[int, str]) -> dict[int, str]:
    """Return the feature of each line of an import: the first one that uses what it brings."""
    tree = ast.parse(text)
    used = _first_uses(tree, places)
    result = {}
    for statement in (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)):
        uses = list(_uses(statement, used))
        for number in _lines(statement) if uses else ():
            here = [use for line, use in uses if line == number]
            result[number] = places[min(here or (use for _line, use in uses))]
    return result


def _first_uses(tree: ast.Module, places: Mapping[int, str]) -> dict[str, int]:
    """Return the first line with a feature in which each name stands."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    names.sort(key=lambda node: node.lineno, reverse=True)
    return {node.id: node.lineno for node in names if node.lineno in places}


def _uses(
    statement: ast.Import | ast.ImportFrom, used: Mapping[str, int]
) -> Iterator[tuple[int, int]]:
    """Yield the line of each name that is imported, and the first line that uses it."""
    for each in statement.names:
        name = (each.asname or each.name).partition(".")[0]
        if name in used:
            yield each.lineno, used[name]

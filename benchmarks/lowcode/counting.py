"""Count the lines of an application, each for the feature that it is there for.

A comment `# feature: move` says what the lines below it are for, up to the next one (in templates,
`{# feature: move #}`). Blank lines, comments and docstrings count nothing. An import counts for the
feature that is the first to use it. All of a file `models.py`, or of a folder `models`, counts as
models; migrations are not counted.
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
Import = ast.Import | ast.ImportFrom


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
    tree = ast.parse(text)
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree) if isinstance(node, described)]
    docstrings = {
        number
        for node in nodes
        if ast.get_docstring(node) is not None
        for number in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            for number in range(token.start[0], token.end[0] + 1):
                if number not in docstrings and lines[number - 1].strip():
                    yield number


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
    """Return the feature of each line of an import: the first one that uses one of its names."""
    tree = ast.parse(text)
    uses = sorted(
        (node.lineno, node.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.lineno in places
    )
    result = {}
    for statement in (node for node in tree.body if isinstance(node, Import)):
        names = {(each.asname or each.name).partition(".")[0] for each in statement.names}
        first = next((number for number, name in uses if name in names), None)
        if first is not None:
            lines = range(statement.lineno, (statement.end_lineno or 0) + 1)
            result |= dict.fromkeys(lines, places[first])
    return result

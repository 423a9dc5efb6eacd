"""docs/reference.md agrees with the docstrings, and has what the chapters tell people to import."""

import ast
import re
from pathlib import Path

from docs import make_reference
from tests.house.source import ROOT

PAGE = make_reference.PAGE.read_text("utf-8")
CHAPTERS = [
    path for path in sorted(ROOT.glob("docs/*.md")) if path.name in ("company.md", "screens.md")
]


def test_reference_is_up_to_date() -> None:
    assert make_reference.text() == PAGE, "run `make reference`"


def imported(path: Path) -> set[tuple[str, str]]:
    """Return what the examples of a chapter import from the product."""
    examples = re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    return {
        (node.module, alias.name)
        for example in examples
        for node in ast.walk(ast.parse(example))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if node.module and node.module.startswith(("backoffice", "views"))
    }


def test_reference_has_what_the_chapters_import() -> None:
    wanted = set().union(*map(imported, CHAPTERS))
    assert wanted
    chapters = dict(re.findall(r"^## `(.+?)`\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
    missing = [
        f"{module}.{name}"
        for module, name in sorted(wanted)
        if f"{module}.{name}" not in chapters
        and not name.isupper()  # constants have no docstring
        and not re.search(rf"^### `(?:class )?{name}\b", chapters.get(module, ""), re.MULTILINE)
    ]
    assert missing == []

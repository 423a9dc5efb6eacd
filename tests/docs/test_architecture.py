"""docs/architecture.md is a map: everything it names exists, and every area is on it.

The same holds for tests/support/README.md and the helpers of the tests.
"""

import re
from pathlib import Path

from tests.house.source import ROOT, tracked

MAP = (ROOT / "docs" / "architecture.md").read_text()
CHANGES = MAP.partition("## Where does a change go?")[2].partition("\n## ")[0]
FILES = re.findall(r"`([\w/]+(?:/|\.(?:py|md|html)))`", MAP)
# Classes, tables and settings: names in code with a capital.
NAMES = set(re.findall(r"`(\w*[A-Z]\w*)`", MAP))


def test_every_file_on_the_map_exists() -> None:
    assert len(FILES) > 20
    assert [
        name for name in FILES if not (ROOT / name).exists() and name != "backoffice/stock/"
    ] == []


def test_every_name_on_the_map_is_in_the_code() -> None:
    assert len(NAMES) > 20
    code = "\n".join((ROOT / path).read_text() for path in tracked() if path.suffix == ".py")
    assert NAMES - set(re.findall(r"\w+", code)) == set()


def test_the_map_gives_every_change_a_place() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", CHANGES, re.MULTILINE)[1:]
    assert len(rows) >= 15
    assert [change for change, place in rows if "`" not in place] == []


def test_every_area_is_on_the_map_and_says_what_belongs_there() -> None:
    areas = [path.parent for path in (ROOT / "backoffice").glob("*/__init__.py")]
    assert [
        area.name for area in areas if not re.search(rf"^ .*\b{area.name}\b", MAP, re.MULTILINE)
    ] == []
    assert [area.name for area in areas if len(_docstring(area)) < 20] == []


def test_every_helper_of_the_tests_is_described() -> None:
    folder = ROOT / "tests" / "support"
    text = (folder / "README.md").read_text("utf-8")
    modules = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert [name for name in modules if f"`{name}`" not in text] == []


def _docstring(area: Path) -> str:
    return (area / "__init__.py").read_text().partition('"""')[2].partition('"""')[0]

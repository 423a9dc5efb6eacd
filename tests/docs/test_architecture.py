"""docs/architecture.md is a map: everything it names exists, and every area is on it."""

import re
from pathlib import Path

from tests.house.source import ROOT

MAP = (ROOT / "docs" / "architecture.md").read_text()
CHANGES = MAP.partition("## Where does a change go?")[2]
FILES = re.findall(r"`([\w/]+(?:/|\.(?:py|md|html)))`", MAP)


def test_every_file_on_the_map_exists() -> None:
    assert len(FILES) > 20
    assert [
        name for name in FILES if not (ROOT / name).exists() and name != "backoffice/stock/"
    ] == []


def test_the_map_has_fifteen_changes_each_with_a_place() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", CHANGES, re.MULTILINE)[1:]
    assert len(rows) >= 15
    assert [change for change, place in rows if "`" not in place] == []


def test_every_area_is_on_the_map_and_says_what_belongs_there() -> None:
    areas = [path.parent for path in (ROOT / "backoffice").glob("*/__init__.py")]
    assert [
        area.name for area in areas if not re.search(rf"^ .*\b{area.name}\b", MAP, re.MULTILINE)
    ] == []
    assert [area.name for area in areas if len(_docstring(area)) < 20] == []


def _docstring(area: Path) -> str:
    return (area / "__init__.py").read_text().partition('"""')[2].partition('"""')[0]

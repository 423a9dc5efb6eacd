"""docs/security.md points to tests that exist, and claims nothing without one."""

import re

from tests.house.source import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = re.findall(r"^\| (?!Requirement|---)(.+?) \| (.+?) \| (.+) \|$", TEXT, re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)`")
STATES = ("met", "partly", "not yet", "by design", "yours")


def test_security_points_to_tests_that_exist() -> None:
    assert [path for path in set(TEST.findall(TEXT)) if not (ROOT / path).is_file()] == []


def test_security_knows_five_states() -> None:
    assert len(ROWS) > 60
    assert [name for name, state, _ in ROWS if state.split(",")[0] not in STATES] == []


def test_security_says_met_only_with_a_test() -> None:
    assert [
        name for name, state, how in ROWS if state.startswith("met") and not TEST.search(how)
    ] == []

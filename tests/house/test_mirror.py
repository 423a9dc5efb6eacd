"""Tests stand where their module stands; stories that belong to no module alone have a folder."""

from pathlib import Path

from tests.house.source import ROOT

TESTS = ROOT / "tests"
ASIDE = ("browser", "docs", "house", "stories", "support")


def module_of(test: Path) -> Path | None:
    """Return the module that a test file is about.

    It has the same path, or the test has more words after it.
    """
    folder = ROOT / test.parent.relative_to(TESTS)
    words = test.stem.removeprefix("test_").split("_")
    for length in range(len(words), 0, -1):
        module = folder / "_".join(words[:length])
        if module.with_suffix(".py").exists() or (module / "__init__.py").exists():
            return module
    return None


def test_every_test_stands_where_its_module_stands() -> None:
    found = [
        path
        for path in TESTS.rglob("test_*.py")
        if path.parent != TESTS and path.relative_to(TESTS).parts[0] not in ASIDE
    ]
    assert len(found) > 50
    assert [str(path.relative_to(ROOT)) for path in found if module_of(path) is None] == []


def test_a_test_of_nothing_would_be_found() -> None:
    assert module_of(TESTS / "backoffice" / "mail" / "test_smtp_attacked.py")
    assert module_of(TESTS / "backoffice" / "mail" / "test_pigeons.py") is None

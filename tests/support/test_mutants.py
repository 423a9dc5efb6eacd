"""Mutants differ from the product in one small place, and are found in running functions."""

from pathlib import Path

import pytest

from tests.support.mutants import making
from tests.support.mutants.running import KILLED, SURVIVED, TOO_SLOW, in_a_child

MODULE = '''"""A module."""

from collections.abc import Callable

NAMES = ("one", "two")


class Shop:
    """A shop."""

    open = True

    def sells(self, number: int) -> bool:
        """Tell whether there are enough."""
        self.count(number)
        return number > 3 and self.open

    def count(self, number: int) -> None:
        print(number)
'''
KEYS = {
    'module: NAMES = ("one", "two") => NAMES = ("XXoneXX", "two")',
    'module: NAMES = ("one", "two") => NAMES = ("one", "XXtwoXX")',
    'module: NAMES = ("one", "two") => NAMES = ("two",)',
    'module: NAMES = ("one", "two") => NAMES = ("one", )',
    "Shop: open = True => open = False",
    "Shop.sells: self.count(number) => None",
    "Shop.sells: self.count(number) => self.count(None)",
    "Shop.sells: return number > 3 and self.open => return number >= 3 and self.open",
    "Shop.sells: return number > 3 and self.open => return number > 4 and self.open",
    "Shop.sells: return number > 3 and self.open => return number > 3 or self.open",
    "Shop.count: print(number) => None",
    "Shop.count: print(number) => print(None)",
}


@pytest.fixture
def mutants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, making.Mutant]:
    (tmp_path / "shop.py").write_text(MODULE)
    monkeypatch.setattr(making, "ROOT", tmp_path)
    found = making.all_mutants(["shop.py"])
    return {mutant.key.removeprefix("shop.py "): mutant for mutant in found}


def test_every_kind_of_change_is_made_once(mutants: dict[str, making.Mutant]) -> None:
    assert set(mutants) == KEYS


def test_what_only_an_import_shows_is_told_from_what_runs(
    mutants: dict[str, making.Mutant],
) -> None:
    declared = {key for key, mutant in mutants.items() if mutant.declared}
    assert declared == {key for key in KEYS if key.startswith(("module:", "Shop:"))}
    assert mutants["Shop.count: print(number) => None"].lines == (19,)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # beside threads, which do nothing
def test_a_child_says_how_it_ended() -> None:
    assert in_a_child(lambda: "a test", 60) == (KILLED, "a test")
    assert in_a_child(lambda: "", 60) == (SURVIVED, "")
    assert in_a_child(forever, 1) == (TOO_SLOW, "")


def forever() -> str:
    while True:
        pass

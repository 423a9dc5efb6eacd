"""Run mutants of what is declared, each in a process that imports the product anew."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from typing import Any

import pytest

from tests.house.source import ROOT
from tests.support.mutants.making import Mutant
from tests.support.mutants.running import ARGUMENTS, SURVIVED, Map, in_a_child


class Declared:
    """Runs some tests in a process that has just imported the product; stops at a failure."""

    def __init__(self, folder: str) -> None:
        self.folder, self.failed = folder, ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        config.workerinput = {"backoffice_folder": self.folder}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


class Instead(MetaPathFinder, SourceLoader):
    """Imports the mutant in place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.name = ".".join(Path(mutant.path).with_suffix("").parts).removesuffix(".__init__")

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        is_package = self.mutant.path.endswith("__init__.py")
        spec = spec_from_loader(fullname, self, is_package=is_package)
        if spec and is_package:
            spec.submodule_search_locations = [str((ROOT / self.mutant.path).parent)]
        return spec

    def get_filename(self, _fullname: str) -> str:
        return str(ROOT / self.mutant.path)

    def get_data(self, _path: str | bytes) -> bytes:
        return self.mutant.source.encode()


def run_declared(
    mutants: Sequence[Mutant], tests: Map, tell: Callable[..., None], folder: str
) -> None:
    """Run mutants that need an import, in forks of a process that has imported all but ours."""
    for mutant in mutants:
        chosen = tests.tests_of(mutant)
        if not chosen:
            tell(mutant, SURVIVED, "", 0)
            continue
        plugin = Declared(folder)

        def act(mutant: Mutant = mutant, chosen: Any = chosen, plugin: Any = plugin) -> str:
            os.environ["PYTEST_XDIST_WORKER"] = "mutant"  # the name of its own folder
            sys.meta_path.insert(0, Instead(mutant))
            ended = pytest.main([*ARGUMENTS, "-x", *chosen], plugins=[plugin])
            return plugin.failed or ("the import" if ended not in (0, 5) else "")

        outcome, failed = in_a_child(act, tests.limit(chosen) + 60)
        shutil.rmtree(Path(folder) / "mutant", ignore_errors=True)
        if failed in chosen:
            tests.killed_by(mutant, failed)
        tell(mutant, outcome, failed, len(chosen))

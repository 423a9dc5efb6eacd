"""The company that `benchmarks/lowcode` counts runs; the peers need libraries of their own."""

import re
import shutil
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tests.stories.test_company_package import flask, run


@pytest.mark.slow
def test_the_company_of_the_comparison_runs(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "benchmarks" / "lowcode" / "backoffice" / "acme", tmp_path / "acme")
    flask(tmp_path, "backoffice", "new-migration", "acme", "Begin")
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    output = run(tmp_path, "-m", "pytest", *options, "tests/benchmarks/lowcode/walk_backoffice.py")
    assert re.search(r"\d+ passed", output)
    assert "skipped" not in output

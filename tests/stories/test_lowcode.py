"""The company that `benchmarks/lowcode` counts runs; the peers need libraries of their own."""

import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tests.stories.test_company_package import flask, run

LOWCODE = ROOT / "benchmarks" / "lowcode"


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Return a file with the tables that were there before; ours has the query itself."""
    before, _view = (LOWCODE / "existing.sql").read_text().split("CREATE VIEW")
    path = tmp_path / "tables.sql"
    path.write_text(before)
    return path


@pytest.mark.slow
def test_the_company_of_the_comparison_runs(tmp_path: Path, tables: Path) -> None:
    shutil.copytree(LOWCODE / "backoffice" / "acme", tmp_path / "acme")
    with sqlite3.connect(tmp_path / "acme.sqlite3") as database:
        database.executescript(tables.read_text())
    flask(tmp_path, "backoffice", "new-migration", "acme", "Begin")
    (written,) = (tmp_path / "acme" / "migrations").glob("*.py")
    assert "KUNDEN" not in written.read_text()
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    walk = "tests/benchmarks/lowcode/walk_backoffice.py"
    output = run(tmp_path, "-m", "pytest", *options, walk, BACKOFFICE_TEST_TABLES=str(tables))
    assert re.search(r"\d+ passed", output)
    assert "skipped" not in output

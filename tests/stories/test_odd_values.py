"""Meet what existing tables have and types cannot read: values, keys, and what triggers say."""

import re
import shutil
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tests.stories.test_company_package import run

COMPANY = ROOT / "tests" / "company"
TABLES = COMPANY / "existing" / "odd.sql"
WALKS = sorted(str(path.relative_to(ROOT)) for path in TABLES.parent.glob("odd_*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_odd_values_are_shown_and_stay_as_they_are(tmp_path: Path, engine: str) -> None:
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(COMPANY / "odd", tmp_path / "odd", ignore=left_out)
    environ = {"BACKOFFICE_APPS": "odd", "BACKOFFICE_TEST_TABLES": str(TABLES)}
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    only = environ | {"BACKOFFICE_TEST_ENGINES": engine}
    output = run(tmp_path, "-m", "pytest", *options, *WALKS, **only)
    assert re.search(r"\d+ passed", output)
    assert "skipped" not in output

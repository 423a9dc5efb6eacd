"""Avatars and their files: one pair a person, there with the commit, and gone with it.

Nobody else can write them.
"""

import errno
import stat
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import events
from backoffice.data.storage import Folder, uploads
from backoffice.errors import CannotStore, NotAllowed, NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.people import avatars
from backoffice.people.avatars import read_avatar, remove_avatar, set_avatar
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act
from tests.support.images import BLUE, RED, colour_of, encoded, plain, stored
from tests.support.races import at_once

PNG, OTHER = encoded(plain()), encoded(plain(colour=BLUE))


@pytest.fixture
def folder(app: Flask) -> Path:
    """Return where the files of this test lie."""
    found: Path = app.extensions["settings"].uploads_dir
    return found


def dress(cast: Cast, name: str, content: bytes = PNG) -> str:
    """Give a person an avatar, and return its key."""
    set_avatar(actor=cast.actor(name), data=content, filename="me.png")
    db.session.commit()
    return str(getattr(cast, name).avatar)


def happened() -> list[tuple[str, int | None]]:
    """Return what the events say, as (action, subject)."""
    return [(e.action, e.subject_id) for e in db.session.scalars(select(Event).order_by(Event.id))]


# --- set, replace, remove ---


def test_a_picture_is_kept_in_two_sizes_under_a_random_key(cast: Cast, folder: Path) -> None:
    key = dress(cast, "vera")
    assert [path.name for path in stored(folder)] == [f"{key}-256", f"{key}-64"]
    assert colour_of(read_avatar(key=key, size=64)) == pytest.approx(RED, abs=8)
    assert dress(cast, "max") != key


def test_files_are_for_the_product_alone(cast: Cast, folder: Path) -> None:
    dress(cast, "vera")
    for path in stored(folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_new_picture_takes_the_place_of_the_old_one(cast: Cast, folder: Path) -> None:
    old, new = dress(cast, "vera"), dress(cast, "vera", OTHER)
    assert {path.name.partition("-")[0] for path in stored(folder)} == {new}
    assert colour_of(read_avatar(key=new, size=256)) == pytest.approx(BLUE, abs=8)
    with pytest.raises(NotFound):
        read_avatar(key=old, size=256)


def test_the_old_picture_is_there_until_the_new_one_is_committed(cast: Cast, folder: Path) -> None:
    old = dress(cast, "vera")
    set_avatar(actor=cast.actor("vera"), data=OTHER, filename="me.png")
    assert uploads().read(f"{old}-64")
    remove_avatar(actor=cast.actor("vera"))
    assert uploads().read(f"{old}-64")
    db.session.commit()
    assert stored(folder) == []


def test_events_tell_that_it_changed_and_not_what_it_shows(cast: Cast) -> None:
    dress(cast, "vera")
    remove_avatar(actor=cast.actor("vera"))
    remove_avatar(actor=cast.actor("vera"))  # there is none: nothing happens
    db.session.commit()
    assert happened() == [
        ("account.set_avatar", cast.vera.id),
        ("account.remove_avatar", cast.vera.id),
    ]
    assert {(event.before, event.after) for event in db.session.scalars(select(Event))} == {
        (None, None)
    }
    assert events.verify() == []


# --- nothing left behind ---


@pytest.mark.parametrize("give_up", [db.session.rollback, db.session.remove])
def test_a_transaction_given_up_leaves_the_old_picture_alone(
    cast: Cast, folder: Path, give_up: Callable[[], None]
) -> None:
    old = dress(cast, "vera")
    before = stored(folder)
    set_avatar(actor=cast.actor("vera"), data=OTHER, filename="me.png")
    assert len(stored(folder)) == 4
    give_up()
    assert stored(folder) == before
    assert cast.vera.avatar == old
    db.session.commit()
    assert stored(folder) == before


def test_a_removal_taken_back_removes_nothing(cast: Cast, folder: Path) -> None:
    key = dress(cast, "vera")
    remove_avatar(actor=cast.actor("vera"))
    db.session.rollback()
    db.session.commit()
    assert cast.vera.avatar == key
    assert len(stored(folder)) == 2


def test_a_full_disk_leaves_nothing_half_written(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = dress(cast, "vera")
    before, written = stored(folder), []

    def full(number: int) -> None:
        written.append(number)
        if len(written) > 2:  # the first file and its folder get through
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CannotStore, match="no space left"):
        set_avatar(actor=cast.actor("vera"), data=OTHER, filename="me.png")
    assert len(stored(folder)) == 3, "the first of the two, and nothing of the second"
    db.session.rollback()
    assert stored(folder) == before
    assert cast.vera.avatar == old


def test_a_bad_picture_changes_nothing(cast: Cast, folder: Path) -> None:
    old, before = dress(cast, "vera"), stored(folder)
    with pytest.raises(RuleBroken):
        set_avatar(actor=cast.actor("vera"), data=b"GIF89a", filename="me.png")
    db.session.commit()
    assert (cast.vera.avatar, stored(folder)) == (old, before)


def test_a_file_that_cannot_be_removed_is_no_reason_to_fail(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError

    dress(cast, "vera")
    remove_avatar(actor=cast.actor("vera"))
    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    db.session.commit()
    assert cast.vera.avatar is None


@pytest.mark.slow
def test_two_uploads_at_once_leave_exactly_one_pair(app: Flask, cast: Cast, folder: Path) -> None:
    pair = [app.test_client().sign_in("vera") for _ in range(2)]
    for visitor in pair:
        visitor.token()
    for _ in range(10):
        tries = [
            partial(each.post, "/account/avatar", {"avatar": (BytesIO(content), "me.png")})
            for each, content in zip(pair, (PNG, OTHER), strict=True)
        ]
        assert [answer.status_code for answer in at_once(tries)] == [303, 303]
        settle()
        assert [path.name for path in stored(folder)] == [
            f"{cast.vera.avatar}-{size}" for size in (256, 64)
        ]


# --- whose ---


def test_nobody_chooses_a_picture_for_whoever_has_left(cast: Cast, folder: Path) -> None:
    """A person who is deleted or blocked meanwhile gets no picture that nobody would remove."""
    for status in ("blocked", "deleted"):
        actor = cast.actor("vera")
        cast.vera.status = status
        db.session.flush()
        with pytest.raises(NotAllowed):
            set_avatar(actor=actor, data=PNG, filename="me.png")
        db.session.rollback()
    assert stored(folder) == []


def test_the_action_removes_many_and_leaves_who_has_none(
    cast: Cast, client: Client, folder: Path
) -> None:
    *_, kept = (dress(cast, name) for name in ("vera", "olivia", "max"))
    run = act(
        client.sign_in("olivia"),
        "users",
        "remove-avatar",
        cast.vera.id,
        cast.eve.id,
        cast.olivia.id,
    )
    assert run.counts == {"done": 2, "unchanged": 1}
    assert {path.name.partition("-")[0] for path in stored(folder)} == {kept}
    assert cast.vera.avatar is None


def test_forgotten_people_leave_no_file(cast: Cast, folder: Path) -> None:
    dress(cast, "vera")
    kept = dress(cast, "max")
    avatars.forget(select(User.id).where(User.id.in_([cast.vera.id, cast.eve.id])))
    assert len(stored(folder)) == 4
    db.session.commit()
    assert {path.name.partition("-")[0] for path in stored(folder)} == {kept}


# --- the storage ---


OUTSIDE = (
    "",
    "../x",
    "/etc/passwd",
    "a" * 31,
    "A" * 32,
    "g" * 32,
    "a" * 32 + "-",
    "a" * 32 + "/..",
    "a" * 32 + "\n",
)


@pytest.mark.parametrize("key", [*OUTSIDE, "٣" * 32])
def test_no_other_key_reaches_the_disk(app: Flask, folder: Path, key: str) -> None:
    store = uploads()
    for act_on in (store.read, store.delete, lambda each: store.put(each, b"x")):
        with pytest.raises(ValueError, match="no key of ours"):
            act_on(key)
    assert stored(folder) == []


def test_storage_keeps_reads_and_forgets(tmp_path: Path) -> None:
    store, key = Folder(tmp_path / "not" / "there yet"), "0" * 32
    assert store.read(key) is None
    store.delete(key)
    store.put(key, b"one")
    store.put(key, b"two")
    assert store.read(key) == b"two"
    store.delete(key)
    assert stored(tmp_path) == []


def test_a_relative_folder_begins_where_the_product_is_started(
    app_with: Callable[..., Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = app_with(uploads_dir=Path("uploads"))
    with other.app_context():
        store = uploads()
    assert isinstance(store, Folder)
    assert store.root.absolute() == tmp_path / "uploads"
    assert Path(other.instance_path) == tmp_path / "instance"

"""An avatar that nobody should see is removed, and people upload another."""

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, outcome, previewed
from tests.support.factors import visitor
from tests.support.hostile import file
from tests.support.images import encoded, plain
from tests.support.told import told


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def with_picture(app: Flask, name: str) -> str:
    """Have the person upload a picture, and return its key."""
    person = visitor(app).sign_in(name)
    answer = person.post("/account/avatar", {"avatar": file("me.png", encoded(plain()))})
    assert answer.status_code == 303
    settle()
    key = getattr(Cast(), name).avatar
    assert key
    return str(key)


def test_a_picture_is_removed_and_its_files_go(app: Flask, olivia: Client, cast: Cast) -> None:
    with_picture(app, "max")
    before = cast.max.version
    run = act(olivia, "users", "remove-avatar", cast.max.id, cast.vera.id)
    assert (outcome(run, cast.max.id), outcome(run, cast.vera.id)) == (
        ("done", ""),
        ("unchanged", ""),
    )
    settle()
    assert (cast.max.avatar, cast.max.version) == (None, before + 1)
    events = db.session.scalars(select(Event).where(Event.action == "users.remove_avatar")).all()
    assert [event.subject_id for event in events] == [cast.max.id]
    page = previewed(olivia, "users", "remove-avatar", cast.max.id)
    assert told(page).headline == ("1 would not change: already without an avatar.",)
    uploads = app.extensions["settings"].uploads_dir
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


def test_those_above_keep_theirs(app: Flask, staff: list[str]) -> None:
    with_picture(app, "max")
    boss = visitor(app).sign_in("main_administrator")
    page = previewed(boss, "users", "remove-avatar", Cast().max.id)
    assert told(page).headline == (
        (
            "1 refused: Max Mander has a group or a permission that you cannot assign, "
            "or sees more than you."
        ),
    )
    settle()
    assert db.session.get_one(User, Cast().max.id).avatar

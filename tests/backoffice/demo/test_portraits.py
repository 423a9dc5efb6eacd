"""The pictures of the demo's people are drawn and kept like any other.

They are gone if the load is given up.
"""

from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from backoffice import demo
from backoffice.demo.company import EVERYONE
from backoffice.demo.portraits import WITHOUT, portrait
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.kyc_case import KycCase
from backoffice.models.user import User
from backoffice.people import avatars
from tests.support.images import stored


def test_most_of_the_demos_accounts_have_a_picture_and_it_leaves_with_them(app: Flask) -> None:
    folder: Path = app.extensions["settings"].uploads_dir
    demo.load(settings=app.extensions["settings"], number=50)
    faces = dict(
        db.session.execute(select(User.email, User.avatar).where(User.avatar.is_not(None))).all()
    )
    assert set(faces) == {account.email for account in EVERYONE} - set(WITHOUT)
    assert all(avatars.read_avatar(key=str(key), size=64) for key in faces.values())
    chosen = select(func.count(Event.id)).where(Event.action == "account.set_avatar")
    assert db.session.scalar(chosen) == len(faces)
    documents = sum(len(each) for each in db.session.scalars(select(KycCase.documents)))
    assert len(stored(folder)) == 2 * len(faces) + documents
    db.session.rollback()
    assert stored(folder) == []


def test_faces_differ_and_stay_the_same() -> None:
    faces = {account.email: portrait(account.email) for account in EVERYONE}
    assert len(set(faces.values())) == len(EVERYONE)
    assert faces == {email: portrait(email) for email in faces}

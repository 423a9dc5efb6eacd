"""`refold` makes rows that plain SQL wrote searchable again."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import update

from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle


def test_keys_follow_texts_that_plain_sql_wrote(run: Callable[..., Any], cast: Cast) -> None:
    db.session.execute(
        update(User.__table__).where(User.id == cast.vera.id).values(phone="+49301234567")
    )
    db.session.execute(
        update(Group.__table__)
        .where(Group.key == "viewers")
        .values(description="Łódź", name_skeleton=None)
    )
    settle()
    answer = run("backoffice", "refold")
    assert (answer.exit_code, len(answer.output.splitlines())) == (0, 1)
    db.session.expire_all()
    viewers = db.session.query(Group).filter_by(key="viewers").one()
    assert (viewers.description_key, viewers.name_skeleton) == ("lodz", "viewers")
    assert (cast.vera.phone_key, cast.vera.search_key) == (
        "49301234567", "vera vance vera@example.com 49301234567",
    )  # fmt: skip

"""All groups that come with the product with a member each, and people who lost what they had."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backoffice import clock
from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import run
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.user import User
from backoffice.policy.actor import system
from backoffice.policy.permissions import catalogue
from backoffice.settings import Settings
from backoffice.sheets import imports, shipped_sheets
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import Cast
from tests.support import sheets
from tests.support.acting import group

# Administrators who are one no more, and the action of Olivia that made it so.
LOST = {
    "removed": "users.remove_from_group",
    "stripped": "users.take_permissions",
    "shortened": "users.set_membership_end",
    "revoked": "users.revoke",
    "reviewed": "access_review_items.take_away",
}


def build(settings: Settings) -> None:
    """Add the groups of all shipped sheets with a member each, and people who lost everything."""
    the_cast.build_staff(settings)
    for sheet in shipped_sheets.SHEETS:
        _import(sheet.read())
    present = db.session.scalars(select(Group).order_by(Group.id)).all()
    known = {person.email for person in db.session.scalars(select(User))}
    for each in present:
        if the_cast.address(each.key) not in known:
            the_cast.add(each.key, group=each.key, settings=settings)
    gods = {"name": "Gods", "permissions": sorted(catalogue())}
    _import(sheets.sheet_of(gods))
    _import(sheets.sheet_of(gods | {"permissions": []}), "merge")
    db.session.flush()
    losers = [the_cast.add(name, group=ADMINISTRATORS, settings=settings) for name in LOST]
    _ask_about_everybody()
    for person, how in zip(losers, LOST, strict=True):
        _take_from(person, how)
    db.session.add(User(email="newcomer@example.com", email_key="newcomer@example.com"))
    db.session.commit()


def _import(content: bytes, mode: str = "create") -> None:
    imports.import_at_once(actor=system(), data=content, source="g.json", mode=mode)


def _ask_about_everybody() -> None:
    """Ask everybody whether they themselves are to be administrators."""
    review = AccessReview(name="Spring", people="all", ends_at=clock.now() + timedelta(days=7))
    for person in db.session.scalars(select(User)):
        asked = {"user": person, "reviewer": person, "access": "Administrators"}
        db.session.add(AccessReviewItem(review=review, group=group(ADMINISTRATORS), **asked))
    db.session.flush()


def _take_from(person: User, how: str) -> None:
    """Take what the person has, as Olivia does it."""
    administrators = [group(ADMINISTRATORS).id]
    row_id, parameters = person.id, {}
    if how == "removed":
        parameters = {"group": administrators}
    elif how == "shortened":
        tomorrow = clock.now() + timedelta(days=1)
        parameters = {"group": administrators, "ends_at": [f"{tomorrow:%Y-%m-%dT%H:%M}"]}
    elif how == "stripped":
        parameters = {"permissions": sorted(catalogue())}
        _act("users.give_permissions", row_id, parameters)
    elif how == "reviewed":
        about = AccessReviewItem.user_id == row_id
        row_id = db.session.scalars(select(AccessReviewItem.id).where(about)).one()
    _act(LOST[how], row_id, parameters)


def _act(code: str, row_id: int, parameters: dict[str, list[Any]]) -> None:
    action = find(code)
    assert action is not None
    olivia = Cast().actor("olivia")
    chosen = Selection(ids=[row_id])
    planned = preview(actor=olivia, action=action, selection=chosen, parameters=parameters).run
    done = run(actor=olivia, token=planned.token, action=action, reason="no more")
    assert done.counts == {"done": 1}, (code, done.counts)

"""Actions that open and close access reviews."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from sqlalchemy import ColumnElement, true

from backoffice import clock
from backoffice.actions.engine.action import Action, actions_of
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Choose, Parameter, Stored
from backoffice.actions.engine.rules import Counted
from backoffice.actions.engine.values import End, OneOf, Text
from backoffice.data import lists
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.access_review import NAME_LENGTH, PEOPLE, AccessReview
from backoffice.models.base import records
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.people import access_reviews, review_entries
from backoffice.people.access_reviews import OPEN
from backoffice.people.review_entries import Terms
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import catalogue
from backoffice.settings import configured
from backoffice.text import N_

ASKED: dict[str, Parameter] = {
    "name": Text(length=NAME_LENGTH, label=_l("Name")),
    "groups": Choose(
        Group,
        label=_l("Groups"),
        description=_l("Left empty: all groups, and extra permissions."),
        multiple=True,
        required=False,
    ),
    "reviewer": Choose(
        User,
        User.status == "active",
        label=_l("Reviewer"),
        description=_l("Left empty: each group's own reviewer; you, where there is none."),
        refusal=_l("Choose somebody who is active."),
        required=False,
    ),
    "ends_at": End(label=_l("Ends at")),
}


class Opening(Action):
    """An action that opens a review about some people."""

    permission = OPEN
    irreversible = (
        _l("The review itself, and the mails to its reviewers: “Close” ends it before its time."),
    )

    def checked(
        self, actor: Actor, given: Mapping[str, Sequence[object]], *, locked: bool = False
    ) -> Stored:
        """Refuse a reviewer who could not decide besides."""
        stored = super().checked(actor, given, locked=locked)
        for reviewer_id in stored["reviewer"]:
            reviewer = db.session.get_one(User, reviewer_id)
            if lacking := review_entries.lacks(reviewer):
                text = _(
                    "%(person)s could not decide without the permission %(code)s.",
                    person=reviewer.name,
                    code=lacking[0],
                )
                raise RuleBroken(text, field="reviewer")
        return stored

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        """Say how much the review would ask about."""
        number = access_reviews.number(context.actor, self.terms(context, rows))
        text = _n(
            "%(number)s membership or extra permission is asked about.",
            "%(number)s memberships and extra permissions are asked about.",
            number,
            number=lists.capped(number),
        )
        return [text]

    def apply(self, context: ActionContext, rows: Ids) -> None:
        access_reviews.open_review(
            actor=context.actor,
            terms=self.terms(context, rows),
            uses=_uses(),
            reason=context.reason,
        )

    def terms(self, context: ActionContext, rows: Ids) -> Terms:
        """Return what was chosen."""
        chosen = context.parameters
        people = chosen.get("people", "chosen")
        return Terms(
            name=chosen["name"],
            ends_at=chosen["ends_at"],
            people=people,
            among=self.among(people, rows),
            group_ids=chosen["groups"],
            reviewer_id=next(iter(chosen["reviewer"]), None),
        )

    def among(self, people: str, rows: Ids) -> ColumnElement[bool]:
        """Return the SQL condition for the people whose access is asked about."""
        raise NotImplementedError


class OpenReview(Opening):
    model = AccessReview
    name = "open"
    label = _l("Open access review")
    meaning = _l("Open and close access reviews, and decide in all of them")
    event = _l("{actor} opened {subject}")
    is_global = True
    notes_itself = True
    changes_rows = False
    parameters: ClassVar = {
        "name": ASKED["name"],
        "people": OneOf(
            choices=PEOPLE[:2],
            words={"all": N_("Everybody"), "dormant": N_("Dormant people: unseen for long")},
            label=_l("People"),
            default="all",
        ),
        **{name: asked for name, asked in ASKED.items() if name != "name"},
    }

    def among(self, people: str, _rows: Ids) -> ColumnElement[bool]:
        return access_reviews.dormant(configured()) if people == "dormant" else true()


class ReviewAccess(Opening):
    """Open a review about people who are ticked, or who match a filter."""

    model = User
    name = "review_access"
    label = _l("Review access")
    title = Counted("Review the access of {n} person", "Review the access of {n} people")
    done = _l("under review")
    event = _l("{actor} asked whether the access of {subject} is still right")
    result = Counted("{n} person under review.", "{n} people under review.")
    changes_rows = False
    parameters: ClassVar = ASKED

    def among(self, _people: str, rows: Ids) -> ColumnElement[bool]:
        return User.id.in_(rows)


def _uses() -> dict[str, list[str]]:
    """Return the actions whose events show that a permission was used."""
    uses = {code: [code] for code in catalogue()}
    for model in records():
        for action in actions_of(model):
            uses[action.permission].append(action.code())
    return uses


class CloseReview(Action):
    model = AccessReview
    name = "close"
    permission = OPEN
    label = _l("Close")
    title = Counted("Close {n} access review", "Close {n} access reviews")
    done = _l("closed")
    event = _l("{actor} closed {subject}")
    result = Counted("{n} access review closed.", "{n} access reviews closed.")
    watches = ("state",)
    restores = ("state", "closed_at", "closed_by_id")

    def unchanged(self, _context: ActionContext) -> ColumnElement[bool]:
        return AccessReview.state == "closed"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, state="closed", closed_at=clock.now(), closed_by_id=context.actor.user_id)

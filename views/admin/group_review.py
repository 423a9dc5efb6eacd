"""The page before a group is saved: what its members gain and lose, and how many they are."""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.people import forecast
from backoffice.policy.actor import Actor
from backoffice.policy.rules import sees
from backoffice.sheets import affected
from backoffice.sheets.changes import EDIT, Change, Plan, State, state_of
from views.admin import group_sheet_pages
from views.admin.group_sheet_pages import ChangedGroup
from views.screen.definition import Definition
from views.web.redirects import CONFIRMATION_FIELDS

REVIEWED = "reviewed"  # the field that says which change was looked at
STEP = "step"
BACK = "edit"  # the step that leads back to the form
# The page has the token anew; of a confirmation nothing is sent again, least of all a password.
DROPPED = ("csrf_token", REVIEWED, STEP, *CONFIRMATION_FIELDS)


@dataclass(frozen=True)
class ReviewPage:
    """A change of a group that is still to be confirmed.

    Attributes:
        title: the heading.
        groups: the group, with what changes.
        besides: who of the administrators can sign in whatever is changed.
        hidden: what was sent, to be sent again.
        digest: what tells this change from any other.
        action: where it is sent.
        cancel_href: where giving up leads to.
    """

    title: str
    groups: list[ChangedGroup]
    besides: str
    hidden: list[tuple[str, str]]
    digest: str
    action: str
    cancel_href: str


def goes_back() -> bool:
    """Tell whether the page of a review asks for its form again, with all that was typed."""
    return request.form.get(STEP) == BACK


def was_seen() -> bool:
    """Tell whether what was sent comes from the page of a review."""
    return REVIEWED in request.form


def page(screen: Definition, actor: Actor, group: Group, before: State) -> str:
    """Take the change back and return the page that says what it is.

    The group is as the change has left it, in this transaction. The answer is '', and the change
    stays, where this very change was looked at already, or members may do no more and no less.
    """
    change = Change(EDIT, group.key, "", before, state_of(group), group)
    digest = Plan([change]).digest
    if not change.touches_people or request.form.get(REVIEWED) == digest:
        return ""
    shown = ReviewPage(
        title=_("Review changes: %(label)s", label=before.name),
        groups=group_sheet_pages.shown(actor, [change], people=_people(actor, change)),
        besides=forecast.besides(actor, forecast.Change()),
        hidden=[pair for pair in request.form.items(multi=True) if pair[0] not in DROPPED],
        digest=digest,
        action=screen.url_of("edit", row_id=group.id),
        cancel_href=screen.url_of("details", row_id=group.id),
    )
    db.session.rollback()
    return screen.render("admin/groups/review.html", page=shown)


def _people(actor: Actor, change: Change) -> dict[int, affected.People]:
    """Return how many members the change touches, for those who see people."""
    return affected.by_group([change]) if sees(actor, User) else {}

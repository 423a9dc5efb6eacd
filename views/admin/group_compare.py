"""The page that puts two groups side by side, or one group now and before a change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from flask import redirect, request
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.data import choices, records
from backoffice.models.group import Group
from backoffice.people import group_comparison
from backoffice.people.group_comparison import Side
from backoffice.policy.actor import Actor
from backoffice.text import is_id
from views.admin.group_permissions import Area, by_area
from views.screen import permission_required
from views.screen.definition import Definition
from views.screen.pages import BulkAction
from views.web.actor import signed_in, writes_no_row
from views.web.answers import Answer
from views.web.event_texts import Described, described

OFFERED = 500  # groups
MOST = 2  # of them stand side by side


@dataclass(frozen=True)
class Compared:
    """Two sides, and what is the same on both.

    Attributes:
        names: what the sides are called.
        sides: the sides.
        areas: the permissions that only one side has, by area.
        only: how many permissions only the one side has, and only the other.
        both: the permissions that both have, by area.
        grants: the groups that members of one side alone can assign, as (name, the first can).
    """

    names: tuple[str, str]
    sides: tuple[Side, Side]
    areas: list[Area]
    only: tuple[int, int]
    both: list[Area]
    grants: list[tuple[str, bool]]


@dataclass(frozen=True)
class ComparePage:
    """The page.

    Attributes:
        url: where what is chosen is sent.
        offered: the groups to choose from, as (id, name).
        chosen: the groups that are chosen.
        problem: why nothing is compared.
        compared: the comparison; None until there are two sides.
        changes: the changes of a single group, before which it can be shown.
        restored: what the form of the group is sent to make it as it was; empty if it cannot be.
    """

    url: str
    offered: Sequence[tuple[object, str]]
    chosen: Sequence[Group] = ()
    problem: str = ""
    compared: Compared | None = None
    changes: Sequence[Described] = ()
    restored: Mapping[str, Sequence[str]] = field(default_factory=dict)


class ComparePages(Definition):
    """The page of comparisons, which the screen of groups has besides its own."""

    @writes_no_row
    @permission_required("groups.view")
    @expose("/compare", methods=("GET", "POST"))
    def compare(self) -> Answer:
        """Show the page; what the list sends has an address too."""
        if request.method == "POST":
            ticked = [row for row in request.form.getlist("row") if is_id(row)]
            few = ",".join(ticked[: MOST + 1])  # one too many says that there are too many
            return redirect(self.url_of("compare", groups=few), HTTPStatus.SEE_OTHER)
        page = _page(self, signed_in())
        status = HTTPStatus.BAD_REQUEST if page.problem else HTTPStatus.OK
        return self.render("admin/groups/compare.html", page=page), status

    def buttons_of_rows(self, _actor: Actor) -> list[BulkAction]:
        """Return the button that compares two ticked groups."""
        return [BulkAction(_("Compare"), self.url_of("compare"), danger=False)]


def _page(screen: Definition, actor: Actor) -> ComparePage:
    """Return the page for the groups that the address names. Raises NotFound."""
    offered, _more = choices.offered(actor=actor, model=Group, limit=OFFERED)
    page = ComparePage(screen.url_of("compare"), offered)
    numbers = _numbers()
    if numbers is None:
        return replace(page, problem=_("Choose two groups to compare."))
    groups = [records.get(actor=actor, model=Group, row_id=number) for number in numbers]
    page = replace(page, chosen=groups)
    match groups:
        case [group]:
            return _of_one(page, actor, group, request.args.get("before", ""))
        case [one, other]:
            sides = [group_comparison.now(actor=actor, group=each) for each in groups]
            names = (one.name, other.name)
            return replace(page, compared=_compared(actor, names, (sides[0], sides[1])))
    return page


def _numbers() -> list[int] | None:
    """Return the ids of up to two groups that the address names; None for anything else."""
    asked = ",".join(request.args.getlist("groups")).split(",")
    texts = [*dict.fromkeys(filter(None, asked))]
    if len(texts) > MOST or not all(map(is_id, texts)):
        return None
    return [int(text) for text in texts]


def _of_one(page: ComparePage, actor: Actor, group: Group, before: str) -> ComparePage:
    """Return the page of a single group, with its changes, and as it was before one of them."""
    events = group_comparison.changes(actor=actor, group=group)
    page = replace(page, changes=described(events))
    if not before:
        return page
    if not is_id(before):
        return replace(page, problem=_("There is no such change of this group."))
    then = group_comparison.before(actor=actor, group=group, event_id=int(before))
    now = group_comparison.now(actor=actor, group=group)
    names = (_("%(group)s before that", group=group.name), _("%(group)s now", group=group.name))
    restored = group_comparison.restorable(actor=actor, then=then)
    return replace(page, compared=_compared(actor, names, (then, now)), restored=restored)


def _compared(actor: Actor, names: tuple[str, str], sides: tuple[Side, Side]) -> Compared:
    left, right = sides
    differing = left.permissions ^ right.permissions
    assigned = {**right.grants, **left.grants}
    return Compared(
        names=names,
        sides=sides,
        areas=by_area(actor, only=differing),
        only=(len(left.permissions - right.permissions), len(right.permissions - left.permissions)),
        both=by_area(actor, only=left.permissions & right.permissions),
        grants=sorted(
            (assigned[key], key in left.grants) for key in left.grants.keys() ^ right.grants.keys()
        ),
    )

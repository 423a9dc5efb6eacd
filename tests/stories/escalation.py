"""Attempts to get more than one has, by everything that gives groups and permissions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sqlalchemy import delete, insert, select
from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.associations import user_groups
from backoffice.models.bulk_run import BulkRun
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.sheet_import import SheetImport
from backoffice.models.user import User
from backoffice.policy.permissions import catalogue
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.stories.escalation_world import LOST
from tests.support import acting, sheets, viewing
from tests.support.acting import followed, group
from tests.support.html import read

UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
BEYOND = "vaults.open"  # a permission that administrators alone have
EVERYTHING = ["", *catalogue(), BEYOND]


# --- who tries ---


@dataclass(frozen=True)
class Member:
    """Somebody who is signed in, and called like the key of their group."""

    client: Client
    key: str

    @property
    def person(self) -> User:
        person: User = getattr(Cast(), self.key)
        return person

    @property
    def group(self) -> Group:
        return group(self.key)

    @property
    def other_group(self) -> Group:
        """Return a group that some can assign and change."""
        return group("employee" if self.key != "employee" else "viewers")

    @contextmanager
    def promoted(self) -> Iterator[None]:
        """Make them an administrator for the moment, as they were until just now."""
        membership = {"user_id": self.person.id, "group_id": group(ADMINISTRATORS).id}
        db.session.execute(insert(user_groups).values(membership))
        settle()
        yield
        db.session.execute(delete(user_groups).filter_by(**membership))
        settle()

    # What they do, each in one call; the answer is the page or the run at its end.

    def writes(self, screen: str, row_id: int | None = None, **values: Any) -> TestResponse:
        """Send a form, as a page of a review would that somebody made up."""
        if row_id is None:
            return self.client.post(f"/admin/{screen}/new", values)
        settle()
        version = db.session.get_one(acting.MODELS[screen], row_id).version
        form = {"version": version, "reviewed": "0" * 64, **values}
        return self.client.post(f"/admin/{screen}/{row_id}/edit", form)

    def acts(
        self, action: str, *rows: int, screen: str = "users", **chosen: Any
    ) -> TestResponse | BulkRun:
        """Preview an action, and press its button whatever the preview says."""
        page = acting.previewed(self.client, screen, action, *rows, **chosen)
        return self.decides(screen, action, page) if page.status_code == HTTPStatus.OK else page

    def decides(self, screen: str, action: str, page: TestResponse) -> TestResponse | BulkRun:
        answer = acting.confirmed(self.client, screen, action, page)
        return acting.run_at(answer) if answer.status_code == HTTPStatus.SEE_OTHER else answer

    def imports(self, *groups: Any, mode: str = "merge") -> TestResponse:
        return sheets.send(self.client, sheets.sheet_of(*groups), mode)


Attempt = Callable[[Member], TestResponse | BulkRun]
ATTEMPTS: list[Attempt] = []
TRIED: set[str] = set()  # the ways of giving that some attempt uses


def tries(*ways: str) -> Callable[[Attempt], Attempt]:
    """Register an attempt, with the ways of giving that it uses (`test_escalation.py`)."""

    def register(attempt: Attempt) -> Attempt:
        ATTEMPTS.append(attempt)
        TRIED.update(ways)
        return attempt

    return register


# --- groups ---


@tries("groups.edit: permissions")
def permissions_of_the_own_group(me: Member) -> TestResponse:
    return me.writes("groups", me.group.id, permissions=EVERYTHING)


@tries("groups.edit: grants")
def grants_of_the_own_group(me: Member) -> TestResponse:
    return me.writes("groups", me.group.id, grants=["", group(ADMINISTRATORS).id])


@tries()
def name_of_administrators(me: Member) -> TestResponse:
    return me.writes("groups", group(ADMINISTRATORS).id, name="Ours")


@tries("groups.edit: permissions")
def permissions_of_another_group(me: Member) -> TestResponse:
    return me.writes("groups", me.other_group.id, permissions=["", BEYOND])


@tries("groups.edit: grants")
def grants_of_another_group(me: Member) -> TestResponse:
    return me.writes("groups", me.other_group.id, grants=["", group(ADMINISTRATORS).id])


@tries("groups.create: permissions")
def permissions_of_a_new_group(me: Member) -> TestResponse:
    return me.writes("groups", name="Ours", permissions=["", BEYOND])


@tries("groups.create: grants")
def grants_of_a_new_group(me: Member) -> TestResponse:
    grants = ["", group(ADMINISTRATORS).id]
    return me.writes("groups", name="Ours", permissions="", grants=grants)


@tries("groups.edit: permissions")
def a_change_that_was_reviewed_as_an_administrator(me: Member) -> TestResponse:
    target = me.other_group.id
    with me.promoted():
        digest = acting.review_of(me.writes("groups", target, permissions=EVERYTHING))
        assert digest
    return me.writes("groups", target, permissions=EVERYTHING, reviewed=digest)


# --- sheets ---


@tries("groups.sheet")
def own_group_in_a_sheet(me: Member) -> TestResponse:
    own = {"key": me.key, "name": me.group.name, "permissions": [*me.group.permissions, BEYOND]}
    return me.imports(own)


@tries("groups.sheet")
def another_group_in_a_sheet(me: Member) -> TestResponse:
    other = me.other_group
    return me.imports({"key": other.key, "name": other.name, "grants": [ADMINISTRATORS]})


@tries("groups.sheet")
def new_group_in_a_sheet(me: Member) -> TestResponse:
    return me.imports({"name": "Ours", "permissions": [BEYOND], "grants": [me.key]})


@tries("groups.sheet")
def sheet_without_the_other_groups(me: Member) -> TestResponse:
    return me.imports(mode="replace")


@tries("groups.sheet_preview")
def sheet_that_was_sent_as_an_administrator(me: Member) -> TestResponse:
    with me.promoted():
        address = sheets.previewed(
            me.client, sheets.sheet_of({"name": "Ours", "permissions": [BEYOND]})
        )
    return _where_it_leads(me, me.client.post(address))


@tries("groups.sheet_undo")
def undo_of_a_sheet_that_took_everything(me: Member) -> TestResponse:
    settle()
    applied = select(SheetImport.token).where(SheetImport.state == "done")
    newest = db.session.scalars(applied.order_by(SheetImport.id.desc())).first()
    address = f"{sheets.UPLOAD}/{newest}/undo"
    return _where_it_leads(me, me.client.post(address))


def _where_it_leads(me: Member, answer: TestResponse) -> TestResponse:
    """Return the page of a sheet that lists what is wrong with it."""
    is_led = answer.status_code == HTTPStatus.SEE_OTHER
    return me.client.get(answer.location) if is_led else answer


# --- members ---


@tries("groups.add_rows")
def oneself_on_the_tab_of_members(me: Member) -> TestResponse:
    path = f"/admin/groups/{group(ADMINISTRATORS).id}/tabs/users/add"
    return me.client.post(path, {"rows": ["", str(me.person.id)]})


@tries("users.add_to_group")
def oneself_by_an_address(me: Member) -> TestResponse:
    chosen = group(ADMINISTRATORS).id
    path = f"/admin/users/actions/add-to-group?with.group={chosen}"
    return followed(me.client, me.client.post(path, {"row": me.person.id}))


@tries("users.add_to_group")
def somebody_to_a_group(me: Member) -> TestResponse | BulkRun:
    return me.acts("add-to-group", Cast().newcomer.id, group=group(ADMINISTRATORS).id)


@tries("users.add_to_group")
def everybody_to_a_group(me: Member) -> TestResponse | BulkRun:
    return me.acts("add-to-group", all_matching="1", group=group(ADMINISTRATORS).id)


@tries("users.add_to_group")
def oneself_to_a_group_that_one_may_give(me: Member) -> TestResponse | BulkRun:
    return me.acts("add-to-group", me.person.id, group=(me.group.grants or [me.group])[0].id)


@tries("users.add_to_group")
def preview_of_an_administrator(me: Member) -> TestResponse | BulkRun:
    newcomer, chosen = Cast().newcomer.id, group(ADMINISTRATORS).id
    with me.promoted():
        page = acting.previewed(me.client, "users", "add-to-group", newcomer, group=chosen)
    return me.decides("users", "add-to-group", page)


@tries("users.set_membership_end")
def longer_in_ones_own_group(me: Member) -> TestResponse | BulkRun:
    return me.acts("set-membership-end", me.person.id, group=me.group.id)


@tries("users.remove_from_group")
def an_administrator_less(me: Member) -> TestResponse | BulkRun:
    return me.acts("remove-from-group", Cast().olivia.id, group=group(ADMINISTRATORS).id)


@tries("users.edit: groups")
def somebody_in_their_form(me: Member) -> TestResponse:
    return me.writes("users", Cast().newcomer.id, groups=["", group(ADMINISTRATORS).id])


@tries("users.edit: groups")
def oneself_in_ones_own_form(me: Member) -> TestResponse:
    groups = ["", me.group.id, group(ADMINISTRATORS).id]
    return me.writes("users", me.person.id, groups=groups)


@tries("users.create: groups")
def new_person(me: Member) -> TestResponse:
    return me.writes("users", email="mine@example.com", groups=["", group(ADMINISTRATORS).id])


@tries("users.create: groups")
def new_person_in_a_form_of_an_administrator(me: Member) -> TestResponse:
    with me.promoted():
        me.client.get("/admin/users/new")
    return new_person(me)


# --- extra permissions ---


@tries("users.give_permissions")
def permission_for_somebody(me: Member) -> TestResponse | BulkRun:
    return me.acts("give-permissions", Cast().newcomer.id, permissions=BEYOND)


@tries("users.give_permissions")
def permission_for_oneself(me: Member) -> TestResponse | BulkRun:
    return me.acts("give-permissions", me.person.id, permissions=BEYOND)


@tries("users.give_permissions")
def permission_that_one_has_for_oneself(me: Member) -> TestResponse | BulkRun:
    held = me.group.permissions or [BEYOND]
    return me.acts("give-permissions", me.person.id, permissions=held[0])


@tries("users.give_permissions")
def permission_previewed_as_an_administrator(me: Member) -> TestResponse | BulkRun:
    newcomer, code = Cast().newcomer.id, BEYOND
    with me.promoted():
        page = acting.previewed(me.client, "users", "give-permissions", newcomer, permissions=code)
    return me.decides("users", "give-permissions", page)


@tries("users.take_permissions")
def permission_taken_from_oneself(me: Member) -> TestResponse | BulkRun:
    return me.acts("take-permissions", me.person.id, permissions=BEYOND)


# --- reviews, undo, and being somebody else ---


@tries()
def review_of_ones_own_access(me: Member) -> TestResponse | BulkRun:
    settle()
    own = select(AccessReviewItem.id).where(AccessReviewItem.user_id == me.person.id)
    item = db.session.scalars(own).one()
    return me.acts("keep", item, screen="access-review-items")


def _undo(how: str) -> Attempt:
    def attempt(me: Member) -> TestResponse | BulkRun:
        settle()
        runs = select(BulkRun).where(BulkRun.action == LOST[how]).order_by(BulkRun.id)
        answer = acting.undo(me.client, db.session.scalars(runs.limit(1)).one())
        return acting.run_at(answer) if answer.status_code == HTTPStatus.SEE_OTHER else answer

    attempt.__name__ = f"undo_for_who_was_{how}"
    return attempt


for _how in LOST:
    tries()(_undo(_how))


@tries()
def view_as_an_administrator(me: Member) -> TestResponse:
    return viewing.begin(me.client, Cast().olivia.id)


@tries()
def address_of_an_administrator(me: Member) -> TestResponse:
    return me.writes("users", Cast().olivia.id, email="mine@example.com")


@tries()
def password_of_an_administrator(me: Member) -> TestResponse | BulkRun:
    return me.acts("temporary-password", Cast().olivia.id)


# --- what came of it ---


def refusal(got: TestResponse | BulkRun) -> str:
    """Return how an attempt was refused, or '' if it was not."""
    if isinstance(got, BulkRun):
        return "row by row" if set(got.counts) == {"refused"} else ""
    if got.status_code == HTTPStatus.FORBIDDEN:
        return "403"
    page = read(got)
    says_why = page.all(role="alert") or page.all("div", class_="fault")
    return "with a message" if got.status_code == UNPROCESSABLE and says_why else ""

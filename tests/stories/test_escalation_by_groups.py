"""Members of every shipped group try to get more by way of groups, are refused, and it is noted."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.models.associations import group_grants, user_groups
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy.permissions import catalogue
from backoffice.policy.shipped import SHIPPED
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import followed, group

EVERYTHING = ["", *catalogue()]
BEYOND = "users.view_as"  # held by administrators alone
ALL_BUT_ADMINISTRATORS = [each.key for each in SHIPPED if each.key != "administrators"]
Attempt = Callable[[Client, str], TestResponse]


def posted(client: Client, key: str, **values: Any) -> TestResponse:
    """Send the form of a group, as the page of a review would that somebody made up."""
    found = group(key)
    form = {"version": found.version, "reviewed": "0" * 64, **values}
    return client.post(f"/admin/groups/{found.id}/edit", form)


def own_group(client: Client, key: str) -> TestResponse:
    return posted(client, key, permissions=EVERYTHING)


def administrators(client: Client, key: str) -> TestResponse:
    return posted(client, "administrators", name="Ours")


def other_group(client: Client, key: str) -> TestResponse:
    """The group Employee, which some can assign and change, gets all that there is."""
    return posted(client, "employee" if key != "employee" else "viewers", permissions=EVERYTHING)


def grants_of_other_group(client: Client, key: str) -> TestResponse:
    other = "employee" if key != "employee" else "viewers"
    return posted(client, other, grants=["", group("administrators").id])


def new_group(client: Client, key: str) -> TestResponse:
    return client.post("/admin/groups/new", {"name": "Ours", "permissions": EVERYTHING})


def grants_of_new_group(client: Client, key: str) -> TestResponse:
    form = {"name": "Ours", "permissions": "", "grants": ["", group("administrators").id]}
    return client.post("/admin/groups/new", form)


def members_on_the_tab(client: Client, key: str) -> TestResponse:
    path = f"/admin/groups/{group('administrators').id}/tabs/users/add"
    return client.post(path, {"rows": ["", str(getattr(Cast(), key).id)]})


def members_by_an_address(client: Client, key: str) -> TestResponse:
    chosen = group("administrators").id
    path = f"/admin/users/actions/add-to-group?with.group={chosen}"
    return followed(client, client.post(path, {"row": getattr(Cast(), key).id}))


def members_in_the_form(client: Client, key: str) -> TestResponse:
    other = Cast().dispatcher if key != "dispatcher" else Cast().employee
    form = {"version": other.version, "groups": ["", str(group("administrators").id)]}
    return client.post(f"/admin/users/{other.id}/edit", form)


ATTEMPTS: list[Attempt] = [
    own_group,
    administrators,
    other_group,
    grants_of_other_group,
    new_group,
    grants_of_new_group,
    members_on_the_tab,
    members_by_an_address,
    members_in_the_form,
]


def rights() -> list[Any]:
    """Return all that groups allow, and who is in them."""
    settle()
    columns = (Group.id, Group.name, Group.permissions, Group.all_permissions, Group.version)
    return [
        db.session.execute(select(*columns).order_by(Group.id)).all(),
        db.session.execute(select(group_grants)).all(),
        db.session.execute(select(user_groups.c.user_id, user_groups.c.group_id)).all(),
    ]


def denied(person: User) -> int:
    settle()
    mine = (Event.result == "denied", Event.actor_id == person.id)
    return db.session.scalar(select(func.count()).where(*mine)) or 0


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.__name__)
@pytest.mark.parametrize("key", ALL_BUT_ADMINISTRATORS)
def test_nobody_gets_more(client: Client, staff: list[str], key: str, attempt: Attempt) -> None:
    own = group(key)
    own.permissions = [code for code in own.permissions if code != BEYOND]
    client.sign_in(key)
    person = getattr(Cast(), key)
    before, noted = rights(), denied(person)
    assert attempt(client, key).status_code in (403, 422)
    assert rights() == before
    assert denied(person) == noted + 1


def test_not_even_administrators_change_their_own_group(client: Client, staff: list[str]) -> None:
    client.sign_in("olivia")
    before, noted = rights(), denied(Cast().olivia)
    assert administrators(client, "administrators").status_code == 403
    assert rights() == before
    assert denied(Cast().olivia) == noted + 1

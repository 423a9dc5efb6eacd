"""Nobody changes a group that they may not give, nor a group that they are in."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.policy.permissions import catalogue
from backoffice.policy.shipped import SHIPPED
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, add, confirmed, edit, group, groups_of, outcome, previewed
from tests.support.html import is_asked, read
from tests.support.told import by_name

CHANGES: tuple[dict[str, Any], ...] = (
    {"name": "Ours"},
    {"description": "Ours"},
    {"permissions": [""]},
    {"grants": [""]},
)
BEYOND = ("managers", "viewers", "administrators", "main_administrator")


@pytest.fixture
def people(staff: list[str]) -> Cast:
    return Cast()


def said(key: str) -> tuple[Any, ...]:
    found = group(key)
    granted = sorted(each.name for each in found.grants)
    return found.name, found.description, found.permissions, granted, found.version


def unconfirmed(client: Client, name: str) -> None:
    """Sign in with a password that was given too long ago to count as confirmation."""
    client.sign_in(name)
    client.token()
    settle()
    db.session.execute(update(Session).values(confirmed_at=clock.now() - timedelta(hours=1)))
    settle()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_a_group_beyond_ones_own_is_changed_in_no_field(
    client: Client, people: Cast, change: dict[str, Any]
) -> None:
    """A main administrator has every permission of Viewers and still may not give that group."""
    client.sign_in("main_administrator")
    for key in BEYOND:
        before = said(key)
        assert edit(client, "groups", group(key).id, **change).status_code == 403
        assert said(key) == before


def test_a_group_beyond_ones_own_is_not_deleted(client: Client, people: Cast) -> None:
    client.sign_in("main_administrator")
    for key in BEYOND:
        assert (
            outcome(act(client, "groups", "delete", group(key).id), group(key).id)[0] == "refused"
        )


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_nobody_changes_a_group_of_their_own(
    client: Client, people: Cast, change: dict[str, Any]
) -> None:
    """Not even an administrator who is also in it."""
    dispatcher = group("dispatcher")
    olivia = people.olivia
    olivia.groups.append(dispatcher)
    before = said("dispatcher")
    client.sign_in("olivia")
    answer = edit(client, "groups", group("dispatcher").id, **change)
    assert answer.status_code == 403
    assert "You are in Dispatcher: nobody changes a group of their own." in answer.text
    assert said("dispatcher") == before
    done = act(client, "groups", "delete", group("dispatcher").id)
    assert outcome(done, group("dispatcher").id) == ("refused", "own")


def test_the_menus_say_why_a_group_cannot_be_edited(client: Client, people: Cast) -> None:
    client.sign_in("main_administrator")
    for key, why in (
        ("main_administrator", "You are in Main administrator"),
        ("managers", "You cannot assign Managers"),
        ("viewers", "You cannot assign Viewers"),
    ):
        for page in ("", "/menu"):
            shown = read(client.get(f"/admin/groups/{group(key).id}{page}"))
            refused = [button.text for button in shown.all("button", **{"aria-disabled": "true"})]
            assert [text for text in refused if text.startswith("Edit") and why in text], (
                key,
                page,
                refused,
            )


def test_what_one_may_give_one_may_change(client: Client, people: Cast) -> None:
    client.sign_in("main_administrator")
    assert (
        edit(client, "groups", group("employee").id, description="On the floor").status_code == 303
    )
    assert group("employee").description == "On the floor"


def test_whoever_adds_a_group_can_give_change_and_delete_it(client: Client, people: Cast) -> None:
    """The others in the adder's group can too, but nobody beyond it."""
    client.sign_in("main_administrator")
    made = add(client, "groups", name="Night shift", permissions=["", "users.view"])
    number = int(made.location.rpartition("/")[2])
    given = act(client, "users", "add-to-group", people.employee.id, group=number)
    assert outcome(given, people.employee.id)[0] == "done"
    assert groups_of(people.employee) == {"Employee", "Night shift"}
    assert edit(client, "groups", number, name="Late shift").status_code == 303
    settle()
    own = group("main_administrator")
    assert "Late shift" in {each.name for each in own.grants}
    told = db.session.scalars(
        select(Event).where(Event.action == "groups.edit").order_by(Event.id)
    ).first()
    assert told is not None
    assert told.subject_id == own.id
    assert told.after
    assert "Night shift" in by_name(told.after["grants"])
    client.sign_out()
    client.sign_in("company_administrator")
    answer = previewed(client, "users", "add-to-group", people.employee.id, group=number)
    assert answer.status_code == 422
    client.sign_out()
    client.sign_in("main_administrator")
    act(client, "groups", "delete", number)
    settle()
    assert db.session.get(Group, number) is None


def test_deleting_a_group_asks_who_it_is(client: Client, people: Cast) -> None:
    unconfirmed(client, "olivia")
    asked = previewed(client, "groups", "delete", group("employee").id)
    assert is_asked(asked)
    assert group("employee").name == "Employee"


# --- strong groups ---

STRONG = {"administrators", "main_administrator", "company_administrator"}


@pytest.mark.parametrize("key", [shipped.key for shipped in SHIPPED])
def test_who_is_in_a_strong_group_is_decided_by_who_shows_that_it_is_them(
    client: Client, people: Cast, key: str
) -> None:
    """In bulk, in a person's form and in that of a new person; for giving as well as taking."""
    unconfirmed(client, "olivia")
    number = group(key).id
    other = people.vera.id
    given = previewed(client, "users", "add-to-group", other, group=number)
    taken = previewed(client, "users", "remove-from-group", other, group=number)
    new = add(client, "users", email="new@example.com", groups=["", number])
    written = edit(client, "users", other, groups=["", group("viewers").id, number])
    assert [is_asked(answer) for answer in (given, taken, new, written)] == [key in STRONG] * 4
    assert {answer.status_code for answer in (new, written)} == {403 if key in STRONG else 303}


def test_a_group_is_strong_by_what_its_permissions_say_they_grant(
    client: Client, people: Cast
) -> None:
    """One granting permission is enough to make a group strong.

    Permissions of screens that decide who may do what are marked as granting automatically.
    """
    granting = {code for code, permission in catalogue().items() if permission.is_strong}
    assert {"users.assign_groups", "users.create", "groups.edit", "users.assign_scope"} <= granting
    assert granting.isdisjoint({"client_tags.edit", "users.view", "bulk.run", "events.view"})
    group("viewers").permissions = ["users.view", "groups.create"]
    unconfirmed(client, "olivia")
    chosen = group("viewers").id
    assert is_asked(previewed(client, "users", "add-to-group", people.employee.id, group=chosen))


# --- IP whitelists ---


def test_a_whitelist_is_changed_by_who_shows_that_it_is_them(client: Client, people: Cast) -> None:
    unconfirmed(client, "olivia")
    other = people.employee
    assert edit(client, "users", other.id, ip_whitelist="203.0.113.0/24").status_code == 403
    answer = add(client, "users", email="new@example.com", ip_whitelist="203.0.113.0/24")
    assert answer.status_code == 403
    assert (
        edit(client, "users", other.id, ip_whitelist="", phone="+49 30 1234567").status_code == 303
    )
    settle()
    assert people.employee.ip_whitelist == []


@pytest.mark.parametrize(
    "entries, kinds",
    [
        ("0.0.0.0/0", "IPv4"),
        ("::/0", "IPv6"),
        ("0.0.0.0/1\n128.0.0.0/1", "IPv4"),
        ("::/0\n10.0.0.1\n0.0.0.0/0", "IPv4 and IPv6"),
        ("0.0.0.0/1", ""),
        ("203.0.113.7", ""),
    ],
)
def test_a_whitelist_that_keeps_nobody_out_is_kept_with_a_warning(
    client: Client, people: Cast, entries: str, kinds: str
) -> None:
    client.sign_in("olivia")
    saved = edit(client, "users", people.employee.id, ip_whitelist=entries)
    assert saved.status_code == 303
    warning = f"The IP whitelist lets in every {kinds} address, so it keeps nobody out."
    for page in (saved.location, f"/admin/users/{people.employee.id}/edit"):
        assert (warning in client.get(page).text) == bool(kinds)
        assert ("keeps nobody out" in client.get(page).text) == bool(kinds)


def test_a_strong_group_given_before_the_password_grew_old_is_not_given_after(
    client: Client, people: Cast
) -> None:
    """A confirmation for the preview does not last until the run; it has to be valid then."""
    client.sign_in("olivia")
    seen = previewed(
        client, "users", "add-to-group", people.employee.id, group=group("company_administrator").id
    )
    settle()
    db.session.execute(update(Session).values(confirmed_at=clock.now() - timedelta(hours=1)))
    assert is_asked(confirmed(client, "users", "add-to-group", seen))
    assert groups_of(people.employee) == {"Employee"}

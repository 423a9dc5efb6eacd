"""Extra permissions: given beside those of the groups, with an end, and never beyond one's own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    decided,
    edit,
    group,
    outcome,
    previewed,
    run_at,
    status_of,
    token_of,
    undo,
)
from tests.support.html import error_at, is_asked, read
from tests.support.races import at_once
from tests.support.statements import Statements
from tests.support.told import told

GIVE, TAKE = "give-permissions", "take-permissions"


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def nobody(staff: list[str]) -> User:
    """Somebody in no group, who is above nobody."""
    person = Cast().employee
    person.groups = []
    settle()
    return person


@pytest.fixture
def boss(app: Flask, staff: list[str]) -> Client:
    """The company administrator, who may give permissions but not change groups."""
    visitor = app.test_client().sign_in("company_administrator")
    assert isinstance(visitor, Client)
    return visitor


def held(person: User) -> set[str]:
    settle()
    rows = select(DirectGrant.permission).where(DirectGrant.user_id == person.id)
    return set(db.session.scalars(rows))


def in_days(days: float) -> datetime:
    return (clock.now() + timedelta(days=days)).replace(second=0, microsecond=0)


def typed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def give(client: Client, person: User, *codes: str, **more: Any) -> Any:
    return act(client, "users", GIVE, person.id, permissions=list(codes), **more)


def test_what_is_given_counts_at_the_next_request_and_taken_away_no_more(
    app: Flask, olivia: Client, nobody: User
) -> None:
    max_, vera = Cast().max, nobody
    client = app.test_client().sign_in("max")
    assert client.get("/admin/users/actions/block").status_code in (404, 405)
    refused = client.post("/admin/users/actions/block", {"row": [vera.id]})
    assert refused.status_code == 403
    given = give(olivia, max_, "users.block", reason="Olivia is on leave")
    assert given.counts == {"done": 1}
    act(client, "users", "block", vera.id, reason="left the company")
    assert status_of(vera) == "blocked"
    act(olivia, "users", TAKE, max_.id, permissions=["users.block"])
    assert client.post("/admin/users/actions/unblock", {"row": [vera.id]}).status_code == 403


def test_it_ends_at_the_very_second(app: Flask, olivia: Client, nobody: User) -> None:
    max_, vera = Cast().max, nobody
    client = app.test_client().sign_in("max")
    ends_at = in_days(0.01)
    give(olivia, max_, "users.block", ends_at=typed(ends_at), reason="today")
    with clock.at(ends_at - timedelta(seconds=1)):
        assert previewed(client, "users", "block", vera.id).status_code == 200
    with clock.at(ends_at):
        refused = client.post("/admin/users/actions/block", {"row": [vera.id]})
        assert refused.status_code == 403


def test_a_preview_from_before_the_end_is_decided_after_it(
    app: Flask, olivia: Client, nobody: User
) -> None:
    max_, vera = Cast().max, nobody
    client = app.test_client().sign_in("max")
    ends_at = in_days(0.01)
    give(olivia, max_, "users.block", ends_at=typed(ends_at), reason="today")
    page = previewed(client, "users", "block", vera.id)
    with clock.at(ends_at):
        assert decided(client, "users", "block", token_of(page)).status_code == 403
    assert status_of(vera) == "active"


def test_the_page_of_the_person_and_the_event_tell_it(olivia: Client) -> None:
    max_ = Cast().max
    ends_at = in_days(30)
    give(olivia, max_, "users.block", ends_at=typed(ends_at), reason="Olivia is on leave")
    page = read(olivia.get(f"/admin/users/{max_.id}?tab=groups")).one("main").text
    assert "Block and unblock people direct" in page
    assert "Olivia is on leave" in page
    (event,) = db.session.scalars(select(Event).where(Event.action == "users.give_permissions"))
    code = f"users.block · {ends_at:%Y-%m-%d %H:%M} UTC"
    assert (event.before, event.after) == (None, {"extra_permissions": [code]})
    assert event.reason == "Olivia is on leave"
    listed = read(olivia.get("/admin/direct-grants/?ends=later")).one("tbody").text
    assert "users.block" in listed
    assert "<tbody" not in olivia.get("/admin/direct-grants/?ends=soon").text


def test_who_does_not_see_extra_permissions_is_told_so(app: Flask, staff: list[str]) -> None:
    dispatcher = app.test_client().sign_in("dispatcher")
    page = dispatcher.get(f"/admin/users/{Cast().max.id}?tab=groups").text
    assert "You need the permission direct_grants.view" in page
    assert dispatcher.get("/admin/direct-grants/").status_code == 403
    assert dispatcher.get("/admin/direct-grants/export.csv").status_code == 403


def test_events_tell_them_to_those_alone_who_see_them(
    app: Flask, olivia: Client, nobody: User
) -> None:
    give(olivia, nobody, "users.block", reason="leave")
    watching = group("dispatcher")
    watching.permissions = [*watching.permissions, "events.view"]
    settle()
    dispatcher = app.test_client().sign_in("dispatcher")
    address = f"/admin/users/{nobody.id}?tab=events"
    assert "users.block" not in dispatcher.get(address).text
    watching = group("dispatcher")
    watching.permissions = [*watching.permissions, "direct_grants.view"]
    settle()
    assert "users.block" in dispatcher.get(address).text


def test_undo_brings_back_what_was_there_with_its_end_and_reason(olivia: Client) -> None:
    max_ = Cast().max
    ends_at = in_days(0.01)
    give(olivia, max_, "users.block", ends_at=typed(ends_at), reason="first")
    second = give(olivia, max_, "users.block", "users.create", reason="second")
    undo(olivia, second)
    settle()
    (row,) = db.session.scalars(select(DirectGrant))
    assert (row.permission, row.reason, row.ends_at) == ("users.block", "first", ends_at)
    taken = act(olivia, "users", TAKE, max_.id, permissions=["users.block"])
    assert held(max_) == set()
    undo(olivia, taken)
    settle()
    (row,) = db.session.scalars(select(DirectGrant))
    assert (row.permission, row.reason, row.ends_at) == ("users.block", "first", ends_at)
    assert row.given_by_id == Cast().olivia.id
    taken = act(olivia, "users", TAKE, max_.id, permissions=["users.block"])
    with clock.at(ends_at):
        assert outcome(run_at(undo(olivia, taken)), max_.id) == ("refused", "ended")


def test_revoking_access_takes_them_and_its_undo_gives_them_back(olivia: Client) -> None:
    max_ = Cast().max
    ends_at = in_days(3)
    give(olivia, max_, "users.block", ends_at=typed(ends_at), reason="first")
    act(olivia, "users", "add-to-group", max_.id, group=group("viewers").id, ends_at=typed(ends_at))
    revoked = act(olivia, "users", "revoke", max_.id, reason="left")
    assert held(max_) == set()
    undo(olivia, revoked)
    assert held(max_) == {"users.block"}
    with clock.at(ends_at):
        settle()
        assert {each.name for each in Cast().max.groups} == {"Managers"}


def test_nobody_gives_beyond_their_own(boss: Client) -> None:
    employee = Cast().employee
    page = previewed(boss, "users", GIVE, employee.id, permissions=["groups.edit"])
    assert error_at(page, "with.permissions") == "You do not hold groups.edit yourself."
    assert held(employee) == set()
    settle()
    denied = db.session.scalars(select(Event).where(Event.result == "denied")).all()
    assert [event.action for event in denied] == ["users.assign_permissions"]


def test_nobody_gives_to_themselves_or_to_those_above(boss: Client) -> None:
    cast = Cast()
    for person, rule in ((cast.company_administrator, "oneself"), (cast.max, "outranked")):
        page = previewed(boss, "users", GIVE, person.id, permissions=["users.block"])
        run = run_at(confirmed(boss, "users", GIVE, page, "why not"))
        assert outcome(run, person.id) == ("refused", rule)
        assert held(person) == set()


def test_whoever_holds_more_than_the_actor_is_above_them(olivia: Client, boss: Client) -> None:
    employee = Cast().employee
    give(olivia, employee, "groups.edit", reason="the manual")
    page = previewed(boss, "users", "block", employee.id)
    assert "employee@example.com has a group or a permission" in told(page).headline[0]
    assert edit(boss, "users", employee.id, phone="+4930123456").status_code == 403
    taking = previewed(boss, "users", TAKE, employee.id, permissions=["groups.edit"])
    assert error_at(taking, "with.permissions") == "You do not hold groups.edit yourself."
    assert held(employee) == {"groups.edit"}
    ended = update(DirectGrant).values(ends_at=clock.now())
    db.session.execute(ended)
    settle()
    assert edit(boss, "users", employee.id, phone="+4930123456").status_code == 303


def test_a_revoked_persons_permissions_come_back_only_by_who_may_give_them(
    olivia: Client, boss: Client
) -> None:
    employee = Cast().employee
    give(olivia, employee, "groups.edit", reason="the manual")
    run = act(olivia, "users", "revoke", employee.id, reason="left")
    page = boss.post(f"/admin/bulk-runs/{run.id}/undo")
    assert page.status_code in (303, 403, 404)
    if page.status_code == 303:
        text = boss.get(page.location).text
        assert "had a group or a permission that you cannot assign" in text
        undo(boss, run)
    assert held(employee) == set()
    assert status_of(employee) == "revoked"


def test_no_statement_names_all_whose_permissions_would_come_back(
    olivia: Client, boss: Client, statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    cast = Cast()
    longest = []
    for people in ([cast.employee], [cast.dispatcher, cast.agent_group_manager]):
        for person in people:
            give(olivia, person, "groups.edit", reason="the manual")
        run = act(olivia, "users", "revoke", *(person.id for person in people), reason="left")
        with statements() as seen:
            assert boss.post(f"/admin/bulk-runs/{run.id}/undo").status_code == 303
        longest.append(max(map(len, seen)))
    assert longest[0] == longest[1]


def test_a_strong_one_is_given_after_a_confirmation(olivia: Client) -> None:
    long_ago = clock.now().replace(year=2000)
    settle()
    db.session.execute(update(Session).values(confirmed_at=long_ago))
    settle()
    employee = Cast().employee.id
    assert is_asked(previewed(olivia, "users", GIVE, employee, permissions=["users.assign_groups"]))
    page = previewed(olivia, "users", GIVE, employee, permissions=["client_tags.view"])
    assert not is_asked(page)


@pytest.mark.parametrize(
    "field, values, message",
    [
        ("permissions", ["users.fly"], "There is no permission users.fly."),
        ("permissions", ["x" * 5000], "There is no permission"),
        ("permissions", [], "Choose a permission."),
        ("ends_at", "2001-01-01T10:00", "Choose a time that is still to come."),
    ],
)
def test_bad_input_is_refused_at_its_field(
    olivia: Client, field: str, values: Any, message: str
) -> None:
    vera = Cast().vera
    chosen = {"permissions": ["users.block"]} | {field: values or [""]}
    page = previewed(olivia, "users", GIVE, vera.id, **chosen)
    assert page.status_code == 422
    assert message in (error_at(page, f"with.{field}") or "")
    assert held(vera) == set()


def test_without_a_reason_nothing_is_given(olivia: Client) -> None:
    vera, ends_at = Cast().vera, in_days(30)
    chosen = {"permissions": ["users.block"], "ends_at": typed(ends_at)}
    page = previewed(olivia, "users", GIVE, vera.id, **chosen)
    assert read(page).one("h1").text == (
        "Give 1 person the permissions Block and unblock people,"
        f" until {ends_at:%Y-%m-%d %H:%M} UTC"
    )
    answer = olivia.post(
        f"/admin/users/actions/{GIVE}/{token_of(page)}", {"step": "run", "reason": " "}
    )
    assert "Say why" in olivia.get(answer.location).text
    assert held(vera) == set()


def test_two_who_give_the_same_at_once_leave_one(app: Flask, olivia: Client, boss: Client) -> None:
    employee = Cast().employee
    pages = [
        (client, previewed(client, "users", GIVE, employee.id, permissions=["client_tags.view"]))
        for client in (olivia, boss)
    ]
    answers = at_once(
        [
            lambda client=client, page=page: decided(client, "users", GIVE, token_of(page))
            for client, page in pages
        ]
    )
    assert {answer.status_code for answer in answers} == {303}
    settle()
    assert len(db.session.scalars(select(DirectGrant)).all()) == 1
    runs = [run_at(answer).counts for answer in answers]
    assert sorted(map(str, runs)) == ["{'done': 1}", "{'stale': 1}"]


def test_who_loses_a_permission_in_the_same_moment_passes_none_on(
    app: Flask, olivia: Client, nobody: User
) -> None:
    """Max may give away what he has by an extra permission, which Olivia takes at that moment."""
    max_, employee = Cast().max, nobody
    client = app.test_client().sign_in("max")
    for number in range(8):
        codes = ("users.assign_permissions", "users.view", "groups.edit")
        give(olivia, max_, *codes, reason="leave")
        page = previewed(client, "users", GIVE, employee.id, permissions=["groups.edit"])
        taking = previewed(olivia, "users", TAKE, max_.id, permissions=["groups.edit"])
        gave, took = at_once(
            [
                lambda page=page: decided(client, "users", GIVE, token_of(page)),
                lambda page=taking: decided(olivia, "users", TAKE, token_of(page)),
            ]
        )
        assert took.status_code == 303
        assert (gave.status_code == 303) == (held(employee) == {"groups.edit"}), number
        if held(employee):
            act(olivia, "users", TAKE, employee.id, permissions=["groups.edit"])


def test_the_command_line_gives_them_too(olivia: Client, run: Any) -> None:
    vera = Cast().vera
    arguments = ["backoffice", "act", "users.give_permissions", "--id", str(vera.id)]
    chosen = ["--with", "permissions=users.block", "--reason", "leave"]
    answer = run(*arguments, *chosen, "--yes")
    assert answer.exit_code == 0, answer.output
    assert held(vera) == {"users.block"}
    refused = run(*arguments, "--with", "permissions=users.fly", "--reason", "leave", "--yes")
    assert refused.exit_code != 0
    assert "There is no permission users.fly." in refused.output

"""Service providers know nothing of each other, and a company by itself nothing of nodes."""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.node import KINDS, ROOT, Node, node_paths
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support import providers
from tests.support.acting import act, edit, outcome, undo
from tests.support.html import read, row_ids
from tests.support.providers import SECRET, Providers

SCREENS = (
    *("users", "groups", "nodes", "sessions", "sign-ins", "extra-permissions", "events"),
    *("clients", "companies", "wallets", "kyc-cases", "bulk-runs", "messages"),
)


@pytest.fixture
def two(cast: Cast) -> Providers:
    return providers.build(cast)


@pytest.fixture
def max_(two: Providers, entered: Callable[[str], Client]) -> Client:
    return entered("max")


def addresses(app: Flask) -> Iterator[str]:
    """Yield the lists and exports of all screens."""
    for screen in app.extensions["screens"]:
        yield f"/admin/{screen.slug}/"
        yield f"/admin/{screen.slug}/export.csv"
        yield f"/admin/{screen.slug}/export.json"


def test_nothing_of_another_provider_is_on_any_list(
    app: Flask, max_: Client, two: Providers, entered: Callable[[str], Client]
) -> None:
    olivia = entered("olivia")
    edit(olivia, "users", two.stranger.id, phone="+49 30 1234567")
    told = [path for path in addresses(app) if SECRET in max_.get(path).text]
    assert told == []
    shown = {path for path in addresses(app) if SECRET in olivia.get(path).text}
    assert {"/admin/users/", "/admin/nodes/", "/admin/clients/", "/admin/events/"} <= shown


def test_rows_of_another_provider_do_not_exist(max_: Client, two: Providers) -> None:
    for path in (
        f"/admin/users/{two.stranger.id}",
        f"/admin/users/{two.stranger.id}/edit",
        f"/admin/nodes/{two.quay.id}",
        f"/admin/nodes/{two.foreign_account.id}/edit",
        f"/admin/clients/{two.client.id}",
    ):
        assert max_.get(path).status_code == HTTPStatus.NOT_FOUND, path
    for path in (
        f"/admin/users/lookup/node?search={SECRET}",
        f"/admin/users/lookup/platform_accounts?search={SECRET}",
        f"/find?q={SECRET}",
        "/",
    ):
        assert f"{SECRET} " not in max_.get(path).text, path


def test_people_of_the_own_provider_are_managed_as_ever(
    max_: Client, two: Providers, cast: Cast
) -> None:
    vera = cast.vera
    vera.node_id = two.harbour.id
    settle()
    assert row_ids(max_.get("/admin/users/").text) == sorted([vera.id, cast.max.id], reverse=True)
    run = act(max_, "users", "block", vera.id, reason="Leave")
    assert outcome(run, vera.id)[0] == "done"
    undo(max_, run)
    assert db.session.get_one(User, vera.id, populate_existing=True).status == "active"


def test_whoever_adds_somebody_adds_them_to_their_own_provider(
    max_: Client, two: Providers
) -> None:
    answer = max_.post("/admin/users/new", {"login_method": "email", "email": "new@example.com"})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    added = db.session.scalars(select(User).where(User.email_key == "new@example.com")).one()
    assert (added.node_id, added.platform_accounts_mode) == (two.harbour.id, "whole")


@pytest.mark.parametrize("field", ["node", "platform_accounts"])
def test_nobody_is_put_where_one_does_not_reach(
    max_: Client, two: Providers, cast: Cast, field: str
) -> None:
    cast.vera.node_id = two.harbour.id
    settle()
    sent = {"node": two.quay.id, "platform_accounts": ["", two.foreign_account.id]}
    more = {"platform_accounts_mode": "only"} if field == "platform_accounts" else {}
    answer = edit(max_, "users", cast.vera.id, **{field: sent[field]}, **more)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert SECRET not in answer.text
    vera = db.session.get_one(User, cast.vera.id, populate_existing=True)
    assert (vera.node_id, vera.platform_accounts) == (two.harbour.id, [])


def test_invitations_are_valid_as_long_as_the_provider_says(
    two: Providers, entered: Callable[[str], Client]
) -> None:
    olivia = entered("olivia")
    edit(olivia, "nodes", two.harbour.id, invitation_hours=2)
    valid = {}
    for email, node in (("a@example.com", two.harbour.id), ("b@example.com", ROOT)):
        form = {"login_method": "email", "email": email, "node": node}
        assert olivia.post("/admin/users/new", form).status_code == HTTPStatus.SEE_OTHER
        found = select(Token).join(User, User.id == Token.user_id).where(User.email_key == email)
        token = db.session.scalars(found).one()
        valid[email] = round((token.expires_at - token.created_at).total_seconds() / 3600)
    assert valid == {"a@example.com": 2, "b@example.com": 8}


def test_who_reaches_one_account_sees_only_people_within_it(
    two: Providers, cast: Cast, entered: Callable[[str], Client]
) -> None:
    """Vera reaches Hook below Crane; Max, who reaches Crane, sees her but nobody who sees more."""
    cast.max.platform_accounts_mode, cast.max.platform_accounts = "only", [two.account]
    cast.vera.node_id, cast.vera.platform_accounts_mode = two.harbour.id, "only"
    cast.vera.platform_accounts = [two.account]
    cast.vera.sub_accounts_mode, cast.vera.sub_accounts = "only", [two.sub_account]
    cast.olivia.node_id = two.harbour.id
    settle()
    client = entered("max")
    assert row_ids(client.get("/admin/users/").text) == sorted(
        [cast.vera.id, cast.max.id], reverse=True
    )
    assert client.get(f"/admin/users/{cast.olivia.id}").status_code == HTTPStatus.NOT_FOUND
    cast.vera.sub_accounts_mode = "whole"
    settle()
    answer = edit(client, "users", cast.vera.id, platform_accounts_mode="all")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "more of the organisation than you reach" in answer.text


def test_a_company_by_itself_never_notices(client: Client, cast: Cast) -> None:
    olivia = client.sign_in("olivia")
    for path in ("/admin/users/", f"/admin/users/{cast.max.id}/edit", "/admin/groups/new"):
        page = olivia.get(path).text
        assert not re.search("Service provider|Platform account|Sub-account", page), path


def test_the_first_node_is_added_below_the_company(client: Client, cast: Cast) -> None:
    olivia = client.sign_in("olivia")
    page = olivia.get("/admin/nodes/new").text
    assert "Lies below" in page
    assert olivia.post("/admin/nodes/new", {"name": "Harbour", "parent": ROOT}).status_code == 303
    assert "Service provider" in olivia.get("/admin/users/new").text


def test_a_node_lies_where_its_kind_belongs(
    client: Client, two: Providers, entered: Callable[[str], Client]
) -> None:
    olivia = entered("olivia")
    assert olivia.post("/admin/nodes/new", {"name": "Winch", "parent": two.account.id})
    winch = db.session.scalars(select(Node).where(Node.name == "Winch")).one()
    assert winch.kind == "sub_account"
    refused = olivia.post("/admin/nodes/new", {"name": "Rope", "parent": winch.id})
    assert "Nothing lies below a sub-account." in read(refused).text
    again = olivia.post("/admin/nodes/new", {"name": "WINCH", "parent": two.account.id})
    assert "Another node there has this name." in read(again).text
    assert paths() == by_parents()


def test_a_move_takes_along_what_lies_below_and_back(
    two: Providers, entered: Callable[[str], Client]
) -> None:
    olivia = entered("olivia")
    run = act(olivia, "nodes", "move", two.account.id, parent=two.quay.id)
    assert outcome(run, two.account.id)[0] == "done"
    assert (two.quay.id, two.sub_account.id, 2) in paths()
    assert paths() == by_parents()
    undo(olivia, run)
    assert (two.harbour.id, two.sub_account.id, 2) in paths()
    assert paths() == by_parents()
    wrong = act(olivia, "nodes", "move", two.sub_account.id, parent=two.quay.id)
    assert outcome(wrong, two.sub_account.id)[0] == "refused"
    assert paths() == by_parents()


def paths() -> set[tuple[int, int, int]]:
    db.session.rollback()
    return {tuple(row) for row in db.session.execute(select(node_paths))}


def by_parents() -> set[tuple[int, int, int]]:
    """Return the paths that the parents alone say, found without the table."""
    parents = dict(db.session.execute(select(Node.id, Node.parent_id)).all())
    found = set()
    for node_id in parents:
        above: int | None = node_id
        depth = 0
        while above is not None:
            found.add((above, node_id, depth))
            above, depth = parents[above], depth + 1
    return found


def test_groups_of_a_provider_and_roles_are_given_to_those_they_fit(
    two: Providers, cast: Cast, entered: Callable[[str], Client]
) -> None:
    """In bulk as in the form: Vera is of Harbour, the stranger of Quay."""
    olivia = entered("olivia")
    cast.vera.node_id = two.harbour.id
    ours = Group(name="Crew", node_id=two.harbour.id)
    role, other = (Group(name=name, level="service_provider") for name in ("Mate", "Boss"))
    narrow = Group(name="Clerk", level="platform_account")
    db.session.add_all([ours, role, other, narrow])
    settle()

    def given(group: Group, person: User) -> str:
        run = act(olivia, "users", "add-to-group", person.id, group=group.id)
        return ":".join(outcome(run, person.id))

    assert given(ours, two.stranger) == "refused:elsewhere"
    assert given(ours, cast.vera) == "done:"
    assert given(narrow, cast.vera) == "refused:other_role"
    assert given(role, cast.vera) == "done:"
    assert given(other, cast.vera) == "refused:other_role"
    groups = ["", *(group.id for group in (ours, role, other))]
    refused = edit(olivia, "users", cast.vera.id, groups=groups)
    assert "A person has one role: Boss, Mate." in read(refused).text


def test_a_provider_that_is_blocked_lets_nobody_in_or_go_on(
    max_: Client, two: Providers, entered: Callable[[str], Client], app: Flask
) -> None:
    olivia = entered("olivia")
    assert max_.get("/admin/users/").status_code == HTTPStatus.OK
    run = act(olivia, "nodes", "block", two.harbour.id, reason="Unpaid")
    assert outcome(run, two.harbour.id)[0] == "done"
    assert max_.get("/admin/users/").status_code == HTTPStatus.SEE_OTHER
    again = app.test_client()
    typed = {"identifier": "max@example.com", "password": PASSWORD}
    assert again.post("/sign-in", typed).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    undo(olivia, run)
    assert max_.get("/admin/users/").status_code == HTTPStatus.OK


def test_what_a_provider_demands_counts_at_each_request(
    max_: Client, two: Providers, entered: Callable[[str], Client]
) -> None:
    olivia = entered("olivia")
    wrong = edit(olivia, "nodes", two.harbour.id, ip_whitelist="nowhere")
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    edit(olivia, "nodes", two.harbour.id, two_factor_required="y")
    assert "two-factor" in max_.get("/admin/users/").location
    edit(olivia, "nodes", two.harbour.id, two_factor_required="", ip_whitelist="203.0.113.7")
    assert "sign-in" in max_.get("/admin/users/").location
    edit(olivia, "nodes", two.harbour.id, ip_whitelist="127.0.0.0/8")
    assert max_.get("/admin/users/").status_code == HTTPStatus.OK


def test_a_login_signs_in_on_the_web_where_the_provider_lets_it(
    app: Flask, two: Providers, entered: Callable[[str], Client]
) -> None:
    olivia = entered("olivia")
    form = {"login_method": "login", "login": "lena.lang", "temporary_password": PASSWORD}
    assert olivia.post("/admin/users/new", form | {"node": two.harbour.id}).status_code == 303
    typed = {"identifier": "lena.lang", "password": PASSWORD}
    refused = app.test_client().post("/sign-in", typed)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    edit(olivia, "nodes", two.harbour.id, web_sign_in="y")
    assert app.test_client().post("/sign-in", typed).status_code == HTTPStatus.SEE_OTHER


def test_only_empty_nodes_are_deleted(two: Providers, entered: Callable[[str], Client]) -> None:
    olivia = entered("olivia")
    for node in (two.harbour, two.account):
        run = act(olivia, "nodes", "delete", node.id)
        assert outcome(run, node.id)[0] == "refused"
    empty = two.sub_account.id
    assert outcome(act(olivia, "nodes", "delete", empty), empty)[0] == "done"
    assert paths() == by_parents()


def test_nobody_changes_their_own_node(max_: Client, two: Providers) -> None:
    answer = edit(max_, "nodes", two.harbour.id, name="Ours")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    run = act(max_, "nodes", "block", two.harbour.id, reason="x")
    assert outcome(run, two.harbour.id)[0] == "refused"


def test_events_are_of_the_node_that_they_are_about(
    two: Providers, entered: Callable[[str], Client], run: Callable[..., Any]
) -> None:
    olivia = entered("olivia")
    edit(olivia, "users", two.stranger.id, phone="+49 30 1234567")
    edit(olivia, "nodes", two.account.id, name="Derrick")
    found = dict(
        db.session.execute(
            select(Event.subject_type, Event.node_id).where(Event.action.endswith(".edit"))
        ).all()
    )
    assert found == {"users": two.quay.id, "nodes": two.account.id}
    assert "complete and unchanged" in run("backoffice", "verify-events").output


def test_kinds_lie_below_each_other_in_their_order() -> None:
    assert ROOT == 1
    assert [f"{above} > {below}" for above, below in pairwise(KINDS)] == [
        "root > service_provider",
        "service_provider > platform_account",
        "platform_account > sub_account",
    ]

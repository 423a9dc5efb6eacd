"""Every read goes through one scope: a row outside it appears on no path."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.policy import rules
from backoffice.policy.permissions import catalogue
from backoffice.policy.rules import can
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, edit, group, outcome, previewed, run_at, undo
from tests.support.html import row_ids

SECRET = "Zanzibar"  # what the hidden rows are called, and nothing else is


@pytest.fixture
def hidden_person(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> User:
    """A person and a tag that only Olivia sees, as a company's own scope may decide."""
    viewers = group("viewers")
    tag = ClientTag(name=f"{SECRET} tag")
    person = User(first_name=SECRET, last_name="Hidden")
    person.set_email(f"{SECRET}@example.com")
    db.session.add_all([person, tag])
    person.groups = [viewers]
    person.client_tags_mode, person.client_tags = "only", [tag]
    person.created_by = cast.max
    db.session.commit()
    usual = rules._narrower[User]

    def people(actor: Any) -> Any:
        seen = usual(actor)
        if actor.all_permissions:
            return seen
        return seen & ~User.first_name.in_([SECRET])

    def tags(actor: Any) -> Any:
        if not can(actor, "client_tags.view"):
            return ClientTag.id != ClientTag.id
        if actor.all_permissions:
            return ClientTag.id == ClientTag.id
        return ClientTag.name.not_in([f"{SECRET} tag"])

    monkeypatch.setitem(rules._narrower, User, people)
    monkeypatch.setitem(rules._narrower, ClientTag, tags)
    return person


@pytest.fixture
def boss(app: Flask, hidden_person: User) -> Client:
    """Max, who may do everything to people and still does not see the hidden one."""
    manager = group("managers")
    on_people = {code for code in catalogue() if code.startswith("users.")}
    manager.permissions = sorted(on_people | set(manager.permissions))
    manager.grants = [group("viewers")]
    visitor = app.test_client().sign_in("max")
    assert isinstance(visitor, Client)
    return visitor


PAGES = (
    "/admin/users/",
    "/admin/users/?sort=name",
    f"/admin/users/?search={SECRET}",
    "/admin/users/?status=active",
    "/admin/users/export.csv",
    "/admin/users/export.json",
    f"/admin/users/export.csv?search={SECRET}",
    "/admin/users/lookup/created_by",
    f"/admin/users/lookup/created_by?search={SECRET}",
    "/admin/users/lookup/client_tags",
    "/admin/client-tags/",
    f"/admin/client-tags/?search={SECRET}",
    "/admin/client-tags/export.csv",
    "/admin/groups/{viewers}?tab=users",
    "/admin/users/new",
    "/admin/users/{vera}/edit",
    "/",
    "/admin/events/",
    "/admin/bulk-runs/",
)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_names_who_is_out_of_scope(
    boss: Client, hidden_person: User, cast: Cast, path: str
) -> None:
    """Only what was typed into the search box may come back."""
    typed = path.count(SECRET)
    answer = boss.get(path.format(viewers=group("viewers").id, vera=cast.vera.id), buffered=True)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert f"{SECRET} Hidden" not in text
    assert f"{SECRET}@" not in text
    assert typed or SECRET not in text


def test_the_list_and_its_count_leave_out_what_is_out_of_scope(
    boss: Client, hidden_person: User, client: Client
) -> None:
    mine = boss.get("/admin/users/")
    assert hidden_person.id not in row_ids(mine)
    client.sign_in("olivia")
    everything = client.get("/admin/users/")
    assert hidden_person.id in row_ids(everything)
    assert "4 people" in mine.get_data(as_text=True)
    assert "5 people" in everything.get_data(as_text=True)


@pytest.mark.parametrize(
    "page", ["", "/edit", "/menu", "?tab=events", "?tab=sessions", "?tab=messages"]
)
def test_details_out_of_scope_are_not_there(boss: Client, hidden_person: User, page: str) -> None:
    assert boss.get(f"/admin/users/{hidden_person.id}{page}").status_code == 404
    assert boss.get(f"/admin/users/987654321{page}").status_code == 404


def test_a_form_reaches_nobody_out_of_scope(boss: Client, hidden_person: User) -> None:
    assert edit(boss, "users", hidden_person.id, phone="1").status_code == 404
    settle()
    assert hidden_person.phone == ""


@pytest.mark.parametrize("action", ["block", "revoke", "delete", "end-sessions", "unblock"])
def test_no_action_reaches_who_is_out_of_scope(
    boss: Client, hidden_person: User, cast: Cast, action: str
) -> None:
    assert previewed(boss, "users", action, hidden_person.id).status_code == 404
    done = act(boss, "users", action, hidden_person.id, cast.vera.id)
    settle()
    assert (done.planned, hidden_person.status) == (1, "active")


def test_all_that_match_leaves_out_who_is_out_of_scope(
    boss: Client, hidden_person: User, cast: Cast
) -> None:
    done = act(boss, "users", "block", all_matching="1", search="example.com")
    settle()
    assert done.planned == 4
    assert (outcome(done, cast.vera.id)[0], hidden_person.status) == ("done", "active")


def test_a_parameter_out_of_scope_is_not_there(
    boss: Client, hidden_person: User, cast: Cast
) -> None:
    tag = db.session.scalars(select(ClientTag.id)).one()
    answer = previewed(boss, "users", "add-client-tags", cast.vera.id, tags=[tag])
    assert answer.status_code == 422
    assert SECRET not in answer.get_data(as_text=True)
    form = {"client_tags_mode": "only", "client_tags": ["", tag]}
    assert SECRET not in edit(boss, "users", cast.vera.id, **form).get_data(as_text=True)


def test_whoever_went_out_of_scope_after_the_preview_is_left_alone(
    app: Flask, boss: Client, hidden_person: User, cast: Cast
) -> None:
    hidden_person.first_name = "Visible"
    preview = previewed(boss, "users", "block", hidden_person.id, cast.vera.id)
    assert "Visible Hidden" in preview.get_data(as_text=True)
    hidden_person.first_name = SECRET
    settle()
    done = run_at(confirmed(boss, "users", "block", preview))
    assert outcome(done, hidden_person.id) == ("stale", "")
    assert (hidden_person.status, cast.vera.status) == ("active", "blocked")


@pytest.fixture
def others_run(client: Client, hidden_person: User, cast: Cast) -> BulkRun:
    client.sign_in("olivia")
    return act(client, "users", "block", hidden_person.id, cast.vera.id)


@pytest.mark.parametrize("page", ["", "/items.csv", "?outcome=done"])
def test_a_bulk_run_names_nobody_out_of_scope(boss: Client, others_run: BulkRun, page: str) -> None:
    text = boss.get(f"/admin/bulk-runs/{others_run.id}{page}").get_data(as_text=True)
    assert "Vera Vance" in text
    assert SECRET not in text


def test_events_name_nobody_out_of_scope(boss: Client, others_run: BulkRun) -> None:
    text = boss.get("/admin/events/").get_data(as_text=True)
    assert "Vera Vance" in text
    assert SECRET not in text
    assert SECRET not in boss.get("/").get_data(as_text=True)


def test_an_undo_reaches_nobody_out_of_scope(
    boss: Client, others_run: BulkRun, hidden_person: User, cast: Cast
) -> None:
    assert undo(boss, others_run).status_code == 303
    settle()
    assert (hidden_person.status, cast.vera.status) == ("blocked", "active")


@pytest.mark.parametrize(
    "path", ["/admin/users/", "/admin/users/export.csv", "/admin/users/{vera}"]
)
def test_a_related_row_out_of_scope_is_not_named(
    boss: Client, hidden_person: User, cast: Cast, path: str
) -> None:
    cast.vera.created_by = hidden_person
    assert SECRET not in boss.get(path.format(vera=cast.vera.id), buffered=True).get_data(
        as_text=True
    )


def test_the_deleted_are_gone_for_everyone(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    gone = cast.vera.id
    act(client, "users", "delete", gone)
    for page in ("", "/edit", "/menu"):
        assert client.get(f"/admin/users/{gone}{page}").status_code == 404
    assert previewed(client, "users", "unblock", gone).status_code == 404
    assert gone not in row_ids(client.get("/admin/users/"))
    assert client.get("/admin/users/?status=deleted").status_code == 400


def test_without_the_permission_to_see_people_no_page_names_them(
    app: Flask, client: Client, cast: Cast
) -> None:
    """A reader of bulk runs and groups learns no names from them."""
    client.sign_in("olivia")
    done = act(client, "users", "block", cast.max.id)
    group("viewers").permissions = ["bulk_runs.view", "bulk_runs.export", "groups.view"]
    vera = app.test_client().sign_in("vera")
    for path in (
        f"/admin/bulk-runs/{done.id}",
        f"/admin/bulk-runs/{done.id}/items.csv",
        "/admin/bulk-runs/",
        "/",
    ):
        answer = vera.get(path)
        assert answer.status_code == 200
        assert "Mander" not in answer.get_data(as_text=True)
        assert "max@" not in answer.get_data(as_text=True)
    members = vera.get(f"/admin/groups/{group('managers').id}?tab=users").get_data(as_text=True)
    assert "Mander" not in members

"""A form, preview or undo based on an outdated version of a row changes nothing."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    add,
    confirmed,
    edit,
    everything,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    status_of,
    undo,
)
from tests.support.html import hidden, read


def version_of(client: Client, path: str) -> str:
    return hidden(client.get(path), "version")


@pytest.fixture
def other(app: Flask, client: Client, cast: Cast) -> Client:
    """A second administrator at work beside Olivia: Eve, who was unblocked for this."""
    cast.eve.status = "active"
    client.sign_in("olivia")
    visitor = app.test_client().sign_in("eve")
    assert isinstance(visitor, Client)
    return visitor


def test_a_stale_form_changes_nothing_and_says_who_was_faster(
    client: Client, other: Client, cast: Cast
) -> None:
    person = cast.max.id
    version = version_of(client, f"/admin/users/{person}/edit")
    assert edit(other, "users", person, phone="+4930111111").status_code == 303
    before = everything()
    answer = edit(client, "users", person, version=version, phone="+4930222222", first_name="Maxim")
    assert answer.status_code == 409
    page = read(answer).text
    for told in ("Eve Evers", "+49 30 111111", "+4930222222", "Maxim"):
        assert told in page
    assert everything() == before


def test_mine_can_be_saved_from_the_conflict_page(
    client: Client, other: Client, cast: Cast
) -> None:
    person = cast.max.id
    version = version_of(client, f"/admin/users/{person}/edit")
    edit(other, "users", person, phone="+4930111111", last_name="Other")
    conflict = edit(client, "users", person, version=version, phone="+4930222222")
    answer = edit(
        client,
        "users",
        person,
        version=hidden(conflict, "version"),
        phone=hidden(conflict, "phone"),
    )
    assert answer.status_code == 303
    settle()
    assert (cast.max.phone, cast.max.last_name) == ("+4930222222", "Other")


@pytest.mark.parametrize("version", ["", "0", "99", "-1", "x", "1.0", "9" * 30])
def test_a_version_that_never_was_changes_nothing(client: Client, cast: Cast, version: str) -> None:
    client.sign_in("olivia")
    answer = client.post(
        f"/admin/users/{cast.max.id}/edit", {"version": version, "phone": "+4930222222"}
    )
    assert answer.status_code == 409
    settle()
    assert cast.max.phone == ""


def test_a_form_without_a_version_changes_nothing(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    assert (
        client.post(f"/admin/users/{cast.max.id}/edit", {"phone": "+4930222222"}).status_code == 409
    )
    settle()
    assert cast.max.phone == ""


def test_saving_what_is_there_already_is_no_change(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    answer = edit(client, "users", cast.max.id, first_name="Max", groups=["", group("managers").id])
    assert answer.status_code == 303
    settle()
    assert cast.max.version == 1
    assert db.session.scalar(select(func.count(Event.id))) == 0


@pytest.mark.parametrize(
    "screen, values", [("groups", {"description": "Mine"}), ("client-tags", {"colour": "red"})]
)
def test_every_screen_refuses_a_stale_form(
    client: Client, other: Client, screen: str, values: dict[str, str]
) -> None:
    add(client, "client-tags", name="Gold", colour="grey")
    settle()
    if screen == "groups":
        row = group("employee").id
    else:
        row = db.session.scalars(select(ClientTag.id)).one()
    version = version_of(client, f"/admin/{screen}/{row}/edit")
    assert edit(other, screen, row, name="Theirs").status_code == 303
    assert edit(client, screen, row, version=version, **values).status_code == 409


def test_an_actions_change_makes_a_form_stale(client: Client, other: Client, cast: Cast) -> None:
    person = cast.max.id
    version = version_of(client, f"/admin/users/{person}/edit")
    act(other, "users", "add-to-group", person, group=group("viewers").id)
    answer = edit(client, "users", person, version=version, groups=["", group("managers").id])
    assert answer.status_code == 409
    assert groups_of(cast.max) == {"Managers", "Viewers"}


def test_a_row_changed_since_the_preview_is_stale_and_the_others_are_done(
    client: Client, other: Client, cast: Cast
) -> None:
    preview = previewed(client, "users", "block", cast.max.id, cast.vera.id)
    edit(other, "users", cast.max.id, phone="+4930111111")
    done = run_at(confirmed(client, "users", "block", preview))
    assert outcome(done, cast.max.id) == ("stale", "")
    assert outcome(done, cast.vera.id) == ("done", "")
    assert (status_of(cast.max), status_of(cast.vera)) == ("active", "blocked")
    assert done.counts == {"done": 1, "stale": 1}
    assert sum(done.counts.values()) == done.planned


def test_a_row_deleted_since_the_preview_is_stale(
    client: Client, other: Client, cast: Cast
) -> None:
    gone = cast.max.id
    preview = previewed(client, "users", "block", gone, cast.vera.id)
    act(other, "users", "delete", gone)
    done = run_at(confirmed(client, "users", "block", preview))
    assert outcome(done, gone) == ("stale", "")
    assert done.counts == {"done": 1, "stale": 1}


def test_rows_that_came_to_match_since_the_preview_are_left_alone(
    client: Client, other: Client, cast: Cast
) -> None:
    preview = previewed(
        client, "users", "block", all_matching="1", search="example.com", status="active"
    )
    add(other, "users", email="late@example.com")
    done = run_at(confirmed(client, "users", "block", preview))
    assert done.planned == 4
    assert status_of(Cast().late) == "invited"


def test_an_undo_leaves_alone_what_was_changed_since(
    client: Client, other: Client, cast: Cast
) -> None:
    done = act(client, "users", "block", cast.max.id, cast.vera.id)
    edit(other, "users", cast.max.id, phone="+4930111111")
    undone = run_at(undo(client, done))
    assert outcome(undone, cast.max.id) == ("stale", "")
    assert outcome(undone, cast.vera.id) == ("done", "")
    assert (status_of(cast.max), status_of(cast.vera)) == ("blocked", "active")


def test_an_undo_leaves_alone_who_was_unblocked_and_blocked_again(
    client: Client, other: Client, cast: Cast
) -> None:
    """The later block is somebody else's decision, with another reason."""
    done = act(client, "users", "block", cast.max.id)
    act(other, "users", "unblock", cast.max.id)
    act(other, "users", "block", cast.max.id, reason="For good")
    undone = run_at(undo(client, done))
    assert outcome(undone, cast.max.id) == ("stale", "")
    assert (status_of(cast.max), cast.max.status_reason) == ("blocked", "For good")


def test_an_undo_is_done_once_and_can_be_undone_itself(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    done = act(client, "users", "block", cast.max.id)
    undone = run_at(undo(client, done))
    assert status_of(cast.max) == "active"
    assert undo(client, done).status_code == 422
    run_at(undo(client, undone))
    assert status_of(cast.max) == "blocked"
    settle()
    assert db.session.get_one(BulkRun, done.id).state == "undone"


def test_only_what_the_run_changed_is_undone(client: Client, cast: Cast) -> None:
    """Eve was already blocked, so the run left her unchanged and the undo leaves her blocked."""
    client.sign_in("olivia")
    done = act(client, "users", "block", cast.max.id, cast.eve.id)
    assert outcome(done, cast.eve.id) == ("unchanged", "")
    undone = run_at(undo(client, done))
    assert undone.planned == 1
    assert (status_of(cast.max), status_of(cast.eve)) == ("active", "blocked")


def test_a_preview_changes_nothing_but_itself(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    before = everything()
    previewed(client, "users", "delete", all_matching="1", search="example")
    after = everything()
    assert {t for t in after if after[t] != before[t]} == {"bulk_runs", "bulk_items"}


@pytest.mark.parametrize("action", ["delete", "end-sessions"])
def test_what_cannot_be_undone_says_so(client: Client, cast: Cast, action: str) -> None:
    client.sign_in("olivia")
    client.application.test_client().sign_in("max")
    done = act(client, "users", action, cast.max.id)
    assert f"/admin/bulk-runs/{done.id}/undo" not in client.get(
        f"/admin/bulk-runs/{done.id}"
    ).get_data(as_text=True)
    assert undo(client, done).status_code == 422

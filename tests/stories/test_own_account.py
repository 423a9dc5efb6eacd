"""Nobody changes their own status or groups through the screens.

What people may do to themselves still works.
"""

import pytest
from flask import Flask

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.acting import (
    act,
    edit,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    status_of,
    undo,
)
from tests.support.html import error_at, read


@pytest.mark.parametrize("action", ["block", "unblock", "revoke", "regrant", "delete"])
def test_nobody_changes_their_own_status(client: Client, cast: Cast, action: str) -> None:
    client.sign_in("olivia")
    done = act(client, "users", action, cast.olivia.id)
    assert outcome(done, cast.olivia.id) == ("refused", "oneself")
    assert status_of(cast.olivia) == "active"


def test_nobody_adds_themselves_to_a_group(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    done = act(client, "users", "add-to-group", cast.olivia.id, group=group("viewers").id)
    assert outcome(done, cast.olivia.id) == ("refused", "oneself")
    assert groups_of(cast.olivia) == {"Administrators"}


def test_nobody_takes_themselves_from_a_group(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    done = act(
        client, "users", "remove-from-group", cast.olivia.id, group=group("administrators").id
    )
    assert outcome(done, cast.olivia.id) == ("refused", "oneself")
    assert groups_of(cast.olivia) == {"Administrators"}


def test_ones_own_form_has_no_groups_and_takes_none(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    assert read(client.get(f"/admin/users/{cast.olivia.id}/edit")).all(name="groups") == []
    edit(client, "users", cast.olivia.id, groups=["", group("viewers").id], phone="+49301234567")
    assert groups_of(cast.olivia) == {"Administrators"}
    assert cast.olivia.phone == "", "nothing is saved beside what is refused"
    edit(client, "users", cast.olivia.id, status="blocked", phone="+49301234567")
    assert (cast.olivia.status, cast.olivia.phone) == ("active", "+49301234567")


@pytest.mark.parametrize("key", ["main_administrator", "company_administrator"])
def test_a_person_who_appoints_others_appoints_not_themselves(
    client: Client, staff: list[str], key: str
) -> None:
    cast = Cast()
    me = getattr(cast, key)
    client.sign_in(key)
    done = act(client, "users", "add-to-group", me.id, group=group("dispatcher").id)
    assert outcome(done, me.id) == ("refused", "oneself")
    edit(client, "users", me.id, groups=["", group("dispatcher").id])
    assert len(groups_of(me)) == 1


def test_all_that_match_leaves_oneself_out(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    done = act(client, "users", "block", all_matching="1", status="active")
    assert outcome(done, cast.olivia.id) == ("refused", "oneself")
    assert (status_of(cast.max), status_of(cast.olivia)) == ("blocked", "active")


def test_an_undo_does_nothing_to_whoever_presses_it(app: Flask, client: Client, cast: Cast) -> None:
    """Max became an administrator by Olivia's run, and cannot undo what concerns himself."""
    client.sign_in("olivia")
    made = act(client, "users", "add-to-group", cast.max.id, group=group("administrators").id)
    max_ = app.test_client().sign_in("max")
    done = run_at(undo(max_, made))
    assert outcome(done, cast.max.id) == ("refused", "oneself")
    assert groups_of(cast.max) == {"Administrators", "Managers"}


def test_ending_ones_own_sessions_keeps_the_one_in_use(
    app: Flask, client: Client, cast: Cast
) -> None:
    client.sign_in("olivia")
    elsewhere = app.test_client().sign_in("olivia")
    done = act(client, "users", "end-sessions", cast.olivia.id)
    assert outcome(done, cast.olivia.id) == ("done", "")
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303


def test_nobody_locks_themselves_out_by_the_whitelist(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    answer = edit(client, "users", cast.olivia.id, ip_whitelist="203.0.113.7")
    assert "lock you out" in error_at(answer, "ip_whitelist")
    assert client.get("/").status_code == 200


def test_the_menu_of_ones_own_row_says_why_it_refuses(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    menu = client.get(f"/admin/users/{cast.olivia.id}/menu").get_data(as_text=True)
    assert "You cannot do this to your own account." in menu
    preview = previewed(client, "users", "block", cast.olivia.id).get_data(as_text=True)
    assert "You cannot do this to your own account." in preview
    assert 'value="run"' not in preview

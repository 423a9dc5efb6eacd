"""There is always at least one active administrator who can sign in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy import grants
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    edit,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    status_of,
    undo,
)

REMOVING = ("block", "revoke", "delete")


def administrators() -> list[str]:
    """Return the addresses of the administrators who could sign in right now."""
    settle()
    return [
        user.email or "" for user in db.session.scalars(select(User).where(grants.administers()))
    ]


@pytest.fixture
def ada(app: Flask, cast: Cast) -> User:
    """A second administrator, active like Olivia."""
    person = the_cast.add("ada", group="administrators", settings=app.extensions["settings"])
    db.session.commit()
    return person


def act_by_command(run: Callable[..., Any], action: str, *options: str) -> Any:
    return run("backoffice", "act", f"users.{action}", "--reason", "Because", "--yes", *options)


@pytest.mark.parametrize("action", REMOVING)
def test_the_last_administrator_is_refused_at_the_command_line(
    cast: Cast, run: Callable[..., Any], action: str
) -> None:
    result = act_by_command(run, action, "--id", str(cast.olivia.id))
    assert "Olivia Owen is the last administrator who can sign in." in result.output
    assert administrators() == ["olivia@example.com"]


@pytest.mark.parametrize("action", REMOVING)
def test_of_all_administrators_at_once_one_is_spared(
    cast: Cast, ada: User, run: Callable[..., Any], action: str
) -> None:
    where = f"groups={group('administrators').id}"
    result = act_by_command(run, action, "--where", where)
    assert result.exit_code == 0, result.output
    assert administrators() == ["olivia@example.com"]


def test_the_last_administrator_is_not_removed_from_the_group(
    cast: Cast, run: Callable[..., Any]
) -> None:
    administering = str(group("administrators").id)
    act_by_command(
        run, "remove_from_group", "--id", str(cast.olivia.id), "--with", f"group={administering}"
    )
    assert administrators() == ["olivia@example.com"]


def test_removal_from_another_group_is_no_concern_of_the_rule(
    cast: Cast, run: Callable[..., Any]
) -> None:
    act_by_command(
        run, "add_to_group", "--id", str(cast.olivia.id), "--with", f"group={group('viewers').id}"
    )
    assert groups_of(cast.olivia) == {"Administrators", "Viewers"}
    act_by_command(
        run,
        "remove_from_group",
        "--id",
        str(cast.olivia.id),
        "--with",
        f"group={group('viewers').id}",
    )
    assert groups_of(cast.olivia) == {"Administrators"}


@pytest.mark.parametrize("action", REMOVING)
def test_an_administrator_removes_every_other_and_stays(
    client: Client, cast: Cast, ada: User, action: str
) -> None:
    """Olivia acts on all that match, herself included: only she is refused."""
    client.sign_in("olivia")
    done = act(client, "users", action, all_matching="1", groups=group("administrators").id)
    assert outcome(done, cast.olivia.id) == ("refused", "oneself")
    assert outcome(done, ada.id) == ("done", "")
    assert administrators() == ["olivia@example.com"]


def test_blocked_invited_and_passwordless_administrators_do_not_count(
    cast: Cast, ada: User, client: Client
) -> None:
    """Eve is blocked and Ada cannot sign in, so Olivia is the last one.

    The group's list of members does not matter.
    """
    ada.status = "invited"
    assert administrators() == ["olivia@example.com"]
    ada.status, ada.password_hash = "active", None
    assert administrators() == ["olivia@example.com"]
    ada.password_hash, ada.password_state = cast.olivia.password_hash, "temporary"
    ada.password_expires_at = clock.now() + timedelta(hours=1)
    assert administrators() == ["olivia@example.com"], (
        "a temporary password expires, and nobody would be left"
    )
    ada.password_state = "usable"
    assert administrators() == ["olivia@example.com", "ada@example.com"]


def test_the_last_administrator_is_not_taken_out_by_an_edit_form(
    client: Client, cast: Cast, ada: User
) -> None:
    """Ada is signed in, but her password has expired, so she does not count."""
    client.sign_in("ada")
    ada.password_state = "expired"
    answer = edit(client, "users", cast.olivia.id, groups=[""])
    assert answer.status_code == 422
    assert "Olivia Owen is the last administrator" in answer.get_data(as_text=True)
    assert administrators() == ["olivia@example.com"]


@pytest.mark.parametrize("action", [*REMOVING, "remove-from-group"])
def test_an_administrator_who_could_not_come_back_removes_no_last_one(
    client: Client, cast: Cast, ada: User, action: str
) -> None:
    """Ada's session outlives her password, but she could not sign in again."""
    client.sign_in("ada")
    ada.password_state = "expired"
    chosen = {"group": group("administrators").id} if action == "remove-from-group" else {}
    done = act(client, "users", action, cast.olivia.id, **chosen)
    assert outcome(done, cast.olivia.id) == ("refused", "last_administrator")
    assert administrators() == ["olivia@example.com"]


def test_the_rule_is_judged_again_when_the_run_is_confirmed(
    client: Client, cast: Cast, ada: User
) -> None:
    """The preview was allowed, but Ada's password expired before the run."""
    client.sign_in("ada")
    preview = previewed(client, "users", "block", cast.olivia.id)
    ada.password_state = "expired"
    settle()
    done = run_at(confirmed(client, "users", "block", preview))
    assert outcome(done, cast.olivia.id) == ("refused", "last_administrator")
    assert status_of(cast.olivia) == "active"


def test_undoing_a_grant_takes_no_last_administrator(client: Client, cast: Cast, ada: User) -> None:
    """Olivia made Max an administrator and was blocked, so undoing her run would leave none."""
    client.sign_in("olivia")
    given = act(client, "users", "add-to-group", cast.max.id, group=group("administrators").id)
    visitor = client.application.test_client().sign_in("ada")
    act(visitor, "users", "block", cast.olivia.id)
    ada.password_state = "expired"
    settle()
    answer = undo(visitor, given)
    assert outcome(run_at(answer), cast.max.id) == ("refused", "last_administrator")
    assert administrators() == ["max@example.com"]

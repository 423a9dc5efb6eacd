"""Refused attempts are events too, and no event, attempt or run holds a secret."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    add,
    edit,
    everything,
    group,
    handed_over,
    previewed,
    shown_once,
    undo,
)


def denied() -> list[tuple[int | None, str]]:
    settle()
    found = db.session.scalars(select(Event).where(Event.result == "denied").order_by(Event.id))
    return [(event.actor_id, event.action) for event in found]


def test_what_vera_may_not_do_is_noted_with_her_name(client: Client, cast: Cast) -> None:
    client.sign_in("vera")
    assert previewed(client, "users", "block", cast.max.id).status_code == 403
    assert add(client, "users", email="x@example.com").status_code == 403
    assert edit(client, "client-tags", 1, version=1, name="x").status_code == 403
    assert client.get("/admin/users/export.csv").status_code == 403
    vera = cast.vera.id
    codes = ["users.block", "users.create", "client_tags.edit", "users.export"]
    assert denied() == [(vera, code) for code in codes]


def test_a_mere_look_is_not_noted(client: Client, cast: Cast) -> None:
    client.sign_in("vera")
    assert client.get("/admin/users/new").status_code == 403
    assert client.get("/admin/bulk-runs/99").status_code == 404
    assert denied() == []


def test_an_undo_without_the_permission_is_noted(app: Flask, client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    done = act(client, "users", "block", cast.max.id)
    assert undo(app.test_client().sign_in("vera"), done).status_code == 403
    assert denied() == [(cast.vera.id, "bulk.undo")]


def test_rows_that_a_rule_refused_are_noted_with_the_run(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    done = act(client, "users", "block", cast.olivia.id, cast.max.id)
    settle()
    found = db.session.scalars(
        select(Event).where(Event.bulk_run_id == done.id).order_by(Event.id)
    ).all()
    told = {(event.subject_id, event.result) for event in found}
    assert told == {(cast.olivia.id, "denied"), (cast.max.id, "done")}


def test_reaching_beyond_oneself_is_noted(client: Client, staff: list[str]) -> None:
    """It is, whether the refusal is a page of its own or a message at the field."""
    cast = Cast()
    me = cast.company_administrator.id
    client.sign_in("company_administrator")
    beyond = group("administrators").id
    assert edit(client, "users", cast.managers.id, phone="1").status_code == 403
    assert edit(client, "users", cast.employee.id, groups=["", beyond]).status_code == 422
    assert add(client, "users", email="x@example.com", groups=["", beyond]).status_code == 422
    assert (
        previewed(client, "users", "add-to-group", cast.employee.id, group=beyond).status_code
        == 422
    )
    assert [actor for actor, _code in denied()] == [me] * 4


def test_a_mistake_in_a_form_is_no_refusal(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    assert add(client, "users", email="not an address").status_code == 422
    assert add(client, "users", email="max@example.com").status_code == 422
    assert edit(client, "users", cast.max.id, ip_whitelist="banana").status_code == 422
    assert denied() == []


def test_a_refusal_leaves_nothing_but_its_event(client: Client, cast: Cast) -> None:
    client.sign_in("vera")
    noted = ("events", "usages")
    before = {table: rows for table, rows in everything().items() if table not in noted}
    previewed(client, "users", "block", cast.max.id)
    assert {table: rows for table, rows in everything().items() if table not in noted} == before


def test_failed_sign_ins_are_kept_with_their_reason(app: Flask, cast: Cast) -> None:
    for name, password in (("max", "wrong"), ("eve", PASSWORD), ("nobody", "x")):
        app.test_client().try_sign_in(name, password)
    settle()
    found = db.session.scalars(select(SignInAttempt).order_by(SignInAttempt.id)).all()
    told = [(each.user_id, each.result, each.reason) for each in found]
    assert told == [
        (cast.max.id, "failed", "password"),
        (cast.eve.id, "blocked", "blocked"),
        (None, "failed", "password"),
    ]


@pytest.fixture
def secrets(
    app: Flask, client: Client, cast: Cast, run: Callable[..., Any], app_with: Callable[..., Flask]
) -> list[str]:
    """Use everything that only its owner may know, and return it."""
    own, link = (
        "the quick words of nobody else",
        run("backoffice", "create-administrator", "ivan@example.com").output,
    )
    value = link.strip().rpartition("/")[2]
    app.test_client().post(f"/invitations/{value}", {"new_password": own, "repeat_password": own})
    client.sign_in("olivia")
    made = shown_once(client, add(client, "users", login_method="login", login="temp"))
    boss = app_with(temporary_passwords_for_all=True).test_client().sign_in("olivia")
    temporary = handed_over(boss, cast.vera.id)
    newcomer = app.test_client()
    newcomer.sign_in("vera", temporary)
    mine = "another four long words here"
    form = {"current_password": temporary, "new_password": mine, "repeat_password": mine}
    assert newcomer.post("/account/password", form).status_code == 303
    app.test_client().try_sign_in("max", "a wrong but telling password")
    assert previewed(newcomer, "users", "block", cast.max.id).status_code == 403
    return [
        own,
        value,
        made,
        temporary,
        mine,
        "a wrong but telling password",
        PASSWORD,
        client.token(),
    ]


def test_no_table_holds_a_secret_in_clear(secrets: list[str]) -> None:
    rows = everything()
    found = [
        f"{table}: {value!r}"
        for table, lines in rows.items()
        for line in lines
        for value in line
        if any(secret in str(value) for secret in secrets)
    ]
    assert all(len(secret) > 10 for secret in secrets)
    assert found == []


def test_no_event_holds_a_hash_of_a_secret(secrets: list[str]) -> None:
    settle()
    for event in db.session.scalars(select(Event)):
        told = f"{event.before} {event.after} {event.reason}"
        assert "argon2" not in told
        assert "password_hash" not in told
        assert "token" not in told

"""Clients get a temporary password that is shown once, or a mailed link to choose their own."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.clients import passwords
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.mail import rendering
from backoffice.models import client_groups
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client import Client as Customer
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_token import ClientToken
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    edit,
    everything,
    followed,
    outcome,
    previewed,
    shown_once,
)
from tests.support.clients import (
    PASSWORD,
    PORTAL,
    added,
    asked,
    mailed_to,
    token_of,
    with_password,
)
from tests.support.html import read

pytestmark = pytest.mark.usefixtures("still")

NEW = "five quite unusual words here"


@pytest.fixture
def portal(app_with: Callable[..., Flask], cast: Cast) -> Flask:
    """Return an installation that knows where the company's own product is."""
    return app_with(client_portal_url=PORTAL)


@pytest.fixture
def max_(portal: Flask) -> Client:
    client = portal.test_client().sign_in("max")
    assert isinstance(client, Client)
    return client


@pytest.fixture
def clara(cast: Cast) -> Customer:
    return added()


def linked(app: Flask, max_: Client, client: Customer) -> str:
    """Send the client a link, and return its token."""
    act(max_, "clients", "send-password-link", client.id)
    return token_of(mailed_to(app, client)[-1])


# --- a temporary password ---


def given(max_: Client, client: Customer) -> str:
    preview = previewed(max_, "clients", "temporary-password", client.id, password="")
    return shown_once(max_, confirmed(max_, "clients", "temporary-password", preview))


def test_a_temporary_password_is_shown_once_and_opens_the_product(
    portal: Flask, max_: Client, clara: Customer
) -> None:
    link = linked(portal, max_, clara)
    preview = previewed(max_, "clients", "temporary-password", clara.id, password="")
    answer = confirmed(max_, "clients", "temporary-password", preview)
    page = max_.get(answer.location)
    password = read(page).one("output").text
    assert "Temporary password for Clara" in page.text
    assert max_.get(answer.location).status_code == 404, "it is shown once"
    assert not any(password in str(row) for rows in everything().values() for row in rows)
    found = asked(portal, "check-password", "Clara@example.com", password)
    assert (found["result"], found["must_change"], found["client"]) == ("ok", True, clara.id)
    settle()
    assert (clara.password_state, clara.sessions_valid_from) == ("temporary", clock.now())
    assert asked(portal, "check-token", link)["state"] == "revoked"
    event = db.session.scalars(select(Event).where(Event.action.contains("temporary"))).one()
    assert (event.before, event.after) == (
        {"password_state": "none"},
        {"password_state": "temporary"},
    )


def test_a_temporary_password_is_changed_for_one_of_their_own(
    portal: Flask, max_: Client, clara: Customer
) -> None:
    temporary = given(max_, clara)
    asking = partial(asked, portal, "check-password", "clara@example.com", options=("--change",))
    assert asking("wrong", NEW)["result"] == "failed"
    for unfit in (temporary, "short", "clara clara clara", ""):
        refused = asking(temporary, unfit, exit_code=1)
        assert (refused["result"], refused["must_change"]) == ("ok", True), "the decision stands"
        change = refused["change"]
        assert (change["state"], change["field"]) == ("refused", "new_password")
        assert change["message"].endswith(".")
    settle()
    assert clara.password_state == "temporary"
    changed = asking(temporary, NEW)
    assert (changed["result"], changed["must_change"]) == ("ok", False)
    settle()
    assert (clara.password_state, clara.password_expires_at) == ("usable", None)
    assert asked(portal, "check-password", "clara@example.com", temporary)["result"] == "failed"
    assert asked(portal, "check-password", "clara@example.com", NEW)["must_change"] is False
    assert not any(NEW in str(row) for rows in everything().values() for row in rows)


@pytest.mark.parametrize("mask_data", [False, True])
def test_no_refusal_of_a_password_tells_what_is_masked(
    portal: Flask, max_: Client, cast: Cast, *, mask_data: bool
) -> None:
    """The choice of the client, who knows their name, is refused all the same."""
    words = "Lanternquokka 1"
    clara = added(last_name="Lanternquokka")
    cast.max.mask_data = mask_data
    settle()
    preview = previewed(max_, "clients", "temporary-password", clara.id, password=words)
    answer = confirmed(max_, "clients", "temporary-password", preview)
    settle()
    assert clara.password_state == ("temporary" if mask_data else "none"), answer.text
    with pytest.raises(RuleBroken):
        passwords.check(clara, words, portal.extensions["settings"])


def test_a_temporary_password_works_for_72_hours(
    portal: Flask, max_: Client, clara: Customer
) -> None:
    password = given(max_, clara)
    with clock.at(clock.now() + timedelta(hours=72)):
        late = asked(portal, "check-password", "clara@example.com", password)
    assert (late["result"], late["reason"]) == ("failed", "password_expired")


def test_who_gets_no_password(max_: Client, cast: Cast) -> None:
    blocked = added("Boris", status="blocked")
    program = added("Robot", client_group=client_groups.API)
    nobody = added("Nora", email=None)
    for person in (blocked, program):
        preview = previewed(max_, "clients", "temporary-password", person.id, password="")
        confirmed(max_, "clients", "temporary-password", preview)
        assert person.password_hash is None
    refused = act(max_, "clients", "send-password-link", blocked.id, program.id, nobody.id)
    assert [outcome(refused, each.id)[1] for each in (blocked, program, nobody)] == [
        "not_active",
        "no_person",
        "no_email",
    ]
    ticked = {"row": [blocked.id, nobody.id]}
    assert max_.post("/admin/clients/actions/temporary-password", ticked).status_code == 400


def test_it_needs_a_recent_confirmation(portal: Flask, max_: Client, clara: Customer) -> None:
    with clock.at(clock.now() + timedelta(minutes=20)):
        page = previewed(max_, "clients", "temporary-password", clara.id, password="")
        assert page.request.path.endswith("/confirm")


def test_a_typed_password_is_kept_nowhere(portal: Flask, max_: Client, clara: Customer) -> None:
    for weak in ("short", "password password", "clara clara clara"):
        answer = previewed(max_, "clients", "temporary-password", clara.id, password=weak)
        if answer.status_code == 200:  # what is said of her is known at the run
            confirmed(max_, "clients", "temporary-password", answer)
        assert clara.password_hash is None
        assert not any(weak in str(row) for rows in everything().values() for row in rows)
    preview = previewed(max_, "clients", "temporary-password", clara.id, password=NEW)
    assert NEW not in preview.text
    assert shown_once(max_, confirmed(max_, "clients", "temporary-password", preview)) == NEW
    assert asked(portal, "check-password", "clara@example.com", NEW)["result"] == "ok"
    assert not any(NEW in str(row) for rows in everything().values() for row in rows)
    planned = db.session.scalars(select(BulkRun).where(BulkRun.state == "done")).one()
    assert planned.parameters == {"password": []}


def test_the_page_says_that_the_typed_password_is_kept_and_keeps_it(
    max_: Client, clara: Customer
) -> None:
    first = previewed(max_, "clients", "temporary-password", clara.id, password=NEW)
    assert "The one that you typed is kept" in first.text
    assert "Empty: one is made" not in first.text
    again = max_.post(first.request.path, {"step": "choose", "with.password": ""})
    kept = followed(max_, again)
    assert shown_once(max_, confirmed(max_, "clients", "temporary-password", kept)) == NEW
    settle()
    empty = previewed(max_, "clients", "temporary-password", clara.id, password="")
    assert "Empty: one is made" in empty.text


# --- a mailed link ---


def test_a_link_leads_to_the_product_in_the_language_of_the_client(
    portal: Flask, max_: Client, cast: Cast
) -> None:
    spoken = (("de", None), ("fr", "de"), (None, "fr"))
    clients = [
        added(name, communication_language=first, language=second)
        for name, (first, second) in zip(("Anna", "Bela", "Cleo"), spoken, strict=True)
    ]
    act(max_, "clients", "send-password-link", *(each.id for each in clients))
    messages = db.session.scalars(select(Message).order_by(Message.client_id)).all()
    assert [rendering.language_of(each) for each in messages] == ["de", "de", "en"]
    mail = rendering.rendered(messages[2], portal.extensions["settings"])
    assert f"{PORTAL}?token=" in mail.text
    assert "Hello Cleo," in mail.text
    assert "for 1 day." in mail.text
    base_url = portal.extensions["settings"].base_url
    assert base_url not in mail.text + mail.html, "clients need not know where the back office is"
    token = db.session.scalars(select(ClientToken).where(ClientToken.client == clients[2])).one()
    assert (token.recipient, token.channel, token.purpose) == ("c***@e***.com", "email", "password")


def test_a_link_works_once_and_the_latest_alone(
    portal: Flask, max_: Client, clara: Customer
) -> None:
    old, new = linked(portal, max_, clara), linked(portal, max_, clara)
    assert not any(new in str(row) for rows in everything().values() for row in rows)
    assert asked(portal, "check-token", old)["state"] == "superseded"
    assert asked(portal, "check-token", new + "x") == {"state": "unknown"}
    assert asked(portal, "check-token", new)["state"] == "ok", "a look does not use it up"
    refused = asked(portal, "choose-password", new, "short", exit_code=1)
    message = refused.pop("message")
    assert refused == {"state": "refused", "field": "new_password"}
    assert "characters" in message
    assert asked(portal, "choose-password", new, NEW)["state"] == "ok"
    assert asked(portal, "choose-password", new, NEW + "x")["state"] == "used"
    assert asked(portal, "check-password", "clara@example.com", NEW)["result"] == "ok"
    third = linked(portal, max_, clara)
    with clock.at(clock.now() + timedelta(hours=24)):
        assert asked(portal, "check-token", third, options=("--use",))["state"] == "expired"


def test_a_link_to_an_address_of_before_is_void(
    portal: Flask, max_: Client, clara: Customer
) -> None:
    clara.email_verified_at = clara.phone_verified_at = clock.now()
    clara.phone = "+49301234567"
    link = linked(portal, max_, clara)
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert edit(max_, "clients", clara.id, phone="+49 30 1234567").status_code == 303
        settle()
        assert None not in (clara.email_verified_at, clara.phone_verified_at)
        new = {"email": "clara@example.org", "phone": "+49 30 1234568"}
        assert edit(max_, "clients", clara.id, **new).status_code == 303
        settle()
        assert (clara.email_verified_at, clara.phone_verified_at) == (None, None)
        assert asked(portal, "check-token", link)["state"] == "revoked"
        assert asked(portal, "choose-password", link, NEW)["state"] == "revoked"
        assert asked(portal, "check-token", link, options=("--use",))["state"] == "revoked"
        assert asked(portal, "check-token", linked(portal, max_, clara))["state"] == "ok"


@pytest.mark.parametrize("command", ["check-token", "choose-password", "check-password"])
def test_what_is_no_text_is_no_secret(app: Flask, command: str) -> None:
    for odd in (b"\xff", b"\xed\xa0\x80", b"a\0b", b"a" * 10_000_000, b""):
        result = app.test_cli_runner().invoke(
            args=["backoffice", "clients", command], input=odd + b"\n" + odd
        )
        assert (result.exit_code, "unknown" in result.stdout) == (0, True), result.output


def test_a_link_is_void_once_the_client_is_deactivated(
    portal: Flask, max_: Client, clara: Customer
) -> None:
    link = linked(portal, max_, clara)
    act(max_, "clients", "deactivate", clara.id)
    assert asked(portal, "choose-password", link, NEW)["state"] == "revoked"
    assert clara.password_hash is None


def test_nobody_is_mailed_often(portal: Flask, max_: Client, clara: Customer) -> None:
    most = portal.extensions["settings"].links_per_10_minutes
    for _ in range(most):
        linked(portal, max_, clara)
    once_more = act(max_, "clients", "send-password-link", clara.id)
    assert outcome(once_more, clara.id) == ("refused", "mailed_often")


def test_without_a_page_of_the_product_no_link_is_sent(
    app: Flask, client: Client, clara: Customer
) -> None:
    preview = previewed(client.sign_in("max"), "clients", "send-password-link", clara.id)
    assert "set CLIENT_PORTAL_URL first" in preview.text
    confirmed(client, "clients", "send-password-link", preview)
    assert mailed_to(app, clara) == []


# --- OK, failed, blocked ---


TRIES = (
    ({}, PASSWORD, (), "ok", ""),
    ({}, "something else", (), "failed", "wrong_password"),
    ({"status": "blocked"}, PASSWORD, (), "blocked", "not_active"),
    ({"ip_whitelist": ["192.0.2.0/24"]}, PASSWORD, (), "blocked", "wrong_ip"),
    ({"ip_whitelist": ["192.0.2.0/24"]}, PASSWORD, ("--ip", "::ffff:192.0.2.9"), "ok", ""),
    ({"two_factor": "totp"}, PASSWORD, (), "pending", "second_factor"),
    ({"two_factor": "totp"}, PASSWORD, ("--second-factor", "wrong"), "failed", "wrong_factor"),
    ({"two_factor": "email"}, PASSWORD, ("--second-factor", "right"), "ok", ""),
    ({"password_hash": None}, PASSWORD, (), "failed", "no_password"),
)


def test_sign_ins_are_told_apart(app: Flask, clara: Customer) -> None:
    with_password(app, clara)
    usual = {name: getattr(clara, name) for values, *_ in TRIES for name in values}
    for values, password, options, *expected in TRIES:
        for name, value in (usual | values).items():
            setattr(clara, name, value)
        settle()
        answer = asked(app, "check-password", "clara@example.com", password, options=options)
        assert [answer["result"], answer["reason"]] == expected
    settle()
    recorded = select(ClientSignIn.result, ClientSignIn.reason).order_by(ClientSignIn.id)
    decided = [(result, reason) for *_, result, reason in TRIES if result != "pending"]
    assert [tuple(row) for row in db.session.execute(recorded)] == decided
    assert asked(app, "check-password", "nobody@example.com", PASSWORD)["reason"] == "unknown"

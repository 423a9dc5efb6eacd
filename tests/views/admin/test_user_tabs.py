"""A person's card: their sessions and mails, as far as the reader may know of them."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth import attempts, sessions, tokens
from backoffice.auth.attempts import Key, Origin
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.group import Group
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.token import Token
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import confirmed, followed, outcome, run_at
from tests.support.html import read

SECRET = "a-secret-value-of-a-link"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)"
    " AppleWebKit/605.1.15 Version/26.1 Safari/604.1"
)


def signed_in(app: Flask, cast: Cast) -> int:
    """Give Max a session on an iPhone after a failed attempt; return the session's id."""
    sessions.create(
        user=cast.max, settings=app.extensions["settings"], ip="192.0.2.5", device=IPHONE
    )
    attempts.record(
        Key.of_account(cast.max), cast.max, "failed", "password", Origin("192.0.2.5", IPHONE)
    )
    db.session.commit()
    return db.session.scalars(select(Session.id).order_by(Session.id.desc()).limit(1)).one()


def letter(app: Flask, cast: Cast) -> int:
    """Queue an invitation with a link to Max, and return the id of its token."""
    issued = tokens.issue(user=cast.max, purpose="invitation", valid=timedelta(hours=8))
    values = {"link": f"http://127.0.0.1/invitations/{SECRET}"}
    one = OutgoingMail(
        purpose="invitation",
        address="max@example.com",
        user_id=cast.max.id,
        token_id=issued.token_id,
        values=values,
    )
    outbox.queue([one], app.extensions["settings"])
    db.session.commit()
    return issued.token_id


def test_the_card_names_devices_and_ends_a_session(app: Flask, client: Client, cast: Cast) -> None:
    number = signed_in(app, cast)
    client.sign_in("olivia")
    card = f"/admin/users/{cast.max.id}?tab=sessions"
    page = read(client.get(card))
    for words in ("Safari on iOS", "192.0.2.5", "Wrong password"):
        assert words in page.one("main").text
    hrefs = {link["href"] for link in page.one("main").all("a")}
    assert {f"/admin/sessions/?user={cast.max.id}", f"/admin/sign-ins/?user={cast.max.id}"} <= hrefs
    (form,) = [
        form
        for form in page.one("main").all("form")
        if form["action"] == "/admin/sessions/actions/end"
    ]
    sent = {field["name"]: field["value"] for field in form.all("input", type="hidden")}
    preview = followed(client, client.post(form["action"], sent))
    assert f'href="{card}"' in preview.text.replace("&amp;", "&")
    answer = confirmed(client, "sessions", "end", preview)
    assert answer.location == card
    done = run_at(answer)
    assert outcome(done, number) == ("done", "")
    assert "Signed in nowhere." in client.get(card).text


def test_the_own_session_has_no_end_button(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    page = read(client.get(f"/admin/users/{cast.olivia.id}?tab=sessions")).one("main")
    assert "This device" in page.text
    assert "/admin/sessions/actions/end" not in [form["action"] for form in page.all("form")]


@pytest.mark.parametrize("name", ["max", "vera"])
def test_whoever_may_not_end_sees_and_has_no_button(
    app: Flask, client: Client, cast: Cast, name: str
) -> None:
    signed_in(app, cast)
    client.sign_in(name)
    page = client.get(f"/admin/users/{cast.max.id}?tab=sessions")
    assert "Safari on iOS" in page.text
    assert "/admin/sessions/actions/end" not in page.text


def test_who_outranks_has_no_end_button(app: Flask, staff: list[str], client: Client) -> None:
    """A company administrator can end only the sessions of the staff."""
    cast = Cast()
    for person in (cast.administrators, cast.employee):
        sessions.create(user=person, settings=app.extensions["settings"], ip="", device="")
    settle()
    client.sign_in("company_administrator")
    for person, offered in ((cast.administrators, False), (cast.employee, True)):
        page = client.get(f"/admin/users/{person.id}?tab=sessions")
        assert ("/admin/sessions/actions/end" in page.text) is offered


def test_looking_at_people_alone_shows_neither_sessions_nor_messages(
    app: Flask, staff: list[str], client: Client
) -> None:
    cast = Cast()
    sessions.create(
        user=cast.employee, settings=app.extensions["settings"], ip="192.0.2.5", device=IPHONE
    )
    attempts.record(
        Key.of_account(cast.employee), cast.employee, "ok", "", Origin("192.0.2.6", IPHONE)
    )
    one = OutgoingMail(purpose="blocked", address="employee@example.com", user_id=cast.employee.id)
    outbox.queue([one], app.extensions["settings"])
    client.sign_in("dispatcher")
    for tab, codes in {
        "sessions": ("sessions.view", "sign_in_attempts.view"),
        "messages": ("messages.view",),
    }.items():
        page = client.get(f"/admin/users/{cast.employee.id}?tab={tab}")
        assert page.status_code == 200
        for code in codes:
            assert f"You need the permission {code}" in page.text
        for private in ("192.0.2.", "Safari on iOS", "Account blocked", "e•••@"):
            assert private not in page.text


@pytest.mark.parametrize(
    "change, status",
    [
        ({}, "Live"),
        ({"used_at": True}, "Used"),
        ({"superseded_at": True}, "Superseded"),
        ({"revoked_at": True}, "Revoked"),
        ({"expires_at": True}, "Expired"),
        ({"expires_at": True, "used_at": True}, "Used"),
    ],
)
def test_what_was_sent_is_listed_with_the_fate_of_its_link(
    app: Flask, client: Client, cast: Cast, change: dict[str, bool], status: str
) -> None:
    token_id = letter(app, cast)
    if change:
        values = dict.fromkeys(change, clock.now())
        db.session.execute(update(Token).where(Token.id == token_id).values(values))
    client.sign_in("vera")
    page = client.get(f"/admin/users/{cast.max.id}?tab=messages")
    row = read(page).one("main").one("tbody").one("tr")
    cells = [cell.text for cell in row.children]
    assert cells[0] == "Invitation"
    assert cells[2] == "m•••@example.com"
    assert cells[3] == "Queued"
    assert cells[4] == status
    main = str(read(page).one("main").text)
    assert SECRET not in page.text
    assert "max@example.com" not in main.replace("max@example.com ·", "", 1)
    hashed = db.session.scalars(select(Token.value_hash)).one()
    assert hashed not in page.text


def test_a_message_without_a_link_says_so(app: Flask, client: Client, cast: Cast) -> None:
    one = OutgoingMail(purpose="unblocked", address="max@example.com", user_id=cast.max.id)
    outbox.queue([one], app.extensions["settings"])
    db.session.execute(update(Message).values(state="sent"))
    client.sign_in("vera")
    row = (
        read(client.get(f"/admin/users/{cast.max.id}?tab=messages"))
        .one("main")
        .one("tbody")
        .one("tr")
    )
    assert row.text.startswith("Notice: account unblocked")
    assert row.text.endswith("Sent –")


def test_messages_of_somebody_else_stay_on_their_own_card(
    app: Flask, client: Client, cast: Cast
) -> None:
    letter(app, cast)
    client.sign_in("olivia")
    assert "Nothing was sent yet." in client.get(f"/admin/users/{cast.vera.id}?tab=messages").text


def test_a_permission_given_later_counts_at_the_next_look(
    app: Flask, staff: list[str], client: Client
) -> None:
    cast = Cast()
    client.sign_in("dispatcher")
    group = db.session.scalars(select(Group).where(Group.key == "dispatcher")).one()
    group.permissions = [*group.permissions, "messages.view"]
    settle()
    page = client.get(f"/admin/users/{cast.employee.id}?tab=messages")
    assert "Nothing was sent yet." in page.text

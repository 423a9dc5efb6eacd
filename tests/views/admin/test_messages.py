"""System > Messages: the state of each mail, without its full address and its content."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice.auth import tokens
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.policy.permissions import catalogue
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.acting import act, everything, outcome, previewed
from tests.support.html import read

SECRET = "a-secret-value-of-a-link"
ADDRESS = "vera.vance@mail.example.com"


@pytest.fixture
def mail(app: Flask, cast: Cast) -> int:
    """Queue an invitation to Vera, mark it dead, and return its id."""
    issued = tokens.issue(user=cast.vera, purpose="invitation", valid=timedelta(hours=8))
    values = {"link": f"http://127.0.0.1/invitations/{SECRET}"}
    one = OutgoingMail(
        purpose="invitation",
        address=ADDRESS,
        user_id=cast.vera.id,
        token_id=issued.token_id,
        values=values,
    )
    outbox.queue([one], app.extensions["settings"])
    db.session.execute(
        update(Message).values(state="dead", last_error="550 <b>no</b> such mailbox")
    )
    db.session.commit()
    return db.session.scalars(select(Message.id)).one()


def test_a_message_is_shown_with_everything_but_its_address_and_its_words(
    client: Client, cast: Cast, mail: int
) -> None:
    client.sign_in("olivia")
    sealed = str(db.session.scalars(select(Message.sealed)).one())
    paths = [
        "",
        str(mail),
        f"{mail}/menu",
        "export.csv",
        "export.json",
        "?search=invitation&state=dead",
    ]
    for path in paths:
        page = client.get(f"/admin/messages/{path}").get_data(as_text=True)
        assert not [secret for secret in (ADDRESS, SECRET, sealed) if secret in page], path
        assert "<b>no</b>" not in page or "export" in path, path
    text = read(client.get("/admin/messages/")).one("tbody").text
    for shown in (
        "Invitation",
        "v•••@mail.example.com",
        "Vera Vance",
        "Dead",
        "550 <b>no</b> such mailbox",
    ):
        assert shown in text
    exported = client.get("/admin/messages/export.json").get_json()
    assert exported[0]["recipient"] == "v•••@mail.example.com"
    assert set(exported[0]) == {
        "id",
        "purpose",
        "recipient",
        "user",
        "client",
        "state",
        "attempts",
        "next_attempt_at",
        "last_error",
        "created_at",
        "sent_at",
    }


@pytest.mark.parametrize("typed", ["My secret w@rd-of-mine", "hunter2hunter2", ADDRESS])
def test_what_a_stranger_typed_shows_nothing_until_it_is_somebodys(
    app: Flask, client: Client, cast: Cast, typed: str
) -> None:
    outbox.queue(
        [OutgoingMail(purpose="password_reset", address=typed)], app.extensions["settings"]
    )
    client.sign_in("olivia")
    for path in (
        "",
        "export.csv",
        "export.json",
        str(db.session.scalars(select(Message.id)).one()),
    ):
        page = client.get(f"/admin/messages/{path}").get_data(as_text=True)
        assert "•••" in page or "\\u2022" in page
        assert typed.rpartition("@")[2] not in page


@pytest.mark.parametrize(
    "query",
    ["address=x", "sealed=x", "recipient=v", "token_id=1", "sort=recipient", "sort=address"],
)
def test_the_address_can_be_neither_filtered_nor_sorted_by(
    client: Client, mail: int, query: str
) -> None:
    client.sign_in("olivia")
    assert client.get(f"/admin/messages/?{query}").status_code == 400
    assert client.get(f"/admin/messages/export.csv?{query}").status_code == 400


def test_a_message_is_not_found_by_its_address(client: Client, mail: int) -> None:
    client.sign_in("olivia")
    assert read(client.get("/admin/messages/?search=vance")).all("tbody") == []


def test_messages_are_filtered_by_state_purpose_person_and_time(
    client: Client, cast: Cast, mail: int
) -> None:
    client.sign_in("olivia")
    for query, number in {
        "state=dead": 1, "state=sent": 0, "purpose=invitation": 1, "purpose=email_code": 0,
        f"user={cast.vera.id}": 1, f"user={cast.max.id}": 0, "created_at.from=2000-01-01": 1,
        "created_at.to=2000-01-01": 0,
    }.items():  # fmt: skip
        body = read(client.get(f"/admin/messages/?{query}")).all("tbody")
        assert sum(len(part.all("tr")) for part in body) == number, query


def test_try_again_stands_in_every_menu_and_does_it(client: Client, cast: Cast, mail: int) -> None:
    client.sign_in("max")
    for path in ("", f"{mail}", f"{mail}/menu"):
        assert "/actions/retry" in client.get(f"/admin/messages/{path}").text, path
    done = act(client, "messages", "retry", mail)
    assert outcome(done, mail) == ("done", "")
    assert db.session.get_one(Message, mail).state == "queued"
    noted = repr(everything()["events"]) + repr(everything()["bulk_runs"])
    assert ADDRESS not in noted
    assert SECRET not in noted


def test_the_preview_says_why_a_message_cannot_be_sent_again(client: Client, mail: int) -> None:
    db.session.execute(update(Message).values(state="sending"))
    client.sign_in("max")
    page = previewed(client, "messages", "retry", mail)
    assert f"Message {mail} is being sent right now." in page.text


def test_messages_are_read_only(client: Client, mail: int) -> None:
    client.sign_in("olivia")
    for path in ("new", f"{mail}/edit"):
        assert client.get(f"/admin/messages/{path}").status_code == 404
        assert client.post(f"/admin/messages/{path}", {"state": "sent"}).status_code == 404
    assert client.post("/admin/messages/actions/delete", {"row": mail}).status_code == 404
    codes = {code for code in catalogue() if code.startswith("messages.")}
    assert codes == {"messages.view", "messages.export", "messages.retry"}


def test_whoever_only_looks_is_offered_no_action(client: Client, mail: int) -> None:
    client.sign_in("vera")
    for path in ("", f"{mail}", f"{mail}/menu"):
        assert "/actions/retry" not in client.get(f"/admin/messages/{path}").text, path
    assert previewed(client, "messages", "retry", mail).status_code == 403
    assert client.get("/admin/messages/export.csv").status_code == 403

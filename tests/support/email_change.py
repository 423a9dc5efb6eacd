"""Change one's own e-mail address as a person does, with what the worker does in between."""

from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.testing.client import Client, settle

NEW = "vera.new@example.org"


def ask(client: Client, address: str = NEW) -> None:
    answer = client.post("/account/email", {"email": address})
    assert (answer.status_code, answer.location) == (303, "/account/"), answer.text[:2000]


def worker(app: Flask) -> list[str]:
    """Do the worker's part with the waiting messages, and return the paths of their links.

    Messages that nobody may have are dropped.
    """
    settle()
    found = []
    settings = app.extensions["settings"]
    for message in db.session.scalars(
        select(Message).where(Message.purpose == "email_change").order_by(Message.id)
    ):
        prepare = outbox.preparation(message)
        if prepare and not prepare(message, settings):
            db.session.delete(message)
        elif prepare:
            found.append(
                outbox.values_of(message, settings)["link"].removeprefix(settings.base_url)
            )
    settle()
    return found


def link_to(app: Flask, client: Client, address: str = NEW) -> str:
    ask(client, address)
    (link,) = worker(app)
    return link


def confirm(client: Client, link: str) -> int:
    """Open the link, press the button, and return the status of the last answer."""
    opened = client.get(link)
    if opened.status_code != 303:
        return opened.status_code
    assert opened.location.startswith("/account/email/opened/")
    assert client.get(opened.location).status_code == 200
    return client.post(opened.location).status_code


def addresses() -> dict[str, str | None]:
    settle()
    return {
        str(row.first_name): row.email
        for row in db.session.execute(select(User.first_name, User.email))
    }

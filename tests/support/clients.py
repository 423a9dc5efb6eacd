"""Clients of the company, and what its product asks about them."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from sqlalchemy import select

from backoffice.auth import passwords
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.client import Client
from backoffice.models.message import Message
from backoffice.testing.client import settle
from backoffice.text import address_key

PASSWORD = "a client of four long words"
PORTAL = "https://portal.example.com/password"


def added(first_name: str = "Clara", **values: Any) -> Client:
    """Add a client, whose address is their first name's unless `email` says otherwise."""
    email = values.setdefault("email", f"{first_name.lower()}@example.com")
    client = Client(first_name=first_name, **values)
    client.email_key = address_key(email) if email else None
    db.session.add(client)
    settle()
    return client


def with_password(app: Flask, client: Client, password: str = PASSWORD) -> Client:
    """Give the client a password that they have chosen."""
    client.password_hash = passwords.hashed(password, app.extensions["settings"]).text
    client.password_state = "usable"
    settle()
    return client


def mailed_to(app: Flask, client: Client) -> list[dict[str, str]]:
    """Return the values of the mails to this client, the oldest first."""
    settle()
    mails = select(Message).where(Message.client_id == client.id).order_by(Message.id)
    return [
        outbox.values_of(each, app.extensions["settings"]) for each in db.session.scalars(mails)
    ]


def token_of(mail: dict[str, str]) -> str:
    """Return the value of the token in the link of a mail."""
    address = urlsplit(mail["link"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == PORTAL
    (value,) = parse_qs(address.query)["token"]
    return value


def asked(
    app: Flask, command: str, *lines: str, options: tuple[str, ...] = (), exit_code: int = 0
) -> dict[str, Any]:
    """Ask a command about clients with these lines of input, and return its answer."""
    words = ["backoffice", "clients", command, *options]
    result = app.test_cli_runner().invoke(args=words, input="\n".join(lines) + "\n")
    assert (result.exit_code, result.stderr) == (exit_code, ""), result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer

"""Prepare the people, mails and mail server that `benchmarks.starved` needs.

There is a filled database with fifty people who are signed in, and mails that wait to be sent.
"""

import http.client
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from app import create_app
from backoffice.auth import passwords, sessions
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.user import User
from backoffice.people import administrators
from backoffice.policy.actor import system
from benchmarks import data

NUMBER = 50
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')


@dataclass
class People:
    """The people who are signed in.

    `addresses` are their e-mail addresses, `cookies` those of their sessions. `form` is the CSRF
    token and the cookie of the sign-in page, for somebody who is about to sign in.
    """

    addresses: list[str]
    cookies: list[str]
    form: tuple[str, str] = ("", "")

    def sign_in_form(self, port: int) -> tuple[str, str]:
        """Return the CSRF token and the cookie of the sign-in page."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        token = TOKEN.search(answer.read().decode())
        pair = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        cookie = pair.partition("=")[2]
        return (token[1] if token else "", cookie)

    def write_mails(self, url: str, number: int) -> None:
        """Queue one mail to each of the first `number` people."""
        settings = data.settings(url)
        with create_app(settings).app_context():
            letters = [
                OutgoingMail(purpose="password_changed", address=address, values={"at": "now"})
                for address in self.addresses[:number]
            ]
            outbox.queue(letters, settings)
            db.session.commit()
            db.session.remove()
            db.engine.dispose()


def prepared(url: str, number: int) -> People:
    """Fill the empty database at `url`, and return fifty more people who are signed in.

    The address has SQLAlchemy's form; `number` people are filled in besides the fifty.
    """
    data.fill(url, number)
    settings = data.settings(url)
    app = create_app(settings)
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own
    with app.app_context():
        people = People([], [])
        for index in range(NUMBER):
            email = f"admin{index}@example.com"
            person = administrators.create(actor=system(), email=email, first_name="A")
            _make_active(person, settings)
            db.session.flush()
            value = sessions.create(user=person, settings=settings, ip="127.0.0.1", device="")
            people.addresses.append(person.email or "")
            people.cookies.append(signer.dumps({"sid": value}))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return people


def _make_active(person: User, settings: data.Settings) -> None:
    passwords.store(person, data.PASSWORD, settings)
    person.status = "active"


def drip(listener: socket.socket) -> None:
    """Serve as a mail server whose greeting never ends, until the listener is closed."""
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_drip_into, args=[connection], daemon=True).start()


def _drip_into(connection: socket.socket) -> None:
    with connection, suppress(OSError):
        connection.sendall(b"220 hel")
        while True:
            connection.sendall(b"x")
            time.sleep(0.2)

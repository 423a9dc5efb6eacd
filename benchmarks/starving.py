"""Who takes part in `benchmarks.starved`: a filled database, fifty people who are signed in, and mails that wait."""

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
    """Their addresses, the cookies of their sessions, and the form of somebody who is about to sign in."""

    addresses: list[str]
    cookies: list[str]
    form: tuple[str, str] = ("", "")

    def sign_in_form(self, port: int) -> tuple[str, str]:
        """The CSRF token and the cookie of the sign-in page."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        found = TOKEN.search(answer.read().decode())
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0].partition("=")[2]
        return (found[1] if found else "", cookie)

    def write_mails(self, url: str, number: int) -> None:
        """Queue so many mails."""
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
    """Fill the empty database at `url` (SQLAlchemy's form) with `number` people and some who are signed in."""
    data.fill(url, number)
    settings = data.settings(url)
    app = create_app(settings)
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own
    with app.app_context():
        found = People([], [])
        for index in range(NUMBER):
            person = administrators.create(
                actor=system(), email=f"admin{index}@example.com", first_name="A"
            )
            _make_active(person, settings)
            db.session.flush()
            value = sessions.begin(user=person, settings=settings, ip="127.0.0.1", device="")
            found.addresses.append(person.email or "")
            found.cookies.append(signer.dumps({"sid": value}))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return found


def _make_active(person: User, settings: data.Settings) -> None:
    passwords.keep(person, data.PASSWORD, settings)
    person.status = "active"


def drip(listener: socket.socket) -> None:
    """A mail server whose greeting never ends, until nobody listens any more."""
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

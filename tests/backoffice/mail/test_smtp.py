"""The conversation with a mail server.

It is encrypted, has a name and a password, may be refused at every stage, and may end suddenly.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.mail import smtp as transport
from backoffice.mail.delivery import HOLD, deliver_due
from backoffice.models.message import Message
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.testing.stage import Stage
from tests.support import certificates
from tests.support.outbox import LINK, deliver, put
from tests.support.patience import PATIENCE
from tests.support.smtp import Server

Begin = Callable[..., tuple[Server, Settings]]


@pytest.fixture
def begin(
    stage: Stage, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Begin]:
    """Return a function that starts a server: `begin("smtps", auth=True)`.

    The server's certificate is trusted; the function returns it with the settings that reach it.
    """
    running: list[Server] = []
    trusted, context = certificates.make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    def start(scheme: str, **others: object) -> tuple[Server, Settings]:
        tls = None if scheme == "smtp+plain" else context
        server = Server(scheme, others.pop("tls", tls), **others)  # type: ignore[arg-type]  # what the test says
        server.start()
        running.append(server)
        return server, replace(stage.settings, smtp_url=server.url)

    yield start
    for server in running:
        server.stop()


@pytest.mark.parametrize("auth", [False, True])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_goes_encrypted(begin: Begin, scheme: str, auth: bool) -> None:
    server, settings = begin(scheme, auth=auth)
    put(settings)
    assert deliver(settings) == 1
    assert server.mails[0].link == LINK


def test_a_server_without_encryption_gets_nothing(begin: Begin) -> None:
    server, settings = begin("smtp+plain")
    message = put(settings)
    assert deliver(replace(settings, smtp_url=settings.smtp_url.replace("smtp+plain", "smtp"))) == 0
    assert (message.state, message.last_error[:41]) == (
        "failed",
        "The mail server offers no encryption (STA",
    )
    assert server.mails == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("fault", ["stranger", "name"])
def test_a_certificate_that_proves_nothing_gets_nothing(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, fault: str
) -> None:
    trusted, other = certificates.make(tmp_path, "elsewhere.example")
    if fault == "name":
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    server, settings = begin(scheme, tls=other, auth=True)
    message = put(settings)
    assert deliver(settings) == 0
    assert (message.state, "certificate" in message.last_error) == ("failed", True)
    assert server.mails == []


def test_a_wrong_password_is_told_without_it(begin: Begin) -> None:
    server, settings = begin("smtp", auth=True)
    message = put(settings)
    assert deliver(replace(settings, smtp_url=settings.smtp_url.replace("p%40ss", "wrong"))) == 0
    assert message.last_error.startswith(
        "The mail server refused our user name or password (535 5.7.8)."
    )
    assert message.state == "failed"
    assert server.mails == []


def test_a_password_where_none_is_asked_for_is_told(begin: Begin) -> None:
    server, settings = begin("smtp+plain")
    message = put(settings)
    assert deliver(replace(settings, smtp_url=server.url.replace("//", "//user:password@"))) == 0
    assert "takes no user name" in message.last_error


STAGES = ("MAIL", "RCPT", "DATA")


@pytest.mark.parametrize("stage_", STAGES)
def test_a_refusal_for_now_is_tried_again(begin: Begin, stage_: str) -> None:
    server, settings = begin("smtp+plain")
    server.answers[stage_] = f"450 4.2.0 <max@example.com> may come later, see {LINK}"
    message = put(settings)
    assert deliver(settings) == 0
    assert (message.state, message.attempts) == ("failed", 1)
    assert "(450 4.2.0)" in message.last_error
    assert "max" not in message.last_error
    assert "http" not in message.last_error
    server.answers.clear()
    assert deliver(settings, later=HOLD) == 1


@pytest.mark.parametrize("stage_, state", [("MAIL", "failed"), ("RCPT", "dead"), ("DATA", "dead")])
def test_a_refusal_for_good_ends_what_it_is_about(begin: Begin, stage_: str, state: str) -> None:
    """A server that refuses the sender refuses every mail.

    The administrator has to act then, and no message is at fault.
    """
    server, settings = begin("smtp+plain")
    server.answers[stage_] = "550-5.1.1 The account max@example.com\r\n550 5.1.1 does not exist"
    message = put(settings)
    assert deliver(settings) == 0
    assert (message.state, message.attempts) == (state, 1)
    assert "(550 5.1.1). There is no such mailbox." in message.last_error
    assert "max" not in message.last_error


def test_one_refused_address_holds_up_no_other(begin: Begin) -> None:
    server, settings = begin("smtp+plain")
    server.answers["p1@example.com"] = "550 No"
    messages = [put(settings, address=f"p{number}@example.com") for number in range(3)]
    assert deliver(settings) == 2
    assert [message.state for message in messages] == ["sent", "dead", "sent"]
    assert messages[1].last_error == "The mail server refused the address (550)."
    assert server.connections == 1, "one connection serves many"


def test_a_server_that_closes_takes_no_further_mail_now(begin: Begin) -> None:
    server, settings = begin("smtp+plain")
    server.answers["RCPT"] = "421 4.3.2 Closing"
    for number in range(3):
        put(settings, address=f"p{number}@example.com")
    deliver(settings)
    assert sorted(db.session.scalars(select(Message.state))) == ["failed", "queued", "queued"]


def test_a_server_that_hangs_up_after_fifty_mails_is_called_again(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAILS_PER_CONNECTION", 2)
    server, settings = begin("smtp+plain")
    for number in range(5):
        put(settings, address=f"p{number}@example.com")
    assert deliver(settings) == 5
    assert server.connections == 3


@pytest.mark.parametrize("dies, at_first, in_the_end", [
    ("before accepting", 0, 1), ("after accepting", 1, 2), ("after answering", 1, 1),
])  # fmt: skip
def test_a_server_that_dies_at_the_end_of_a_mail(
    begin: Begin, dies: str, at_first: int, in_the_end: int
) -> None:
    """Nothing is lost.

    If it is unknown whether the mail arrived, the second one is recognisably the same.
    """
    server, settings = begin("smtp+plain")
    server.dies = dies
    message = put(settings)
    deliver(settings)
    assert len(server.mails) == at_first
    if dies != "after answering":
        assert (message.state, message.last_error) == ("failed", "The mail server hung up.")
    server.dies = ""
    deliver(settings, later=HOLD)
    deliver(settings, later=HOLD * 2)
    assert message.state == "sent"
    assert len(server.mails) == in_the_end
    assert len({(mail["Message-ID"], mail.link) for mail in server.mails}) == 1


def test_a_server_that_hung_up_between_two_mails_costs_no_try(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, settings = begin("smtp+plain")
    server.dies = "after answering"
    messages = [put(settings, address=f"p{number}@example.com") for number in range(3)]
    assert deliver(settings) == 3
    assert [message.attempts for message in messages] == [1, 1, 1]
    assert server.connections == 3


def test_a_server_that_says_nothing_is_left(stage: Stage, cast: Cast) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtps://127.0.0.1:{silent.getsockname()[1]}"
        settings = replace(stage.settings, smtp_url=url, mail_answer_timeout=timedelta(seconds=0.3))
        message = put(settings)
        assert deliver(settings) == 0
    assert message.last_error == "The mail server took too long to answer."


# What a server has said before it begins to drip: nothing, half a greeting, a greeting, or half an
# answer to EHLO.
DRIPPING = (b"", b"220 hel", b"220-hello\r\n", b"220 hello\r\n250-")


@contextmanager
def dripping(begun: bytes) -> Iterator[int]:
    """Yield the port of a server whose every byte comes in time, and whose answer never does."""
    over = threading.Event()

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(begun)
            while not over.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=[listening])
        thread.start()
        yield int(listening.getsockname()[1])
        over.set()
        thread.join()


@pytest.mark.parametrize("begun", DRIPPING)
def test_a_server_that_drips_is_left(stage: Stage, cast: Cast, begun: bytes) -> None:
    with dripping(begun) as port:
        settings = replace(
            stage.settings,
            smtp_url=f"smtp+plain://127.0.0.1:{port}",
            mail_timeout=timedelta(seconds=0.5),
        )
        message = put(settings)
        assert deliver(settings) == 0
    assert (message.state, message.last_error) == (
        "failed",
        "The mail server took too long to answer.",
    )


def test_a_worker_that_is_to_end_does_not_wait_for_a_server_that_drips(
    stage: Stage, cast: Cast
) -> None:
    """An hour is allowed, and the request to end comes after half a second."""
    told = threading.Event()
    threading.Timer(0.5, told.set).start()
    with dripping(b"220 hel") as port:
        settings = replace(
            stage.settings,
            smtp_url=f"smtp+plain://127.0.0.1:{port}",
            mail_timeout=timedelta(hours=1),
        )
        message = put(settings)
        settle()
        assert deliver_due(settings, stopping=told.is_set) == 0
    settle()
    assert message.state == "failed"


def test_a_name_that_nobody_resolves_is_left(
    stage: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: over.wait(PATIENCE) and [])
    url = "smtp+plain://mail.example.com"
    settings = replace(stage.settings, smtp_url=url, mail_timeout=timedelta(seconds=0.5))
    message = put(settings)
    assert deliver(settings) == 0
    over.set()
    assert (message.state, message.last_error) == (
        "failed",
        "The mail server took too long to answer.",
    )


@pytest.mark.parametrize(
    "greeting", [b"554 5.7.1 go away\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 9000]
)
def test_what_is_no_mail_server_is_told(stage: Stage, cast: Cast, greeting: bytes) -> None:
    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=[listening])
        thread.start()
        settings = replace(
            stage.settings, smtp_url=f"smtp+plain://127.0.0.1:{listening.getsockname()[1]}"
        )
        message = put(settings)
        assert deliver(settings) == 0
        thread.join()
    assert message.state == "failed"
    assert message.last_error.startswith("The mail server ")


def test_addresses_in_other_scripts_go_where_the_server_takes_them(begin: Begin) -> None:
    server, settings = begin("smtp+plain", enable_SMTPUTF8=True)
    put(settings, address="josé@bücher.example")
    put(settings, address="max@bücher.example")
    assert deliver(settings) == 2
    assert {mail.to for mail in server.mails} == {
        "josé@xn--bcher-kva.example",
        "max@xn--bcher-kva.example",
    }
    assert ["SMTPUTF8" in mail.options for mail in server.mails] == [
        not mail.to.isascii() for mail in server.mails
    ]


def test_addresses_in_other_scripts_are_refused_clearly_elsewhere(begin: Begin) -> None:
    server, settings = begin("smtp+plain", enable_SMTPUTF8=False)
    message = put(settings, address="josé@example.com")
    assert deliver(settings) == 0
    assert (message.state, message.last_error) == (
        "dead",
        "The mail server does not take such addresses (SMTPUTF8).",
    )
    assert server.mails == []

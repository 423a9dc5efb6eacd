"""A real mail server on loopback that keeps the mails it gets, and misbehaves when told to.

def test_...(smtp):
    ...                                        # something mails, with SMTP_URL=smtp.url
    mail = smtp.wait()[0]                      # or smtp.mails, without waiting
    mail.to, mail.subject, mail.text, mail.html, mail.link, mail.code, mail["Message-ID"]
    smtp.answers["RCPT"] = "450 4.2.1 Later"   # from now on; `del` it to take mails again
    smtp.dies = "after accepting"              # see DEATHS
    smtp.stop(); smtp.start()                  # nobody answers; then again, at the same address
"""

import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.patience import PATIENCE

USER, PASSWORD = "back office", "p@ss:w/rd"  # with what a URL must write otherwise
LINK = re.compile(r"^https?://\S+$", re.MULTILINE)
CODE = re.compile(r"^\d{6}$", re.MULTILINE)
# What happens at the end of DATA: the mail is lost, or kept without an answer, or kept and answered
# just before the server dies.
DEATHS = ("before accepting", "after accepting", "after answering")


@dataclass(frozen=True)
class Mail:
    """A mail as it arrived."""

    to: str
    sender: str
    message: EmailMessage
    options: tuple[str, ...] = ()

    def __getitem__(self, header: str) -> str:
        return str(self.message[header])

    @property
    def subject(self) -> str:
        return self["Subject"]

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def link(self) -> str:
        """The link of the mail, which stands on a line of its own."""
        found = LINK.search(self.text)
        assert found, f"no link in:\n{self.text}"
        return found[0]

    @property
    def code(self) -> str:
        """The code of the mail."""
        found = CODE.search(self.text)
        assert found, f"no code in:\n{self.text}"
        return found[0]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


class Server:
    """The server; `scheme` is smtp (STARTTLS), smtps or smtp+plain; the first two need `tls`."""

    def __init__(
        self,
        scheme: str = "smtp+plain",
        tls: ssl.SSLContext | None = None,
        *,
        auth: bool = False,
        **others: Any,
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.scheme, self.tls, self.auth, self.others = scheme, tls, auth, others
        self.mails: list[Mail] = []
        self.answers: dict[str, str] = {}
        self.dies: str = ""
        self.delay = 0.0
        # Called between having a mail and saying so.
        self.once_kept: Callable[[], object] = lambda: None
        self.connections = 0
        self.controller: Controller | None = None

    @property
    def url(self) -> str:
        """The value for SMTP_URL."""
        who = "back%20office:p%40ss%3Aw%2Frd@" if self.auth else ""
        return f"{self.scheme}://{who}localhost:{self.port}"

    def start(self) -> None:
        """Start to answer at the address."""
        options = dict(self.others)
        if self.scheme == "smtp" and self.tls:
            options |= {"tls_context": self.tls, "require_starttls": True}
        if self.auth:
            options |= {"authenticator": _authenticate, "auth_require_tls": False}
        at_once = self.tls if self.scheme == "smtps" else None
        self.controller = Controller(
            _Handler(self), "127.0.0.1", self.port, ssl_context=at_once, **options
        )
        self.controller.start()
        self.connections = 0

    def stop(self) -> None:
        """Stop answering."""
        if self.controller:
            self.controller.stop()
        self.controller = None

    def wait(self, number: int = 1, patience: float = PATIENCE) -> list[Mail]:
        """Wait until so many mails have come, and return them."""
        end = time.monotonic() + patience
        while len(self.mails) < number:
            assert time.monotonic() < end, f"{len(self.mails)} of {number} mails came"
            time.sleep(0.02)
        return self.mails

    def to(self, address: str) -> list[Mail]:
        """Return the mails to an address."""
        return [mail for mail in self.mails if mail.to == address]


class _Handler:
    """The hooks that aiosmtpd calls at the stages of a mail."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.server.connections += 1
        return responses

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.server.auth and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if refusal := self.server.answers.get("MAIL"):
            return refusal
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if refusal := self.server.answers.get(address) or self.server.answers.get("RCPT"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if refusal := self.server.answers.get("DATA"):
            return refusal
        if self.server.dies != "before accepting":
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            (to,) = envelope.rcpt_tos
            self.server.mails.append(
                Mail(to, envelope.mail_from, message, tuple(envelope.mail_options))
            )
            self.server.once_kept()
        time.sleep(self.server.delay)
        if self.server.dies == "after answering":
            await server.push("250 OK")
        if self.server.dies:
            if self.server.dies == "after answering":
                server.transport.close()
            else:
                server.transport.abort()
        return "250 OK"


def _authenticate(
    _server: SMTP, _session: Any, _envelope: Any, _mechanism: str, given: Any
) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=False)  # the refusal is aiosmtpd's to say

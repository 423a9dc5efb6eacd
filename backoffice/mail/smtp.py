"""Mails are handed over to a mail server by SMTP, encrypted; what goes wrong is told in words that hold no secret."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from socket import SHUT_RDWR
from typing import Self

from backoffice import limits
from backoffice.endpoints import MailServer
from backoffice.settings import Settings
from backoffice.waiting import within

MAILS_PER_CONNECTION = 50  # providers hang up after 100 or so
CLOSING = 421  # "service not available"
MEANINGS = {
    "1.1": "There is no such mailbox.",
    "1.2": "There is no such domain.",
    "1.10": "The domain takes no mail.",
    "2.1": "The mailbox is switched off.",
    "2.2": "The mailbox is full.",
    "3.4": "The mail is too large.",
    "7.1": "It is against the server's rules.",
    "7.26": "The mail is not authenticated: see to SPF and DKIM.",
}

SLOW = "The mail server took too long to answer."
FAULTS: tuple[tuple[type[OSError], str], ...] = (  # the first that fits
    (smtplib.SMTPServerDisconnected, "The mail server hung up."),
    (smtplib.SMTPException, "The mail server and we do not understand each other."),
    (
        ssl.SSLCertVerificationError,
        "The mail server's certificate is not valid for its name, or not trusted.",
    ),
    (ssl.SSLError, "The mail server does not speak TLS as expected."),
    (TimeoutError, SLOW),
    (ConnectionRefusedError, "Nobody answers at the mail server's address."),
    (ConnectionError, "The mail server hung up."),
    (OSError, "The mail server cannot be reached."),
)


class NotSent(Exception):
    """A mail was not taken. `final`: trying again is no use. `for_all`: no other mail would be taken now either."""

    def __init__(self, reason: str, *, final: bool = False, for_all: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.final, self.for_all = reason, final, for_all


class Smtp:
    """A mail server; one connection serves many mails."""

    keeps = False  # what a mail said is no longer ours to keep once the server has it

    def __init__(self, settings: Settings, stopping: Callable[[], bool] = lambda: False) -> None:
        self.url = MailServer(settings.smtp_url)
        # How we introduce ourselves; smtplib would ask the network for a name.
        self.name = settings.sender.address.rpartition("@")[2]
        self.answer = settings.mail_answer_timeout.total_seconds()
        self.limit = settings.mail_timeout.total_seconds()
        self.stopping = stopping
        self._server: smtplib.SMTP | None = None
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._leave()

    def send(self, mail: EmailMessage, sender: str, recipient: str) -> None:
        """Hand the mail over. Raises NotSent; after any other way out the server has it."""
        server = self._connected()
        self._sent += 1
        self._within_limit(server, lambda server: server.send_message(mail, sender, [recipient]))

    def _connected(self) -> smtplib.SMTP:
        """A server that listens: the one of the last mail, if it still does."""
        if self._server and self._sent < MAILS_PER_CONNECTION and self._listens(self._server):
            return self._server
        self._leave()
        self._server, self._sent = self._made(), 0
        try:
            self._within_limit(
                self._server, self._open, seconds_at_the_end=limits.MAIL_OPENING_AT_THE_END
            )
        except NotSent as problem:
            self._leave()
            raise NotSent(problem.reason, for_all=True) from None
        return self._server

    def _made(self) -> smtplib.SMTP:
        """A server that nobody has spoken to yet."""
        if self.url.mode == "tls":
            trust = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=self.name, timeout=self.answer, context=trust
            )
        else:
            server = smtplib.SMTP(local_hostname=self.name, timeout=self.answer)
        server._host = self.url.host  # type: ignore[attr-defined]  # noqa: SLF001  # smtplib's for certificates
        return server

    def _open(self, server: smtplib.SMTP) -> None:
        """Connect, listen to the greeting, and be ready for mails."""
        code, answer = server.connect(self.url.host, self.url.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, answer)
        self._introduce(server)

    def _introduce(self, server: smtplib.SMTP) -> None:
        """Encrypt, then say who we are. Certificates are checked against the system's, or those of SSL_CERT_FILE."""
        server.ehlo_or_helo_if_needed()
        if self.url.mode == "starttls":
            if not server.has_extn("starttls"):
                raise NotSent(
                    "The mail server offers no encryption (STARTTLS), so nothing is sent."
                )
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self.url.user and not server.has_extn("auth"):
            raise NotSent("The mail server takes no user name: leave it out of SMTP_URL.")
        if self.url.user:
            server.login(self.url.user, self.url.password)

    def _within_limit(
        self,
        server: smtplib.SMTP,
        talk: Callable[[smtplib.SMTP], object],
        *,
        seconds_at_the_end: float = limits.MAIL_AT_THE_END,
    ) -> None:
        """Talk, and hang up once it has taken too long, name and greeting included: a server may drip its answers.

        When the worker is to end, `seconds_at_the_end` are left.
        """
        try:
            within(
                self.limit,
                lambda: talk(server),
                too_late=lambda _result: server.close(),
                stopping=self.stopping,
                seconds_then=seconds_at_the_end,
            )
        except TimeoutError:
            _hang_up(server)
            raise NotSent(SLOW) from None
        except OSError as error:  # smtplib's own are among them
            raise _not_sent(error) from None

    def _listens(self, server: smtplib.SMTP) -> bool:
        with suppress(NotSent):
            self._within_limit(server, _begin_anew)
            return True
        return False

    def _leave(self) -> None:
        """Say goodbye; what the server makes of that does not matter."""
        if self._server and self._server.sock:
            with suppress(NotSent):
                self._within_limit(self._server, smtplib.SMTP.quit, seconds_at_the_end=0)
            self._server.close()
        self._server = None


def _begin_anew(server: smtplib.SMTP) -> None:
    if server.rset()[0] != 250:
        raise NotSent("The mail server takes no further mail.")


def _hang_up(server: smtplib.SMTP) -> None:
    if sock := server.sock:
        with suppress(OSError):
            sock.shutdown(SHUT_RDWR)


def _not_sent(error: OSError) -> NotSent:
    """Whether to try again, and whether the next mail would fare better."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code, answer = next(iter(refused.values()))
            return NotSent(
                _answered("refused the address", code, answer),
                final=code >= 500,
                for_all=code == CLOSING,
            )
        case smtplib.SMTPDataError(smtp_code=code, smtp_error=answer):
            return NotSent(
                _answered("refused the mail", code, answer),
                final=code >= 500,
                for_all=code == CLOSING,
            )
        case smtplib.SMTPSenderRefused(
            smtp_code=code, smtp_error=answer
        ):  # we are not welcome, whoever we write to
            return NotSent(_answered("refused the sender", code, answer), for_all=True)
        case smtplib.SMTPNotSupportedError():
            return NotSent("The mail server does not take such addresses (SMTPUTF8).", final=True)
    return NotSent(_reason(error))


def _reason(error: OSError) -> str:
    """What went wrong before a mail was looked at."""
    match error:
        case smtplib.SMTPAuthenticationError(smtp_code=code, smtp_error=answer):
            return _answered("refused our user name or password", code, answer)
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=answer):
            return _answered("refused the connection", code, answer)
        case smtplib.SMTPServerDisconnected(__context__=TimeoutError()):
            return SLOW
    return next(words for kind, words in FAULTS if isinstance(error, kind))


def _answered(what: str, code: int, answer: bytes | str) -> str:
    """The server's numbers and our words: its own words may hold the address, or even a link out of the mail."""
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    parts = first.split(".")
    numbers = [str(code)] if 200 <= code <= 599 else []
    if len(parts) == 3 and all(p.isascii() and p.isdigit() and len(p) <= 3 for p in parts):
        numbers.append(first)
        meaning = MEANINGS.get(f"{parts[1]}.{parts[2]}", "")
    else:
        meaning = ""
    return f"The mail server {what} ({' '.join(numbers) or 'without a number'}). {meaning}".strip()

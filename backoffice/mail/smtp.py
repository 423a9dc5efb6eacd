"""Hand mails over to a mail server by SMTP, encrypted; describe errors without their secrets."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from socket import SHUT_RDWR
from typing import Self

from backoffice import limits
from backoffice.mail import reasons
from backoffice.settings import Settings
from backoffice.text import N_
from backoffice.urls import MailServer
from backoffice.waiting import within

MAILS_PER_CONNECTION = 50  # providers hang up after 100 or so
CLOSING = 421  # "service not available"
# The last two parts of an enhanced status code (RFC 3463), and what they mean.
MEANINGS = {
    "1.1": N_("There is no such mailbox."),
    "1.2": N_("There is no such domain."),
    "1.10": N_("The domain takes no mail."),
    "2.1": N_("The mailbox is switched off."),
    "2.2": N_("The mailbox is full."),
    "3.4": N_("The mail is too large."),
    "7.1": N_("It is against the server's rules."),
    "7.26": N_("The mail is not authenticated: see to SPF and DKIM."),
}

SLOW = N_("The mail server took too long to answer.")
FAULTS: tuple[tuple[type[OSError], str], ...] = (  # the first that fits
    (smtplib.SMTPServerDisconnected, N_("The mail server hung up.")),
    (smtplib.SMTPException, N_("The mail server and we do not understand each other.")),
    (
        ssl.SSLCertVerificationError,
        N_("The mail server's certificate is not valid for its name, or not trusted."),
    ),
    (ssl.SSLError, N_("The mail server does not speak TLS as expected.")),
    (TimeoutError, SLOW),
    (ConnectionRefusedError, N_("Nobody answers at the mail server's address.")),
    (ConnectionError, N_("The mail server hung up.")),
    (OSError, N_("The mail server cannot be reached.")),
)


class NotSent(Exception):
    """A mail was not sent.

    `final` says that another try is useless. `for_all` says that the server would not accept any
    other mail now either.
    """

    def __init__(self, reason: str, *, final: bool = False, for_all: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.for_all = for_all


class Smtp:
    """A mail server as a transport; one connection serves many mails."""

    keeps = False  # the content of a mail is erased once the server has it

    def __init__(self, settings: Settings, stopping: Callable[[], bool] = lambda: False) -> None:
        self.url = MailServer(settings.smtp_url)
        # The name given in EHLO. Without it, smtplib would ask the network for one.
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
        """Hand the mail over. Raises NotSent if the server did not accept it."""
        server = self._connected()
        self._sent += 1
        self._within_limit(server, lambda server: server.send_message(mail, sender, [recipient]))

    def _connected(self) -> smtplib.SMTP:
        """Return a connected server: the one of the last mail if it still answers, or a new one."""
        if self._server and self._sent < MAILS_PER_CONNECTION and self._listens(self._server):
            return self._server
        self._leave()
        self._server = self._made()
        self._sent = 0
        try:
            self._within_limit(
                self._server, self._open, seconds_at_the_end=limits.MAIL_OPENING_AT_THE_END
            )
        except NotSent as problem:
            self._leave()
            raise NotSent(problem.reason, for_all=True) from None
        return self._server

    def _made(self) -> smtplib.SMTP:
        """Return a client that is not connected yet."""
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
        """Connect, check the greeting, and prepare the connection for mails."""
        code, answer = server.connect(self.url.host, self.url.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, answer)
        self._introduce(server)

    def _introduce(self, server: smtplib.SMTP) -> None:
        """Encrypt the connection, then log in.

        Certificates are checked against those of the system, or those in SSL_CERT_FILE.
        """
        server.ehlo_or_helo_if_needed()
        if self.url.mode == "starttls":
            if not server.has_extn("starttls"):
                raise NotSent(
                    N_("The mail server offers no encryption (STARTTLS), so nothing is sent.")
                )
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self.url.user:
            if not server.has_extn("auth"):
                raise NotSent(N_("The mail server takes no user name: leave it out of SMTP_URL."))
            server.login(self.url.user, self.url.password)

    def _within_limit(
        self,
        server: smtplib.SMTP,
        talk: Callable[[smtplib.SMTP], object],
        *,
        seconds_at_the_end: float = limits.MAIL_AT_THE_END,
    ) -> None:
        """Talk to the server, and hang up if that takes too long.

        The limit covers everything, from the name look-up to the greeting, because a server may
        send its answers byte by byte. Once the worker is to stop, `seconds_at_the_end` are left.
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
        except OSError as error:  # includes the errors of smtplib
            raise _not_sent(error) from None

    def _listens(self, server: smtplib.SMTP) -> bool:
        """Whether the server still answers and accepts another mail."""
        with suppress(NotSent):
            self._within_limit(server, _begin_anew)
            return True
        return False

    def _leave(self) -> None:
        """Close the connection; the server's answer does not matter."""
        if self._server and self._server.sock:
            with suppress(NotSent):
                self._within_limit(self._server, smtplib.SMTP.quit, seconds_at_the_end=0)
            self._server.close()
        self._server = None


def _begin_anew(server: smtplib.SMTP) -> None:
    """Reset the connection for the next mail. Raises NotSent if the server refuses."""
    if server.rset()[0] != 250:
        raise NotSent(N_("The mail server takes no further mail."))


def _hang_up(server: smtplib.SMTP) -> None:
    """End the connection at once, also for a thread that still waits for an answer."""
    if sock := server.sock:
        with suppress(OSError):
            sock.shutdown(SHUT_RDWR)


def _not_sent(error: OSError) -> NotSent:
    """Return the problem; it says whether to try again, and whether it concerns all mails."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code, answer = next(iter(refused.values()))
            return _mail_refused(reasons.ADDRESS_REFUSED, code, answer)
        case smtplib.SMTPDataError(smtp_code=code, smtp_error=answer):
            return _mail_refused(reasons.MAIL_REFUSED, code, answer)
        case smtplib.SMTPSenderRefused(smtp_code=code, smtp_error=answer):
            # The server refuses us, and therefore mails to all recipients.
            return NotSent(_answered(reasons.SENDER_REFUSED, code, answer), for_all=True)
        case smtplib.SMTPNotSupportedError():
            reason = N_("The mail server does not take such addresses (SMTPUTF8).")
            return NotSent(reason, final=True)
    return NotSent(_reason(error))


def _mail_refused(sentence: str, code: int, answer: bytes | str) -> NotSent:
    reason = _answered(sentence, code, answer)
    return NotSent(reason, final=code >= 500, for_all=code == CLOSING)


def _reason(error: OSError) -> str:
    """Return a sentence about an error that does not concern a particular mail."""
    match error:
        case smtplib.SMTPAuthenticationError(smtp_code=code, smtp_error=answer):
            return _answered(reasons.LOGIN_REFUSED, code, answer)
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=answer):
            return _answered(reasons.CONNECTION_REFUSED, code, answer)
        case smtplib.SMTPServerDisconnected(__context__=TimeoutError()):
            return SLOW
    return next(words for kind, words in FAULTS if isinstance(error, kind))


def _answered(sentence: str, code: int, answer: bytes | str) -> str:
    """Return the sentence with the numbers in the server's answer, and their meaning.

    The server's own words are left out: they may contain the address, or even a link of the mail.
    """
    numbers = []
    if 200 <= code <= 599:
        numbers.append(str(code))
    meaning = ""
    status = _enhanced_status(answer)
    if status:
        numbers.append(status)
        _class, subject_and_detail = status.split(".", 1)
        meaning = MEANINGS.get(subject_and_detail, "")
    said = sentence % {"numbers": " ".join(numbers) or reasons.NO_NUMBER}
    return f"{said} {meaning}".strip()


def _enhanced_status(answer: bytes | str) -> str:
    """Return the status code such as `5.1.1` at the beginning of the answer; '' without one."""
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    words = text.split(maxsplit=1)
    if not words:
        return ""
    parts = words[0].split(".")
    is_code = len(parts) == 3 and all(map(_is_number, parts))
    return words[0] if is_code else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3

"""Challenges: a right password waits here for its second factor, and opens nothing meanwhile."""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy import Select, func, select, update

from backoffice import clock, limits
from backoffice.auth import admission, recovery_codes, totp
from backoffice.auth.attempts import Origin
from backoffice.auth.sessions import digest
from backoffice.errors import Expired, TooMany
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import duration

VALID = timedelta(minutes=10)
SENDS_COUNTED = timedelta(minutes=10)
TRIES = limits.CODE_TRIES
WRONG = "This code is not right, or was used already."
UNREADABLE = "The codes of your app cannot be checked at the moment. Use one of your recovery codes, or tell an administrator."
NO_MORE = "No more codes can be sent now, so none is on its way. Wait ten minutes, or use the code you have."
OVER = "That took too long, or your account was changed meanwhile. Please sign in again."


def begin(user: User, settings: Settings) -> str:
    """A challenge for whoever gave the right password; its value goes to the browser alone. Mails a code if it may."""
    value, now = secrets.token_urlsafe(32), clock.now()
    challenge = SignInChallenge(
        user_id=user.id,
        credential_version=user.credential_version,
        value_hash=digest(value),
        created_at=now,
        expires_at=now + VALID,
        tries=0,
    )
    db.session.add(challenge)
    if user.two_factor == "email" and _may_send(user, settings):
        _send(challenge, value, user, settings)
    db.session.flush()
    return value


def owner(value: str, origin: Origin) -> User:
    """Whose challenge it is. Raises Expired unless it is open and they might still sign in from there."""
    return _open(value, origin)[1]


def has_code(value: str) -> bool:
    """Whether a code was mailed for this challenge that still works."""
    live = (SignInChallenge.code_expires_at > clock.now(), SignInChallenge.tries < TRIES)
    found = select(SignInChallenge.id).where(SignInChallenge.value_hash == digest(value), *live)
    return db.session.scalar(found) is not None


def answer(value: str, code: str, origin: Origin, settings: Settings) -> str:
    """Use the challenge up if the code is right; else the sentence that says it is not.

    An authenticator's code, a mailed one, or a recovery code will do, each of them once.
    """
    challenge, user = _open(value, origin, for_use=True)
    if not (_mailed_is_right(challenge, value, code) or is_right(user, code, settings)):
        challenge.tries += 1
        return (
            UNREADABLE
            if user.two_factor == "totp" and not totp.is_readable(user, settings)
            else WRONG
        )
    challenge.used_at = clock.now()
    return ""


def is_right(user: User, code: str, settings: Settings) -> bool:
    """Whether the code is one of the person's authenticator or recovery codes; it is used up then."""
    if user.two_factor == "disabled":
        return False
    return totp.use(user, code, settings) or recovery_codes.use(user, code)


def send_again(value: str, origin: Origin, settings: Settings) -> bool:
    """Mail another code; the one before no longer works. False where none is mailed. Raises TooMany or Expired."""
    challenge, user = _open(value, origin, for_use=True)
    if user.two_factor != "email":
        return False
    if not _may_send(user, settings):
        raise TooMany(NO_MORE, retry_after=int(SENDS_COUNTED.total_seconds()))
    _send(challenge, value, user, settings)
    return True


def end_all(people: Select[int]) -> None:
    """Whoever waits with a right password waits in vain."""
    db.session.execute(
        update(SignInChallenge)
        .where(SignInChallenge.user_id.in_(people), SignInChallenge.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _open(value: str, origin: Origin, *, for_use: bool = False) -> tuple[SignInChallenge, User]:
    """The challenge and its person; the person is locked first, as by whoever blocks them.

    What the password opened is void where the credentials are other ones by now.
    """
    statement = select(SignInChallenge).where(SignInChallenge.value_hash == digest(value))
    challenge = db.session.scalar(statement)
    if challenge is None:
        raise Expired(OVER)
    user = db.session.get_one(
        User, challenge.user_id, with_for_update=for_use or None, populate_existing=True
    )
    challenge = db.session.scalar(statement.execution_options(populate_existing=True))
    if challenge is None or challenge.used_at is not None or challenge.expires_at <= clock.now():
        raise Expired(OVER)
    if challenge.credential_version != user.credential_version or admission.refusal(
        user, origin.ip
    ):
        raise Expired(OVER)
    return challenge, user


def _mailed_is_right(challenge: SignInChallenge, value: str, code: str) -> bool:
    if challenge.code_hash is None or challenge.code_expires_at is None:
        return False
    if challenge.tries >= TRIES or challenge.code_expires_at <= clock.now():
        return False
    return hmac.compare_digest(challenge.code_hash, _code_hash(value, totp.plain(code)))


def _may_send(user: User, settings: Settings) -> bool:
    lately = (Message.created_at > clock.now() - SENDS_COUNTED, Message.purpose == "email_code")
    sent = db.session.scalar(
        select(func.count()).select_from(Message).where(Message.user_id == user.id, *lately)
    )
    return (sent or 0) < settings.email_codes_per_10_minutes


def _send(challenge: SignInChallenge, value: str, user: User, settings: Settings) -> None:
    code = f"{secrets.randbelow(10**6):06}"
    challenge.code_hash, challenge.tries = _code_hash(value, code), 0
    challenge.code_expires_at = clock.now() + settings.email_code_valid
    values = {"code": code, "valid": duration(settings.email_code_valid)}
    letter = OutgoingMail(
        purpose="email_code", address=user.email or "", user_id=user.id, values=values
    )
    outbox.queue([letter], settings)


def _code_hash(value: str, code: str) -> str:
    """Six digits alone could be tried out; together with the challenge's 256 random bits they cannot."""
    return digest(f"{value} {code}")

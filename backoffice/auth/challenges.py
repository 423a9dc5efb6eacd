"""Sign-in challenges: a right password waits here for its second factor, and opens nothing yet."""

import hmac
import secrets
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select, update

from backoffice import clock, limits, throttles
from backoffice.auth import admission, recovery_codes, totp
from backoffice.auth.attempts import Origin
from backoffice.auth.sessions import digest
from backoffice.errors import Expired
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.message import Message
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.text import N_, duration_to_store

VALID = timedelta(minutes=10)
TRIES = limits.CODE_TRIES
WRONG = N_("This code is not right, or was used already.")
UNREADABLE = N_(
    "The codes of your app cannot be checked at the moment. "
    "Use one of your recovery codes, or tell an administrator."
)
OVER: str = _l("That took too long, or your account was changed meanwhile. Please sign in again.")


def create(user: User, settings: Settings) -> str:
    """Create a challenge for a person who gave the right password, and return its value.

    Only the browser gets the value; the database has its hash. If the person's factor is e-mail, a
    code is mailed, unless too many were sent already.
    """
    value = secrets.token_urlsafe(32)
    now = clock.now()
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
    """Return the person whom the challenge belongs to.

    Raises Expired if the challenge is over, or if the person may not sign in from `origin`.
    """
    _challenge, user = _open(value, origin)
    return user


def has_code(value: str) -> bool:
    """Return whether a code was mailed for this challenge that still works."""
    statement = select(SignInChallenge.id).where(
        SignInChallenge.value_hash == digest(value),
        SignInChallenge.code_expires_at > clock.now(),
        SignInChallenge.tries < TRIES,
    )
    return db.session.scalar(statement) is not None


def answer(value: str, code: str, origin: Origin, settings: Settings) -> str:
    """Use the challenge up and return '' if the code is right; otherwise return the refusal.

    A code of the authenticator app, a mailed code or a recovery code will do, each of them once.
    """
    challenge, user = _open(value, origin, for_use=True)
    if _is_mailed_code(challenge, value, code) or redeem_code(user, code, settings):
        challenge.used_at = clock.now()
        return ""
    challenge.tries += 1
    if user.two_factor == "totp" and not totp.is_readable(user, settings):
        return str(_(UNREADABLE))
    return str(_(WRONG))


def redeem_code(user: User, code: str, settings: Settings) -> bool:
    """Use up a code from the person's app or a recovery code; return whether it was right."""
    if user.two_factor == "disabled":
        return False
    return totp.use(user, code, settings) or recovery_codes.use(user, code)


def send_again(value: str, origin: Origin, settings: Settings) -> bool:
    """Mail another code, which replaces the one before; return False if none is mailed.

    None is mailed unless the person's factor is e-mail. Raises Expired if the challenge is over,
    and TooMany if too many codes were sent already.
    """
    challenge, user = _open(value, origin, for_use=True)
    if user.two_factor != "email":
        return False
    if not _may_send(user, settings):
        rate = throttles.EMAIL_CODES.rate
        seconds = int(rate.within.total_seconds())
        raise throttles.EMAIL_CODES.refused(most=rate.number(settings), seconds=seconds)
    _send(challenge, value, user, settings)
    return True


def end_all(people: Select[int]) -> None:
    """End every open challenge of these people."""
    db.session.execute(
        update(SignInChallenge)
        .where(SignInChallenge.user_id.in_(people), SignInChallenge.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _open(value: str, origin: Origin, *, for_use: bool = False) -> tuple[SignInChallenge, User]:
    """Return the challenge and its person; `for_use` locks the person's row.

    Raises Expired if the challenge is over, if the credentials changed after it began, or if the
    person may not sign in from `origin`.
    """
    statement = select(SignInChallenge).where(SignInChallenge.value_hash == digest(value))
    challenge = db.session.scalar(statement)
    if challenge is None:
        raise Expired(OVER)
    # The person is locked first, in the same order as when somebody blocks them. Both rows
    # are read again after that, because they may have changed while this request waited.
    user = db.session.get_one(
        User, challenge.user_id, with_for_update=for_use or None, populate_existing=True
    )
    challenge = db.session.scalar(statement.execution_options(populate_existing=True))
    if challenge is None or not _is_live(challenge, user):
        raise Expired(OVER)
    if admission.refusal(user, origin.ip):
        raise Expired(OVER)
    return challenge, user


def _is_live(challenge: SignInChallenge, user: User) -> bool:
    if challenge.used_at is not None or challenge.expires_at <= clock.now():
        return False
    return challenge.credential_version == user.credential_version


def _is_mailed_code(challenge: SignInChallenge, value: str, code: str) -> bool:
    """Return whether the code is the one that was mailed, and still works."""
    if challenge.code_hash is None or challenge.code_expires_at is None:
        return False
    if challenge.tries >= TRIES or challenge.code_expires_at <= clock.now():
        return False
    return hmac.compare_digest(challenge.code_hash, _code_hash(value, totp.plain(code)))


def _may_send(user: User, settings: Settings) -> bool:
    """Return whether the person may be sent another code now."""
    rate = throttles.EMAIL_CODES.rate
    codes_sent = (
        select(func.count())
        .select_from(Message)
        .where(
            Message.user_id == user.id,
            Message.created_at > clock.now() - rate.within,
            Message.purpose == mails.EMAIL_CODE,
        )
    )
    return (db.session.scalar(codes_sent) or 0) < rate.number(settings)


def _send(challenge: SignInChallenge, value: str, user: User, settings: Settings) -> None:
    """Mail a new code of six digits, and store its hash with the challenge."""
    code = f"{secrets.randbelow(10**6):06}"
    challenge.code_hash = _code_hash(value, code)
    challenge.code_expires_at = clock.now() + settings.email_code_valid
    challenge.tries = 0
    mail = OutgoingMail(
        purpose=mails.EMAIL_CODE,
        address=user.email or "",
        user_id=user.id,
        values={"code": code, "valid": duration_to_store(settings.email_code_valid)},
    )
    outbox.queue([mail], settings)


def _code_hash(value: str, code: str) -> str:
    """Return the hash of a code together with the value of its challenge.

    Somebody who reads the database could try out six digits alone, but not the challenge's 256
    random bits.
    """
    return digest(f"{value} {code}")

"""Recovery codes: ten ways in for somebody who has lost the phone, each of which works once."""

import secrets
import unicodedata

from sqlalchemy import Select, delete, func, insert, select, update

from backoffice import clock, limits
from backoffice.auth.passwords import ALPHABET
from backoffice.auth.sessions import digest
from backoffice.extensions import db
from backoffice.models.recovery_code import RecoveryCode
from backoffice.models.user import User

NUMBER = limits.RECOVERY_CODES
# 24 letters of 31 have 118 bits, for which a plain hash suffices (NIST SP 800-63B, 5.1.2.2).
GROUPS = 6
LETTERS = 4  # in each group


def renew(user: User) -> list[str]:
    """Make ten new codes to show once; older ones no longer work."""
    delete_of(user.alone())
    codes = [_new_code() for _ in range(NUMBER)]
    now = clock.now()
    rows = [
        {"user_id": user.id, "code_hash": digest(_plain(code)), "created_at": now} for code in codes
    ]
    db.session.execute(insert(RecoveryCode), rows)
    return codes


def use(user: User, code: str) -> bool:
    """Return whether it is an unused code of this person, and use it up."""
    # The condition is part of the UPDATE: of two requests at once, one changes the row.
    statement = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == digest(_plain(code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    used = db.session.execute(statement).all()
    return len(used) == 1


def left(user: User) -> int:
    """Return how many codes of this person are not used yet."""
    statement = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    )
    return db.session.scalar(statement) or 0


def delete_of(people: Select[int]) -> None:
    """Delete the codes of these people."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id.in_(people)))


def _new_code() -> str:
    return "-".join(_new_group() for _ in range(GROUPS))


def _new_group() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))


def _plain(code: str) -> str:
    """Return the letters and digits of a typed code, in lower case.

    Capitals, hyphens and full-width keyboards make no difference.
    """
    text = unicodedata.normalize("NFKC", code[:100]).lower()
    return "".join(c for c in text if c.isalnum())

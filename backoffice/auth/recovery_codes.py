"""Recovery codes: ten ways in for somebody without the phone, each of them once."""

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
GROUPS, LETTERS = (
    6,
    4,
)  # 24 letters of 31: 118 bits, so that a plain hash keeps them (NIST SP 800-63B, 5.1.2.2)


def renew(user: User) -> list[str]:
    """Ten new codes to show once; older ones no longer work."""
    forget(select(User.id).where(User.id == user.id))
    codes = ["-".join(_group() for _ in range(GROUPS)) for _ in range(NUMBER)]
    now = clock.now()
    rows = [
        {"user_id": user.id, "code_hash": digest(_plain(code)), "created_at": now} for code in codes
    ]
    db.session.execute(insert(RecoveryCode), rows)
    return codes


def use(user: User, code: str) -> bool:
    """Whether it is an unused code of this person; it is used then, also where two ask at once."""
    mine = (RecoveryCode.user_id == user.id, RecoveryCode.code_hash == digest(_plain(code)))
    unused = (
        update(RecoveryCode)
        .where(*mine, RecoveryCode.used_at.is_(None))
        .values(used_at=clock.now())
    )
    return len(db.session.execute(unused.returning(RecoveryCode.id)).all()) == 1


def left(user: User) -> int:
    """How many are not used yet."""
    unused = (RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def forget(people: Select[int]) -> None:
    """Delete the codes of these people."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id.in_(people)))


def _group() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))


def _plain(code: str) -> str:
    """However it was typed: in capitals, without the hyphens, with a full-width keyboard."""
    return "".join(c for c in unicodedata.normalize("NFKC", code[:100]).lower() if c.isalnum())

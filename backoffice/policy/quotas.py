"""What signed-in people may do so and so often, and what only once at a time; counted for all processes together."""

import secrets
from datetime import timedelta

from backoffice import clock
from backoffice.errors import TooMany
from backoffice.extensions import db, lock
from backoffice.models.usage import Usage
from backoffice.policy.actor import Actor

A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)


def spend(*, actor: Actor, what: str, most: int, within: timedelta, sentence: str) -> None:
    """Count one more, so commit then. Raises TooMany with the sentence where `most` are used up.

    The window begins with the first use. Commands are not limited.
    """
    if (
        actor.user_id is not None
        and counted(user_id=actor.user_id, what=what, within=within) > most
    ):
        raise TooMany(sentence, retry_after=left(user_id=actor.user_id, what=what, within=within))


def counted(*, user_id: int, what: str, within: timedelta) -> int:
    """Count one more, and say how many there are in the window that began with the first."""
    row, now = _row(user_id, what), clock.now()
    if not row.since <= now < row.since + within:
        row.since, row.used = now, 0
    row.used += 1
    db.session.flush()
    return row.used


def left(*, user_id: int, what: str, within: timedelta) -> int:
    """Seconds until the window ends."""
    return max(1, int((_row(user_id, what).since + within - clock.now()).total_seconds()))


def hold(*, user_id: int, what: str, lease: timedelta, sentence: str) -> str:
    """Be the only one for `lease`, or longer with `renew`; the holder's name. Raises TooMany where somebody is."""
    row, now = _row(user_id, what), clock.now()
    if row.holder and row.since <= now < row.since + lease:
        raise TooMany(sentence, retry_after=max(1, int((row.since + lease - now).total_seconds())))
    row.since, row.holder = now, secrets.token_hex(8)
    db.session.flush()
    return row.holder


def renew(*, user_id: int, what: str, holder: str) -> None:
    """Go on being the only one."""
    row = _row(user_id, what)
    if row.holder == holder:
        row.since = clock.now()
        db.session.flush()


def let_go(*, user_id: int, what: str, holder: str) -> None:
    """Be it no longer."""
    row = _row(user_id, what)
    if row.holder == holder:
        row.holder = ""
        db.session.flush()


def _row(user_id: int, what: str) -> Usage:
    """The person's row, ours until the transaction ends."""
    lock(f"usage {what} {user_id}")
    row = db.session.get(Usage, (user_id, what), populate_existing=True)
    if row is None:
        row = Usage(user_id=user_id, what=what, since=clock.now(), used=0, holder="")
        db.session.add(row)
    return row

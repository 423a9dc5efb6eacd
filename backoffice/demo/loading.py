"""The demo's data: a company of people and a year of what they did, lived through in a few seconds."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth import passwords
from backoffice.demo import changes, founding, joining, mail, portraits, protection, runs, visits
from backoffice.demo.agenda import Agenda
from backoffice.demo.company import ACCOUNTS, EVERYONE, Account
from backoffice.demo.office import Office
from backoffice.demo.people import People
from backoffice.extensions import db, in_one_piece, lock
from backoffice.models.user import User
from backoffice.settings import Settings

PEOPLE, DAYS = 2000, 365


def is_empty() -> bool:
    """Whether nobody is there yet. Until the transaction ends, nobody else may load a demo."""
    lock("demo")
    return db.session.scalar(select(User.id).limit(1)) is None


def load(
    *,
    settings: Settings,
    number: int = PEOPLE,
    seed: int = 1,
    progress: Callable[[int], object] = lambda _days: None,
) -> None:
    """Make `number` people and the year that ends now; `progress` is told of the days that went by.

    All in the present transaction: commit it, and an interrupted load has left nothing. The same seed and time
    give the same data but for secrets.
    """
    now = clock.now()
    # The simulated people hash their passwords thousands of times, and nobody will ever know one of them.
    cheap = replace(settings, argon2_memory_kib=8, argon2_time_cost=1)
    random = Random(seed)  # noqa: S311  # names and dates, not secrets
    agenda = Agenda(now - timedelta(days=DAYS), now)
    office = Office(cheap, random, agenda, People(random), number, secrets.token_urlsafe(32))
    erased = max(2, number // 250)
    founding.found(office)
    joining.hire(office, number + erased - len(EVERYONE))
    visits.expect(office)
    changes.plan(office)
    runs.plan(office, erased)
    portraits.plan(office)
    with in_one_piece():
        agenda.run(progress)
    mail.settle(office)
    protection.protect(office)
    _forget_passwords(settings)


def set_password(password: str, settings: Settings) -> None:
    """Let everyone of `accounts()` sign in with this password; who could already is left alone."""
    for user in _users():
        if user.password_state != "usable" or not passwords.matches(user, password, settings):
            passwords.keep(user, password, settings)
    db.session.flush()


def accounts() -> list[Account]:
    """The accounts to sign in with that are there and active, the administrator first."""
    there = {user.email_key for user in _users()}
    return [account for account in ACCOUNTS if account.email in there]


def _users() -> list[User]:
    emails = [account.email for account in ACCOUNTS]
    return list(
        db.session.scalars(select(User).where(User.email_key.in_(emails), User.status == "active"))
    )


def _forget_passwords(settings: Settings) -> None:
    """Whoever guesses a password waits as long for these people as for any other."""
    nobodys = User()
    passwords.keep(nobodys, secrets.token_urlsafe(32), settings)
    db.session.execute(
        update(User)
        .where(User.password_hash.is_not(None))
        .values(password_hash=nobodys.password_hash, updated_at=User.updated_at)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()

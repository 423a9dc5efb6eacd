"""Load the demo's data: a company of people and a simulated year of what they did."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random

from flask_babel import gettext as _
from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth import passwords
from backoffice.demo import (
    changes,
    founding,
    joining,
    mail,
    portraits,
    protection,
    runs,
    sheets,
    visits,
)
from backoffice.demo.agenda import Agenda
from backoffice.demo.clients import loading as clients
from backoffice.demo.company import ACCOUNTS, EVERYONE, Account
from backoffice.demo.office import Office
from backoffice.demo.people import People
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.sheets.shipped_sheets import ShippedSheet
from backoffice.text.numbers import formatted
from backoffice.transactions import in_one_piece, lock

PEOPLE = 2000
CLIENTS = 10  # for each of the people, unless another number is asked for
DAYS = 365


def is_empty() -> bool:
    """Tell whether there are no users yet; until the transaction ends, only this one may load."""
    lock("demo")
    return db.session.scalar(select(User.id).limit(1)) is None


def load(
    *,
    settings: Settings,
    number: int = PEOPLE,
    number_of_clients: int | None = None,
    seed: int = 1,
    sheet: ShippedSheet | None = None,
    progress: Callable[[int], object] = lambda _days: None,
    tell: Callable[[str], object] = lambda _part: None,
) -> None:
    """Make `number` people and the year that ends now, with the groups of a sheet besides others.

    There are ten times as many clients, unless their number is given.

    `progress` is called with the number of days that have passed, and `tell` with a sentence at
    the beginning of each part. All of it happens in the current transaction, which the caller
    commits: an interrupted load leaves nothing behind.
    The same seed and time give the same data except for secrets.
    """
    office = _office(settings, number, seed, tell)
    tell(_("Groups, client tags and the accounts to sign in as"))
    founding.found(office)
    if sheet:
        sheets.plan(office, sheet, {account.group for account in EVERYONE})
    clients.plan(office, number * CLIENTS if number_of_clients is None else number_of_clients)
    _plan_year(office)
    with in_one_piece():
        office.agenda.run(progress)
    tell(_("Mails and second factors"))
    mail.deliver(office)
    protection.protect(office)
    _forget_passwords(settings)


def _plan_year(office: Office) -> None:
    """Plan who comes and goes, and what they do."""
    part = _("A year of %(number)s people", number=formatted(office.size))
    office.agenda.put(office.agenda.begin + joining.SETTLING, partial(office.tell, part))
    erased = max(2, office.size // 250)
    joining.hire(office, office.size + erased - len(EVERYONE))
    visits.plan(office)
    changes.plan(office)
    runs.plan(office, erased)
    portraits.plan(office)


def _office(settings: Settings, number: int, seed: int, tell: Callable[[str], object]) -> Office:
    now = clock.now()
    # The simulated people hash their passwords thousands of times, and nobody ever learns one.
    cheap = replace(settings, argon2_memory_kib=8, argon2_time_cost=1)
    random = Random(seed)  # noqa: S311  # names and dates, not secrets
    return Office(
        settings=cheap,
        random=random,
        agenda=Agenda(now - timedelta(days=DAYS), now),
        people=People(random),
        size=number,
        secret=secrets.token_urlsafe(32),
        tell=tell,
    )


def set_password(password: str, settings: Settings) -> None:
    """Let everyone of `accounts()` sign in with this password.

    Users who can sign in with it already are left alone.
    """
    for user in _users():
        if user.password_state != "usable" or not passwords.matches(user, password, settings):
            passwords.store(user, password, settings)
    db.session.flush()


def accounts() -> list[Account]:
    """Return the accounts to sign in with that exist and are active, the administrator first."""
    emails = {user.email_key for user in _users()}
    return [account for account in _offered() if account.email in emails]


def _offered() -> list[Account]:
    return [*ACCOUNTS, *sheets.accounts()]


def _users() -> list[User]:
    emails = [account.email for account in _offered()]
    users = select(User).where(User.email_key.in_(emails), User.status == "active")
    return list(db.session.scalars(users))


def _forget_passwords(settings: Settings) -> None:
    """Give everyone the hash of an unknown password, made with the real settings.

    Checking a guess takes as long for these people then as for any other.
    """
    nobodys = User()
    passwords.store(nobodys, secrets.token_urlsafe(32), settings)
    db.session.execute(
        update(User)
        .where(User.password_hash.is_not(None))
        .values(password_hash=nobodys.password_hash, updated_at=User.updated_at)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()

"""Simulate sign-ins: people come, mistype their password and sign out; strangers guess."""

from dataclasses import replace
from functools import partial

from sqlalchemy import select

from backoffice import clock
from backoffice.auth import sessions
from backoffice.auth.attempts import Origin
from backoffice.auth.sign_in import sign_in
from backoffice.demo.agenda import office_hours
from backoffice.demo.company import ADMINISTRATOR
from backoffice.demo.office import ABROAD, DEVICES, Member, Office
from backoffice.extensions import db
from backoffice.models.session import Session

VISITS = (0, 0, 0, 1, 1)  # how often people sign in again in the year, equally likely
GUESSED = ("admin@example.com", "root@example.com", "test@example.org", ADMINISTRATOR)


def join(office: Office, member: Member, *, met: bool = False) -> None:
    """Add a member who signs in now and then.

    Unless they were `met`, that is, have signed in already, they do so soon.
    """
    office.members.append(member)
    if not met:
        office.agenda.put(clock.now() + office.minutes(1, 30), partial(visit, office, member))
    for _ in range(office.random.choice(VISITS)):
        moment = office_hours(office.random, clock.now(), office.agenda.end)
        office.agenda.put(moment, partial(visit, office, member))


def visit(office: Office, member: Member, password: str = "", *, leaves: bool = True) -> int | None:
    """Sign in and, if `leaves`, perhaps plan to sign out later.

    Return the session's id, or None if the sign-in failed.
    """
    if not password and office.chance(0.06):
        _attempt(office, member.email, "a wrong guess", member.origin)
    value = _attempt(office, member.email, password or office.secret, member.origin)
    found = sessions.find(value, office.settings) if value else None
    if found is None:
        return None
    session, *_ = found
    session_id = session.id
    if leaves and office.chance(0.75):
        moment = clock.now() + office.minutes(5, 300)
        office.agenda.put(moment, partial(sessions.end, session_id))
    return session_id


def plan(office: Office) -> None:
    """Plan the sign-ins of the last day, and the strangers of the whole year."""
    for _ in range(max(3, office.size // 60)):
        office.agenda.put(office.agenda.end - office.minutes(5, 240), partial(_stay, office))
    for _ in range(office.scaled(6)):
        _plan_stranger(office)


def _plan_stranger(office: Office) -> None:
    """Plan that somebody tries to guess passwords, once every twenty seconds or so."""
    random = office.random
    agenda = office.agenda
    moment = office_hours(random, agenda.begin, agenda.end - office.minutes(9000, 9000))
    stranger = Origin(f"{ABROAD}.{random.randrange(1, 255)}", random.choice(DEVICES))
    for number in range(8):
        email = random.choice(GUESSED)
        guess = partial(_attempt, office, email, f"guess {number}", stranger)
        agenda.put(moment + office.minutes(number / 3, number / 3 + 0.2), guess)


def _stay(office: Office) -> None:
    """Have a member sign in now and be active until the end."""
    if not office.members:
        return
    # None if they were blocked or limited to the office meanwhile.
    session_id = visit(office, office.random.choice(office.members), leaves=False)
    if session_id:
        last_seen = office.agenda.end - office.minutes(0.1, 20)
        office.agenda.put(max(last_seen, clock.now()), partial(_see, session_id))


def _see(session_id: int) -> None:
    session = db.session.scalar(select(Session).where(Session.id == session_id))
    if session:
        session.idle_at += clock.now() - session.last_seen_at
        session.last_seen_at = clock.now()


def _attempt(office: Office, email: str, password: str, origin: Origin) -> str | None:
    """Try to sign in; return the value of the session's cookie, or None."""
    # A browser has the mark of its last sign-in; strangers have none.
    if origin.mark:
        origin = replace(origin, mark=office.marks.get(email, ""))
    result = sign_in(identifier=email, password=password, origin=origin, settings=office.settings)
    if result.mark:
        office.marks[email] = result.mark
    return result.session

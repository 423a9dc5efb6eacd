"""How people sign in, forget their password, sign out or not; and how strangers try."""

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

VISITS = (0, 0, 0, 1, 1)  # how often people sign in again in the year; chance decides for each
GUESSED = ("admin@example.com", "root@example.com", "test@example.org", ADMINISTRATOR)


def join(office: Office, member: Member, *, met: bool = False) -> None:
    """Make somebody one of those who sign in now and then, soon for the first time if they have not yet."""
    office.members.append(member)
    if not met:
        office.agenda.put(clock.now() + office.minutes(1, 30), partial(visit, office, member))
    for _ in range(office.random.choice(VISITS)):
        moment = office_hours(office.random, clock.now(), office.agenda.end)
        office.agenda.put(moment, partial(visit, office, member))


def visit(office: Office, member: Member, password: str = "", *, leaves: bool = True) -> int | None:
    """Sign in, and some time later out again unless it is forgotten; the session's number if they were let in."""
    if not password and office.chance(0.06):
        _try(office, member.email, "a wrong guess", member.origin)
    value = _try(office, member.email, password or office.secret, member.origin)
    found = sessions.find(value, office.settings) if value else None
    if found is None:
        return None
    session = found[0].id
    if leaves and office.chance(0.75):
        office.agenda.put(clock.now() + office.minutes(5, 300), partial(sessions.end, session))
    return session


def expect(office: Office) -> None:
    """Put on the agenda who is signed in at the end, and the strangers who knock in the course of the year."""
    for _ in range(max(3, office.size // 60)):
        office.agenda.put(office.agenda.end - office.minutes(5, 240), partial(_stay, office))
    for _ in range(office.scaled(6)):
        moment = office_hours(
            office.random, office.agenda.begin, office.agenda.end - office.minutes(9000, 9000)
        )
        stranger = Origin(
            f"{ABROAD}.{office.random.randrange(1, 255)}", office.random.choice(DEVICES)
        )
        for number in range(8):
            knock = partial(
                _try, office, office.random.choice(GUESSED), f"guess {number}", stranger
            )
            office.agenda.put(moment + office.minutes(number / 3, number / 3 + 0.2), knock)


def _stay(office: Office) -> None:
    """Somebody signs in today and is there until the end."""
    session = (
        visit(office, office.random.choice(office.members), leaves=False)
        if office.members
        else None
    )
    if session:
        last = office.agenda.end - office.minutes(0.1, 20)
        office.agenda.put(max(last, clock.now()), partial(_is_there, session))


def _is_there(session: int) -> None:
    row = db.session.scalar(select(Session).where(Session.id == session))
    if row:
        row.idle_at += clock.now() - row.last_seen_at
        row.last_seen_at = clock.now()


def _try(office: Office, email: str, password: str, origin: Origin) -> str | None:
    if origin.mark:
        origin = replace(origin, mark=office.marks.get(email, ""))
    done = sign_in(identifier=email, password=password, origin=origin, settings=office.settings)
    if done.mark:
        office.marks[email] = done.mark
    return done.session

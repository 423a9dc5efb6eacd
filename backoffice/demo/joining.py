"""Hire people: most are invited, some get a login for the mobile app, and some never show up."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from backoffice import clock
from backoffice.auth.attempts import Origin
from backoffice.data import records
from backoffice.data.records import Values
from backoffice.demo import visits
from backoffice.demo.agenda import office_hours
from backoffice.demo.company import ADMINISTRATORS, APPOINTING, SHARES, STAFF
from backoffice.demo.office import OFFICES, Member, Office
from backoffice.errors import Expired, RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.people import invitations, users
from backoffice.policy.actor import Actor

SETTLING = timedelta(days=2)  # groups, client tags and accounts come first
# Temporary passwords are valid for 72 hours, so that those of people hired lately still work.
STILL_VALID = timedelta(hours=60)


def hire(office: Office, number: int) -> None:
    """Plan that `number` people come in the course of the year, a few of them in the last days."""
    random = office.random
    begin = office.agenda.begin + SETTLING
    lately = office.agenda.end - STILL_VALID
    late = max(6, number // 50)
    moments = [office_hours(random, begin, lately) for _ in range(number - late)]
    moments += [office.agenda.end - STILL_VALID * random.random() for _ in range(late)]
    for index, moment in enumerate(sorted(moments)):
        office.agenda.put(moment, partial(_come, office, index, moment > lately))


def invite(actor: Actor, values: Values) -> User:
    """Add and return a user who is invited and has not answered yet."""
    user = records.create(actor=actor, model=User, values=values)
    user.status = "invited"
    db.session.flush()
    return user


def send_link(office: Office, user: User, *, answer: timedelta | None) -> None:
    """Send an invitation, and plan that it is accepted after the time `answer`, if given."""
    user_ids = user.alone()
    inviter = user.created_by.name if user.created_by else "Backoffice"
    (issued,) = invitations.send(user_ids, inviter=inviter, settings=office.settings)
    if answer:
        member = Member(user.id, user.email or "", _home(office, user))
        office.agenda.put(clock.now() + answer, partial(_accept, office, member, issued.value))


def _come(office: Office, index: int, lately: bool) -> None:
    """Add or invite one person.

    One of twelve gets a login instead of an invitation. One of eleven never shows up. Of those
    invited `lately`, every second one has not shown up yet.
    """
    group = office.random.choices(list(SHARES), list(SHARES.values()))[0]
    actor = office.actor(*(APPOINTING if group in STAFF else ADMINISTRATORS))
    values = _values(office, group)
    if index % 12 == 7:
        _add_by_login(office, actor, values)
        return
    is_undecided = lately and index % 2
    shows_up = index % 11 != 4 and not is_undecided
    answer = office.minutes(5, 60 * 7.9)
    user = invite(actor, values)
    send_link(office, user, answer=answer if shows_up else None)


def _add_by_login(office: Office, actor: Actor, values: dict[str, Any]) -> None:
    login, _, _ = (values.pop("email") or "").partition("@")
    by_login = {"login_method": "login", "login": login}
    users.create(actor=actor, values=values | by_login, settings=office.settings)


def _values(office: Office, group: str) -> dict[str, Any]:
    """Return what the form about a new person holds."""
    random = office.random
    person = office.people.next()
    mode = random.choices(("all", "only", "except"), (80, 14, 6))[0]
    values = {
        "uuid": person.uuid,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "client_tags_mode": mode,
        "groups": [office.groups[name] for name in _groups(office, group)],
    }
    if mode != "all":
        values["client_tags"] = random.sample(office.tags, random.randint(1, 4))
    if office.chance(0.08):
        whitelists = ([f"{OFFICES}.0/24"], [f"{OFFICES}.0/24", "2001:db8::/32"])
        values["ip_whitelist"] = random.choice(whitelists)
    return values


def _groups(office: Office, group: str) -> list[str]:
    """Return the group's name and, for a few of the staff, that of another group."""
    names = [group] if group else []
    if group in STAFF and office.chance(0.06):
        other = office.random.choice(STAFF)
        if other != group:
            names.append(other)
    return names


def _home(office: Office, user: User) -> Origin:
    """Return where the person signs in from, which their whitelist allows."""
    origin = office.origin()
    if user.ip_whitelist and not origin.ip.startswith((OFFICES, "2001:db8:")):
        ip = f"{OFFICES}.{office.random.randrange(1, 255)}"
        return Origin(ip, origin.device, origin.mark)
    return origin


def _accept(office: Office, member: Member, value: str) -> None:
    # They may be blocked meanwhile, or be limited to the office while they are at home.
    with suppress(Expired, RuleBroken):
        invitations.accept(
            value=value,
            new_password=office.secret,
            about={},
            origin=member.origin,
            settings=office.settings,
        )
        visits.join(office, member)

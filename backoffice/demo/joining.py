"""How people come: most are invited, some work with the mobile app alone, and not all of them show up."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from backoffice import clock
from backoffice.auth.attempts import Origin
from backoffice.data import records
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
STILL_VALID = timedelta(
    hours=60
)  # temporary passwords are valid for 72, so that some of these still are


def hire(office: Office, number: int) -> None:
    """Put on the agenda that `number` people come in the course of the year, a few of them these days."""
    begin, end, random = office.agenda.begin + SETTLING, office.agenda.end, office.random
    late = max(6, number // 50)
    moments = [office_hours(random, begin, end - STILL_VALID) for _ in range(number - late)]
    moments += [end - STILL_VALID * random.random() for _ in range(late)]
    for index, moment in enumerate(sorted(moments)):
        office.agenda.put(moment, partial(_come, office, index, moment > end - STILL_VALID))


def invite(actor: Actor, values: dict[str, Any]) -> User:
    """Add somebody who is invited, and so far has not answered."""
    user = records.create(actor=actor, model=User, values=values)
    user.status = "invited"
    db.session.flush()
    return user


def send_link(office: Office, user: User, *, answer: timedelta | None) -> None:
    """Send the link of an invitation; it is accepted after that time, or never."""
    themselves = select(User.id).where(User.id == user.id)
    inviter = user.created_by.name if user.created_by else "Backoffice"
    (issued,) = invitations.send(themselves, inviter=inviter, settings=office.settings)
    if answer:
        member = Member(user.id, user.email or "", _home(office, user))
        office.agenda.put(clock.now() + answer, partial(_accept, office, member, issued.value))


def _come(office: Office, index: int, lately: bool) -> None:
    """One of twelve is added by login; one in eleven never shows up, and of the latest every second has not yet."""
    group = office.random.choices(list(SHARES), list(SHARES.values()))[0]
    actor = office.actor(*(APPOINTING if group in STAFF else ADMINISTRATORS))
    values, shows_up = _values(office, group), index % 11 != 4 and not (lately and index % 2)
    if index % 12 == 7:
        login = (values.pop("email") or "").partition("@")[0]
        users.create(
            actor=actor,
            values=values | {"login_method": "login", "login": login},
            settings=office.settings,
        )
        return
    answer = office.minutes(5, 60 * 7.9)
    send_link(office, invite(actor, values), answer=answer if shows_up else None)


def _values(office: Office, group: str) -> dict[str, Any]:
    """What the form about a new person holds."""
    person, random = office.people.next(), office.random
    mode = random.choices(("all", "only", "except"), (80, 14, 6))[0]
    values = {
        "uuid": person.uuid, "email": person.email, "first_name": person.first_name,
        "last_name": person.last_name, "phone": person.phone, "client_tags_mode": mode,
        "groups": [office.groups[name] for name in _groups(office, group)],
    }  # fmt: skip
    if mode != "all":
        values["client_tags"] = random.sample(office.tags, random.randint(1, 4))
    if office.chance(0.08):
        values["ip_whitelist"] = random.choice(
            ([f"{OFFICES}.0/24"], [f"{OFFICES}.0/24", "2001:db8::/32"])
        )
    return values


def _groups(office: Office, group: str) -> list[str]:
    """Most have one group; a few of the staff have another besides."""
    more = [office.random.choice(STAFF)] if group in STAFF and office.chance(0.06) else []
    return [name for name in dict.fromkeys((group, *more)) if name]


def _home(office: Office, user: User) -> Origin:
    """Where the person signs in from; nobody is so careless as to be at home where only the office will do."""
    origin = office.origin()
    if user.ip_whitelist and not origin.ip.startswith((OFFICES, "2001:db8:")):
        return Origin(f"{OFFICES}.{office.random.randrange(1, 255)}", origin.device, origin.mark)
    return origin


def _accept(office: Office, member: Member, value: str) -> None:
    with suppress(
        Expired, RuleBroken
    ):  # blocked meanwhile, or limited to the office while they are at home
        invitations.accept(
            value=value,
            new_password=office.secret,
            about={},
            origin=member.origin,
            settings=office.settings,
        )
        visits.join(office, member)

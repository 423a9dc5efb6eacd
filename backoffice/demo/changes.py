"""What is edited one by one in the course of the year: people, client tags, descriptions of groups."""

from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select

from backoffice.data import records
from backoffice.demo.agenda import office_hours
from backoffice.demo.company import ADMINISTRATORS, GROUPS
from backoffice.demo.office import HOMES, OFFICES, Office
from backoffice.extensions import db
from backoffice.models.base import Entity
from backoffice.models.client_tag import COLOURS, ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User

E = TypeVar("E", bound=Entity)


def plan(office: Office) -> None:
    """Put the year's edits on the agenda."""
    begin, end = (
        office.agenda.begin + 0.1 * (office.agenda.end - office.agenda.begin),
        office.agenda.end,
    )
    for deed in [_edit_person] * max(3, office.size // 12) + [_edit_tag] * 9 + [_edit_group] * 3:
        office.agenda.put(office_hours(office.random, begin, end), partial(deed, office))


def _edit_person(office: Office) -> None:
    """Another number, another family name, other addresses to sign in from, or two of them."""
    wanted = (User.status == "active", User.id.not_in(office.protected))
    ids = db.session.scalars(select(User.id).where(*wanted).order_by(User.id)).all()
    if not ids:
        return
    person, random = office.people.next(), office.random
    possible: dict[str, Any] = {
        "phone": person.phone,
        "last_name": person.last_name,
        "ip_whitelist": random.choice(([], [f"{OFFICES}.0/24", f"{HOMES}.0/24"])),
    }
    names = random.sample(list(possible), random.choice((1, 1, 2)))
    _edit(
        office,
        db.session.get_one(User, random.choice(ids)),
        {name: possible[name] for name in names},
    )


def _edit_tag(office: Office) -> None:
    tag = db.session.get_one(ClientTag, office.random.choice(office.tags))
    _edit(office, tag, {"colour": office.random.choice(COLOURS)})


def _edit_group(office: Office) -> None:
    """A sentence is added to what a group of the company's own is for."""
    row = db.session.get_one(Group, office.groups[office.random.choice(GROUPS).name])
    year = office.agenda.begin.year
    sentence = office.random.choice(
        (f"Reviewed {year}.", "Ask the team lead first.", "See the staff handbook.")
    )
    if sentence not in row.description:
        _edit(office, row, {"description": f"{row.description} {sentence}"})


def _edit(office: Office, row: E, values: dict[str, Any]) -> None:
    records.update(
        actor=office.actor(*ADMINISTRATORS),
        model=type(row),
        row_id=row.id,
        version=row.version,
        values=values,
    )

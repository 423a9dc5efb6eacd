"""Edit single rows in the course of the year: people, client tags, descriptions of groups."""

from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select

from backoffice.data import records
from backoffice.data.records import Values
from backoffice.demo.agenda import office_hours
from backoffice.demo.company import ADMINISTRATORS, GROUPS
from backoffice.demo.office import HOMES, OFFICES, Office
from backoffice.extensions import db
from backoffice.models.base import Entity
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.kinds.choices import COLOURS
from backoffice.models.user import User

E = TypeVar("E", bound=Entity)


def plan(office: Office) -> None:
    """Put the year's edits on the agenda."""
    agenda = office.agenda
    # Edits begin when there is somebody to edit.
    first = agenda.begin + 0.1 * (agenda.end - agenda.begin)
    people = max(3, office.size // 12)
    deeds = [_edit_person] * people + [_edit_tag] * 9 + [_edit_group] * 3
    for deed in deeds:
        moment = office_hours(office.random, first, agenda.end)
        agenda.put(moment, partial(deed, office))


def _edit_person(office: Office) -> None:
    """Change one or two of: the phone, the family name, the addresses to sign in from."""
    is_editable = (User.status == "active", User.id.not_in(office.protected))
    ids = db.session.scalars(select(User.id).where(*is_editable).order_by(User.id)).all()
    if not ids:
        return
    random = office.random
    person = office.people.next()
    possible: dict[str, Any] = {
        "phone": person.phone,
        "last_name": person.last_name,
        "ip_whitelist": random.choice(([], [f"{OFFICES}.0/24", f"{HOMES}.0/24"])),
    }
    names = random.sample(list(possible), random.choice((1, 1, 2)))
    user = db.session.get_one(User, random.choice(ids))
    _edit(office, user, {name: possible[name] for name in names})


def _edit_tag(office: Office) -> None:
    tag = db.session.get_one(ClientTag, office.random.choice(office.tags))
    _edit(office, tag, {"colour": office.random.choice(COLOURS)})


def _edit_group(office: Office) -> None:
    """Add a sentence to the description of one of the company's own groups."""
    group = office.random.choice(GROUPS)
    row = db.session.get_one(Group, office.groups[group.name])
    year = office.agenda.begin.year
    sentences = (f"Reviewed {year}.", "Ask the team lead first.", "See the staff handbook.")
    sentence = office.random.choice(sentences)
    if sentence not in row.description:
        _edit(office, row, {"description": f"{row.description} {sentence}"})


def _edit(office: Office, row: E, values: Values) -> None:
    """Update the row in the name of one of the administrators."""
    records.update(
        actor=office.actor(*ADMINISTRATORS),
        model=type(row),
        row_id=row.id,
        version=row.version,
        values=values,
    )

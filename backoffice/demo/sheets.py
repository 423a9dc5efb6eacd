"""Give the demo the groups of a shipped sheet, with an account to sign in as for each."""

import json
from functools import partial

from sqlalchemy import select

from backoffice.demo import joining
from backoffice.demo.company import ADMINISTRATOR, Account
from backoffice.demo.office import Office
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.sheets import imports
from backoffice.sheets.shipped_sheets import SHEETS, ShippedSheet


def plan(office: Office, sheet: ShippedSheet, names: set[str]) -> None:
    """Plan the import, and accounts for the groups that are not in `names`, which have one."""
    moment = office.agenda.begin + office.minutes(300, 400)
    office.agenda.put(moment, partial(_import, office, sheet))
    for account in accounts_of(sheet):
        if account.group not in names:
            moment += office.minutes(5, 15)
            office.people.reserve(account.email)
            office.agenda.put(moment, partial(_add_account, office, account))


def accounts() -> list[Account]:
    """Return the accounts that any shipped sheet may bring."""
    found = {account.email: account for sheet in SHEETS for account in accounts_of(sheet)}
    return list(found.values())


def accounts_of(sheet: ShippedSheet) -> list[Account]:
    """Return an account for each group of the sheet, called like its key."""
    return [
        Account(f"{group['key'].replace('_', '-')}@example.com", "", "", group["name"])
        for group in json.loads(sheet.read())["groups"]
    ]


def _import(office: Office, sheet: ShippedSheet) -> None:
    imports.import_at_once(
        actor=office.actor(ADMINISTRATOR),
        data=sheet.read(),
        source=f"{sheet.name}.json",
        mode="merge",
    )
    office.groups |= dict(db.session.execute(select(Group.name, Group.id)).all())


def _add_account(office: Office, account: Account) -> None:
    person = office.people.next()
    values = {
        "uuid": person.uuid,
        "email": account.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "groups": [office.groups[account.group]],
    }
    user = joining.invite(office.actor(ADMINISTRATOR), values)
    office.protected.append(user.id)
    joining.send_link(office, user, answer=office.minutes(2, 60))

"""The first days of the demo's company: groups, client tags, and the accounts that one can sign in as."""

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy import permissions
from backoffice.policy.actor import system
from backoffice.services import accounts, records
from backoffice.services.demo import joining
from backoffice.services.demo.company import (
    ACCOUNTS,
    ADMINISTRATOR,
    CLIENT_TAGS,
    EVERYONE,
    GROUPS,
    SPARE_TAG,
    Account,
    CompanyGroup,
)
from backoffice.services.demo.office import Office


def found(office: Office) -> None:
    """Put the founding on the agenda: the administrator first, for everything else is done by her."""
    office.agenda.put(office.agenda.begin, lambda: _begin(office))


def _begin(office: Office) -> None:
    for account in EVERYONE:
        office.people.reserve(account.email)
    first = ACCOUNTS[0]
    user = accounts.create_administrator(
        actor=system(), email=first.email, first_name=first.first_name, last_name=first.last_name
    )
    joining.accept(office, user.id, accounts.invitation_link(user=user, settings=office.settings))
    office.groups = dict(db.session.execute(select(Group.name, Group.id)).tuples().all())
    moment = office.agenda.begin + office.minutes(20, 40)
    for group in GROUPS:
        office.agenda.put(moment, lambda group=group: _add_group(office, group))  # type: ignore[misc]  # bound now
        moment += office.minutes(5, 15)
    for name, colour in (*CLIENT_TAGS, SPARE_TAG):
        office.agenda.put(moment, lambda name=name, colour=colour: _add_tag(office, name, colour))  # type: ignore[misc]  # bound now
        moment += office.minutes(1, 3)
    for account in EVERYONE[1:]:
        office.agenda.put(moment, lambda account=account: _add_account(office, account))  # type: ignore[misc]  # bound now
        moment += office.minutes(5, 15)


def _add_group(office: Office, group: CompanyGroup) -> None:
    held = sorted(p.code for p in permissions.catalogue().values() if group.holds(p))
    values = {"name": group.name, "description": group.description, "permissions": held}
    grants = {"grants": [office.groups[name] for name in group.grants]}
    row = records.create(actor=office.actor(ADMINISTRATOR), model=Group, values=values | grants)
    office.groups[row.name] = row.id


def _add_tag(office: Office, name: str, colour: str) -> None:
    values = {"name": name, "colour": colour}
    office.tags.append(records.create(actor=office.actor(ADMINISTRATOR), model=ClientTag, values=values).id)


def _add_account(office: Office, account: Account) -> None:
    values = {
        "email": account.email, "first_name": account.first_name, "last_name": account.last_name,
        "groups": [office.groups[account.group]],
    }  # fmt: skip
    user = joining.invite(office, office.actor(ADMINISTRATOR), values)
    office.protected.append(user)


def named(office: Office) -> list[User]:
    """The rows of the accounts by which one signs in."""
    emails = [account.email for account in ACCOUNTS]
    return list(db.session.scalars(select(User).where(User.email_key.in_(emails))))

"""Found the demo's company: its groups, its client tags, and the accounts to sign in as."""

from functools import partial

from sqlalchemy import select

from backoffice.data import records
from backoffice.demo import joining
from backoffice.demo.company import (
    ACCOUNTS,
    ADMINISTRATOR,
    CLIENT_TAGS,
    EVERYONE,
    GROUPS,
    SPARE_TAG,
    Account,
    CompanyGroup,
)
from backoffice.demo.office import Office
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.people import administrators
from backoffice.policy import permissions
from backoffice.policy.actor import system


def found(office: Office) -> None:
    """Plan the founding: the first administrator comes first, because she does the rest."""
    office.agenda.put(office.agenda.begin, partial(_begin, office))


def _begin(office: Office) -> None:
    # Nobody who is invented later may get the address of an account.
    for account in EVERYONE:
        office.people.reserve(account.email)
    _add_first_administrator(office)
    office.groups = dict(db.session.execute(select(Group.name, Group.id)).all())
    _plan_everything_else(office)


def _add_first_administrator(office: Office) -> None:
    first = ACCOUNTS[0]
    user = administrators.create(
        actor=system(),
        email=first.email,
        first_name=first.first_name,
        last_name=first.last_name,
    )
    user.uuid = office.people.uuid()
    office.protected.append(user.id)
    joining.send_link(office, user, answer=office.minutes(3, 5))


def _plan_everything_else(office: Office) -> None:
    """Plan groups, client tags and accounts, one after the other."""
    moment = office.agenda.begin + office.minutes(20, 40)
    for group in GROUPS:
        office.agenda.put(moment, partial(_add_group, office, group))
        moment += office.minutes(5, 15)
    for name, colour in (*CLIENT_TAGS, SPARE_TAG):
        office.agenda.put(moment, partial(_add_tag, office, name, colour))
        moment += office.minutes(1, 3)
    for account in EVERYONE[1:]:
        office.agenda.put(moment, partial(_add_account, office, account))
        moment += office.minutes(5, 15)


def _add_group(office: Office, group: CompanyGroup) -> None:
    catalogue = permissions.catalogue().values()
    values = {
        "name": group.name,
        "description": group.description,
        "permissions": sorted(each.code for each in catalogue if group.holds(each)),
        "grants": [office.groups[name] for name in group.grants],
    }
    row = records.create(actor=office.actor(ADMINISTRATOR), model=Group, values=values)
    office.groups[row.name] = row.id


def _add_tag(office: Office, name: str, colour: str) -> None:
    values = {"name": name, "colour": colour}
    row = records.create(actor=office.actor(ADMINISTRATOR), model=ClientTag, values=values)
    office.tags.append(row.id)


def _add_account(office: Office, account: Account) -> None:
    values = {
        "uuid": office.people.uuid(),
        "email": account.email,
        "first_name": account.first_name,
        "last_name": account.last_name,
        "groups": [office.groups[account.group]],
        **_limits(account),
    }
    user = joining.invite(office.actor(ADMINISTRATOR), values)
    office.protected.append(user.id)
    joining.send_link(office, user, answer=office.minutes(2, 60))


def _limits(account: Account) -> dict[str, object]:
    """Return which clients the account sees, and how much of them."""
    limits: dict[str, object] = {"mask_data": account.mask_data}
    if account.only_tags:
        tags = select(ClientTag.id).where(ClientTag.name.in_(account.only_tags))
        limits["client_tags_mode"] = "only"
        limits["client_tags"] = list(db.session.scalars(tags))
    if account.all_countries_but:
        limits["countries_mode"] = "except"
        limits["countries"] = list(account.all_countries_but)
    return limits

"""The groups of a new installation: their names, what they allow, and whom they appoint."""

from dataclasses import dataclass

import pytest

from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.backoffice.policy.test_permissions import MEANINGS
from tests.support.acting import group
from tests.support.html import read

ALL = frozenset(MEANINGS)
VIEWS = frozenset(code for code in ALL if code.endswith(".view"))
OF_PEOPLE = frozenset(
    code
    for code in ALL
    if code.startswith(
        (
            "users.",
            "groups.",
            "direct_grants.",
            "access_reviews.",
            "invitations.",
            "sessions.",
            "sign_in_attempts.",
            "nodes.",
        )
    )
)
DECIDING = {
    *("groups.create", "groups.edit", "groups.delete", "groups.import"),
    *("nodes.create", "nodes.edit", "nodes.delete", "nodes.block", "nodes.export"),
}
LOOKS = frozenset(("users.view", "groups.view", "client_tags.view"))
STAFF = ("dispatcher", "agent_group_manager", "employee")


@dataclass(frozen=True)
class Expected:
    name: str
    description: str
    permissions: frozenset[str]
    appoints: tuple[str, ...] = ()
    everything: bool = False


EXPECTED = {
    "administrators": Expected(
        "Administrators",
        "May do everything; cannot be changed or deleted.",
        frozenset(),
        everything=True,
    ),
    "managers": Expected(
        "Managers",
        "Everything but managing people and groups, which they see.",
        (ALL - OF_PEOPLE) | VIEWS,
    ),
    "main_administrator": Expected(
        "Main administrator",
        "Runs the company: people, groups and clients; appoints company administrators.",
        ALL,
        ("company_administrator", *STAFF),
    ),
    "company_administrator": Expected(
        "Company administrator",
        "Runs the staff: appoints dispatchers, agent group managers and employees.",
        ALL - DECIDING,
        STAFF,
    ),
    "dispatcher": Expected("Dispatcher", "Looks at people, groups and client tags.", LOOKS),
    "agent_group_manager": Expected(
        "Agent group manager", "Looks at people, groups and client tags.", LOOKS
    ),
    "employee": Expected("Employee", "Signs in and keeps an own profile.", frozenset()),
    "viewers": Expected("Viewers", "Sees everything, changes nothing.", VIEWS),
}


def kept(found: Group) -> Expected:
    appoints = sorted((each.key or "" for each in found.grants), key=list(EXPECTED).index)
    return Expected(
        found.name,
        found.description,
        frozenset(found.permissions),
        tuple(appoints),
        found.all_permissions,
    )


@pytest.mark.parametrize("key", EXPECTED)
def test_a_new_installation_has_this_group(cast: Cast, key: str) -> None:
    assert kept(group(key)) == EXPECTED[key]


def test_the_list_of_groups_shows_these_and_no_others(client: Client, cast: Cast) -> None:
    page = read(client.sign_in("olivia").get("/admin/groups/"))
    names = {each.name for each in EXPECTED.values()}
    rows = page.one("tbody").all("tr")
    assert {name for name in names if any(name in row.text for row in rows)} == names
    assert len(rows) == len(names)

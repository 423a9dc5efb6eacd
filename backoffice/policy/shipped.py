"""The groups that a new installation has."""

from collections.abc import Callable
from dataclasses import dataclass

from backoffice.models.group import ADMINISTRATORS
from backoffice.policy.permissions import Permission, catalogue


@dataclass(frozen=True)
class Shipped:
    """A group that a new installation has.

    Attributes:
        key: identifies the group.
        name: its name.
        description: what its members may do, in words for people.
        holds: returns whether the group has a permission of the catalogue.
        grants: the keys of the groups that members can assign.
    """

    key: str
    name: str
    description: str
    holds: Callable[[Permission], bool]
    grants: tuple[str, ...] = ()

    def permissions(self) -> list[str]:
        held = (permission for permission in catalogue().values() if self.holds(permission))
        return sorted(permission.code for permission in held)


PEOPLE = (
    "users",
    "groups",
    "direct_grants",
    "access_reviews",
    "invitations",
    "sessions",
    "sign_in_attempts",
    "nodes",
)
WORK = (
    "access_review_items",
    "client_tags",
    "messages",
    "bulk",
    "bulk_runs",
    "events",
    "saved_views",
)
CLIENTS = (
    "clients",
    "companies",
    "wallets",
    "wallet_members",
    "kyc_cases",
    "client_sign_ins",
    "client_tokens",
)


def _everything(_permission: Permission) -> bool:
    return True


def _nothing(_permission: Permission) -> bool:
    return False


def _view_only(permission: Permission) -> bool:
    return permission.code.endswith(".view")


def _all_but_people(permission: Permission) -> bool:
    return permission.area not in PEOPLE or _view_only(permission)


def _views_people(permission: Permission) -> bool:
    return permission.code in ("users.view", "groups.view", "client_tags.view")


def _runs_company(permission: Permission) -> bool:
    return permission.area in (*PEOPLE, *CLIENTS, *WORK)


def _runs_staff(permission: Permission) -> bool:
    decides = permission.area in ("groups", "nodes") and not _view_only(permission)
    return _runs_company(permission) and (not decides or permission.code == "groups.export")


SHIPPED = (
    Shipped(
        ADMINISTRATORS,
        "Administrators",
        "May do everything; cannot be changed or deleted.",
        _everything,
    ),
    Shipped(
        "managers",
        "Managers",
        "Everything but managing people and groups, which they see.",
        _all_but_people,
    ),
    Shipped(
        "main_administrator",
        "Main administrator",
        "Runs the company: people, groups and clients; appoints company administrators.",
        _runs_company,
        ("company_administrator", "dispatcher", "agent_group_manager", "employee"),
    ),
    Shipped(
        "company_administrator",
        "Company administrator",
        "Runs the staff: appoints dispatchers, agent group managers and employees.",
        _runs_staff,
        ("dispatcher", "agent_group_manager", "employee"),
    ),
    Shipped("dispatcher", "Dispatcher", "Looks at people, groups and client tags.", _views_people),
    Shipped(
        "agent_group_manager",
        "Agent group manager",
        "Looks at people, groups and client tags.",
        _views_people,
    ),
    Shipped("employee", "Employee", "Signs in and keeps an own profile.", _nothing),
    Shipped("viewers", "Viewers", "Sees everything, changes nothing.", _view_only),
)

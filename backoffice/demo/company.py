"""The company of the demo: accounts, groups, client tags, and reasons for blocks and the like."""

from collections.abc import Callable
from dataclasses import dataclass

from backoffice.policy.permissions import Permission


@dataclass(frozen=True)
class Account:
    """A person to sign in as.

    Attributes:
        group: the name of the group that they have been given.
        only_tags: the client tags whose clients they see; all clients if there are none.
        all_countries_but: the countries whose clients they do not see.
        mask_data: whether they see clients' names, addresses and phones masked.
    """

    email: str
    first_name: str
    last_name: str
    group: str
    only_tags: tuple[str, ...] = ()
    all_countries_but: tuple[str, ...] = ()
    mask_data: bool = False


@dataclass(frozen=True)
class CompanyGroup:
    """A group that the company made itself.

    `holds` says which permissions it has. `grants` names the groups that its members can assign.
    """

    name: str
    description: str
    holds: Callable[[Permission], bool]
    grants: tuple[str, ...] = ()


ADMINISTRATOR = "olivia@example.com"
ACCOUNTS = (
    Account(ADMINISTRATOR, "Olivia", "Ferrant", "Administrators"),
    Account("max@example.com", "Max", "Oyelaran", "Managers", all_countries_but=("CA", "US")),
    Account("mira@example.com", "Mira", "Sandoval", "Main administrator"),
    Account("carlos@example.com", "Carlos", "Ibarra", "Company administrator"),
    Account("dina@example.com", "Dina", "Rasmussen", "Dispatcher"),
    Account("agnes@example.com", "Ágnes", "Kertész", "Agent group manager"),
    Account("emil@example.com", "Emil", "Sandberg", "Employee"),
    Account("vera@example.com", "Vera", "Lindgren", "Viewers"),
    Account("chloe@example.com", "Chloé", "Marchand", "Compliance"),
    Account(
        "samir@example.com", "Samir", "Belkacem", "Support", only_tags=("Card payments", "VIP")
    ),
    Account("fiona@example.com", "Fiona", "Achterberg", "Finance read only", mask_data=True),
    Account("aiko@example.com", "Aiko", "Morinaga", "Auditors"),
)
# With two more administrators, the rule that the last one stays is not in the way of visitors.
OTHER_ADMINISTRATORS = (
    Account("theodora@example.com", "Theodora", "Vlahos", "Administrators"),
    Account("kwabena@example.com", "Kwabena", "Asante", "Administrators"),
)
EVERYONE = (*ACCOUNTS, *OTHER_ADMINISTRATORS)
ADMINISTRATORS = (ADMINISTRATOR, *(account.email for account in OTHER_ADMINISTRATORS))
KYC_DECIDERS = (*ADMINISTRATORS, "chloe@example.com")
# The accounts that may add staff.
APPOINTING = (*ADMINISTRATORS, "mira@example.com", "carlos@example.com")


def _any_of(*codes: str) -> Callable[[Permission], bool]:
    return lambda permission: permission.code in codes


def _looks_or_exports(permission: Permission) -> bool:
    return permission.code.endswith((".view", ".export"))


LOOKS = ("users.view", "groups.view", "client_tags.view")
LOOKS_AT_CLIENTS = (
    "clients.view",
    "companies.view",
    "wallets.view",
    "wallet_members.view",
    "kyc_cases.view",
    "client_sign_ins.view",
    "client_tokens.view",
)
STAFF = ("Dispatcher", "Agent group manager", "Employee")
GROUPS = (
    CompanyGroup(
        "Compliance",
        "Blocks staff, ends their sessions, decides KYC and reads the events log.",
        _any_of(
            *LOOKS,
            *LOOKS_AT_CLIENTS,
            "users.block",
            "users.end_sessions",
            "users.export",
            "kyc_cases.decide",
            "events.view",
            "events.export",
            "bulk.run",
            "bulk.undo",
            "bulk_runs.view",
        ),
        STAFF,
    ),
    CompanyGroup(
        "Support",
        "Helps people to get in again: sees them and clients, ends the sessions of employees.",
        _any_of(*LOOKS, *LOOKS_AT_CLIENTS, "users.end_sessions", "bulk.run"),
        ("Employee",),
    ),
    CompanyGroup(
        "Finance read only",
        "Sees people, client tags, and clients with their wallets; downloads the tags; "
        "reveals single clients to those for whom they are masked.",
        _any_of(
            "users.view",
            "client_tags.view",
            "client_tags.export",
            "clients.reveal",
            *LOOKS_AT_CLIENTS,
        ),
    ),
    CompanyGroup(
        "Auditors",
        "Sees and downloads everything, the events log included; changes nothing.",
        _looks_or_exports,
    ),
)

CLIENT_TAGS = (
    ("VIP", "purple"), ("Enterprise", "blue"), ("Small business", "teal"), ("Partner", "green"),
    ("Reseller", "green"), ("Public sector", "grey"), ("Non-profit", "grey"), ("Trial", "yellow"),
    ("Pilot", "yellow"), ("Dormant", "grey"), ("High risk", "red"), ("Overdue", "orange"),
    ("KYC pending", "orange"), ("KYC refused", "red"), ("Card payments", "blue"),
    ("Bank transfer", "blue"), ("Cash only", "pink"), ("Logistics", "teal"), ("Retail", "teal"),
    ("Hospitality", "teal"),
    ("DACH", "purple"), ("Nordics", "purple"), ("Iberia", "purple"), ("Balkans", "purple"),
    ("North Africa", "pink"), ("East Africa", "pink"), ("South Asia", "pink"),
    ("East Asia", "pink"), ("Latin America", "pink"), ("Oceania", "pink"),
)  # fmt: skip
SPARE_TAG = ("Old import", "grey")  # deleted in the course of the year

# How many of a hundred people get a group; "" stands for no group.
SHARES = {
    "Employee": 58,
    "Dispatcher": 9,
    "Agent group manager": 6,
    "Support": 8,
    "Viewers": 5,
    "Managers": 3,
    "Finance read only": 4,
    "Compliance": 2,
    "Auditors": 1,
    "Company administrator": 1,
    "": 3,
}

BLOCK_REASONS = (
    "Laptop reported stolen",
    "Left the project, access under review",
    "Repeated failed sign-ins from abroad",
    "Contract on hold",
    "Parental leave until further notice",
    "Shared the password with a colleague",
    "Asked for by Compliance",
    "Has not signed in for half a year",
    "Security training overdue",
)
UNBLOCK_REASONS = (
    "Back from leave",
    "Training done",
    "Checked with the team lead",
    "New laptop handed over",
    "",
)
REVOKE_REASONS = (
    "Left the company",
    "Contract ended",
    "Agency changed",
    "Asked to be removed",
    "Account was a duplicate",
)
DELETE_REASONS = ("Asked for erasure under the GDPR", "Retention period is over")

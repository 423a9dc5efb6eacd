"""The permissions, with their codes (`area.verb`) and a line about the meaning of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from backoffice.models.base import Record, records


@dataclass(frozen=True, order=True)
class Permission:
    """One thing that a group may allow.

    Attributes:
        code: `area.verb`.
        meaning: what it allows, in words for people.
        danger: whether people should think twice before they give it.
        grants: whether holders decide who gets in, who is in which group, what a group allows or
            what others see. A group with such a permission is strong: changing its members requires
            a recent confirmation of one's identity.
    """

    code: str
    meaning: str
    danger: bool = False
    grants: bool = False

    @property
    def area(self) -> str:
        return self.code.partition(".")[0]


VERBS = {
    "view": "See the list of {plural} and their details",
    "create": "Add {plural}",
    "edit": "Change {plural}",
    "delete": "Delete {plural} for good",
    "export": "Download {plural} as a file",
}
READ_ONLY = {
    "events": ("view", "export"),
    "bulk_runs": ("view", "export"),
    "messages": ("view", "export"),
    "sessions": ("view",),
    "sign_in_attempts": ("view", "export"),
}
DANGEROUS_VERBS = ("delete",)
GRANTING_VERBS = ("create", "edit")  # for rows that decide who may do what

STANDING = (
    Permission("users.block", "Block and unblock people"),
    Permission(
        "users.revoke",
        "Revoke people's access and their groups, and grant it again",
        danger=True,
        grants=True,
    ),
    Permission("users.end_sessions", "End people's sessions"),
    Permission(
        "users.assign_groups", "Add people to groups and remove them", danger=True, grants=True
    ),
    Permission("users.assign_scope", "Decide which client tags people may see", grants=True),
    Permission("users.edit_ip", "Limit people to internet addresses", danger=True, grants=True),
    Permission("bulk.run", "Act on several rows at once"),
    Permission("bulk.run_all_matching", "Act on every row that matches a filter", danger=True),
    Permission("bulk.undo", "Undo what was done to several rows"),
)

_added: dict[str, Permission] = {}


def add(code: str, meaning: str, *, danger: bool = False, grants: bool = False) -> None:
    """Register a permission; actions do so for permissions of their own."""
    _added.setdefault(code, Permission(code, meaning, danger, grants))


def catalogue() -> dict[str, Permission]:
    """Return all permissions, by code and ordered by it.

    These are the standing ones, up to five for each screen, and those that actions have added.
    """
    built_in = {permission.code: permission for permission in (*_of_screens(), *STANDING)}
    permissions = _added | built_in
    return dict(sorted(permissions.items()))


def unknown(codes: Iterable[str]) -> list[str]:
    """Return those of `codes` that are not the code of any permission."""
    return sorted(set(codes) - catalogue().keys())


def _of_screens() -> Iterable[Permission]:
    for model in records():
        for verb in verbs_of(model):
            yield Permission(
                code=f"{area_of(model)}.{verb}",
                meaning=VERBS[verb].format(plural=model.__plural__),
                danger=verb in DANGEROUS_VERBS,
                grants=model.__grants__ and verb in GRANTING_VERBS,
            )


def verbs_of(model: type[Record]) -> Collection[str]:
    """Return the verbs of the permissions for `model`."""
    return READ_ONLY.get(area_of(model), VERBS)


def area_of(model: type[Record]) -> str:
    """Return the area of the permissions for `model`: the name of its table."""
    return str(model.__tablename__)

"""The permission codes, `area.verb`, each with one line that says what it means."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from backoffice.models.base import Record, records


@dataclass(frozen=True, order=True)
class Permission:
    """One thing that a group may allow. `danger` marks those worth a second thought.

    `grants` says that holders decide who gets in, who is in which group, what a group allows or how far people see:
    a group that allows one such thing is strong, and who is in it is decided only by who shows that it is them.
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
GRANTING_VERBS = ("create", "edit")  # of rows that decide who may do what

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
    """Make a code known: actions do so for those that are theirs alone."""
    _added.setdefault(code, Permission(code, meaning, danger, grants))


def catalogue() -> dict[str, Permission]:
    """Every permission there is, by code: the standing ones, five per screen, one per own action."""
    found = {p.code: p for p in (*_of_screens(), *STANDING)}
    return dict(
        sorted(({code: p for code, p in _added.items() if code not in found} | found).items())
    )


def unknown(codes: Iterable[str]) -> list[str]:
    """Those of `codes` that no permission has."""
    return sorted(set(codes) - catalogue().keys())


def _of_screens() -> Iterable[Permission]:
    for model in records():
        for verb in verbs_of(model):
            meaning = VERBS[verb].format(plural=model.__plural__)
            yield Permission(
                f"{area_of(model)}.{verb}",
                meaning,
                danger=verb in DANGEROUS_VERBS,
                grants=model.__grants__ and verb in GRANTING_VERBS,
            )


def verbs_of(model: type[Record]) -> Collection[str]:
    """The second halves of the codes that every screen about `model` has."""
    return READ_ONLY.get(area_of(model), VERBS)


def area_of(model: type[Record]) -> str:
    """The first half of the codes about `model`: its table's name."""
    return str(model.__tablename__)

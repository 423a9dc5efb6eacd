"""The permissions, with their codes (`area.verb`) and a line about the meaning of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l

from backoffice.models.base import Record, records
from backoffice.text import noted


@dataclass(frozen=True, order=True)
class Permission:
    """One thing that a group may allow.

    Attributes:
        code: `area.verb`.
        words: what it allows, in words for people; a lazy text is translated by `meaning`.
        danger: whether people should think twice before they give it.
        grants: whether holders decide who gets in, who is in which group, what a group allows or
            what others see. A group with such a permission is strong: changing its members requires
            a recent confirmation of one's identity.
    """

    code: str
    words: str = field(compare=False)
    danger: bool = False
    grants: bool = False

    @property
    def meaning(self) -> str:
        """What it allows, in the language of the reader."""
        return str(self.words)

    @property
    def area(self) -> str:
        return self.code.partition(".")[0]


VERBS = {
    "view": noted("See the list of %(plural)s and their details"),
    "create": noted("Add %(plural)s"),
    "edit": noted("Change %(plural)s"),
    "delete": noted("Delete %(plural)s for good"),
    "export": noted("Download %(plural)s as a file"),
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
    Permission("users.block", _l("Block and unblock people")),
    Permission(
        "users.revoke",
        _l("Revoke people's access and their groups, and grant it again"),
        danger=True,
        grants=True,
    ),
    Permission("users.end_sessions", _l("End people's sessions")),
    Permission(
        "users.assign_groups", _l("Add people to groups and remove them"), danger=True, grants=True
    ),
    Permission("users.assign_scope", _l("Decide which client tags people may see"), grants=True),
    Permission("users.edit_ip", _l("Limit people to internet addresses"), danger=True, grants=True),
    Permission("bulk.run", _l("Act on several rows at once")),
    Permission("bulk.run_all_matching", _l("Act on every row that matches a filter"), danger=True),
    Permission("bulk.undo", _l("Undo what was done to several rows")),
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
                words=_l(VERBS[verb], plural=_l(model.__plural__)),
                danger=verb in DANGEROUS_VERBS,
                grants=model.__grants__ and verb in GRANTING_VERBS,
            )


def verbs_of(model: type[Record]) -> Collection[str]:
    """Return the verbs of the permissions for `model`."""
    return READ_ONLY.get(area_of(model), VERBS)


def area_of(model: type[Record]) -> str:
    """Return the area of the permissions for `model`: the name of its table."""
    return str(model.__tablename__)

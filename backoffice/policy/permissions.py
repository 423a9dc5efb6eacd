"""The permissions, with their codes (`area.verb`) and a line about the meaning of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l

from backoffice.models.base import Record, records
from backoffice.text import N_


@dataclass(frozen=True, order=True)
class Permission:
    """One thing that a group may allow.

    Attributes:
        code: `area.verb`.
        meaning: what it allows, in words for people; it may be a lazy text.
        danger: whether people should think twice before they give it.
        is_strong: whether holders decide who gets in, who is in which group, what a group allows
            or what others see. A group with such a permission is strong as well: changing its
            members requires a recent confirmation of one's identity.
    """

    code: str
    meaning: str = field(compare=False)
    danger: bool = False
    is_strong: bool = False

    @property
    def area(self) -> str:
        return self.code.partition(".")[0]


VERBS = {
    "view": N_("See the list of %(plural)s and their details"),
    "create": N_("Add %(plural)s"),
    "edit": N_("Change %(plural)s"),
    "delete": N_("Delete %(plural)s for good"),
    "export": N_("Download %(plural)s as a file"),
}
DANGEROUS_VERBS = ("delete",)
STRONG_VERBS = ("create", "edit")  # for rows that decide who may do what

BUILT_IN = (
    Permission("users.block", _l("Block and unblock people")),
    Permission(
        "users.revoke",
        _l("Revoke people's access and their groups, and grant it again"),
        danger=True,
        is_strong=True,
    ),
    Permission("users.end_sessions", _l("End people's sessions")),
    Permission(
        "users.assign_groups",
        _l("Add people to groups and remove them"),
        danger=True,
        is_strong=True,
    ),
    Permission(
        "users.assign_permissions",
        _l("Give people extra permissions and take them away"),
        danger=True,
        is_strong=True,
    ),
    Permission("users.assign_scope", _l("Decide which clients people see"), is_strong=True),
    Permission(
        "users.assign_nodes",
        _l("Decide which part of the organisation people belong to and reach"),
        danger=True,
        is_strong=True,
    ),
    Permission(
        "users.mask", _l("Decide whether people see clients' personal data"), is_strong=True
    ),
    Permission(
        "users.edit_ip", _l("Limit people to internet addresses"), danger=True, is_strong=True
    ),
    Permission(
        "users.view_as",
        _l("View the pages as another person gets them, read only"),
        danger=True,
        is_strong=True,
    ),
    Permission(
        "groups.import",
        _l("Import groups from a file"),
        danger=True,
        is_strong=True,
    ),
    Permission(
        "clients.find_exact",
        _l("Find clients by a whole e-mail address or phone number, though masked"),
    ),
    Permission("events.check", _l("Have the events log checked for changes")),
    Permission("events.comment", _l("Comment on events")),
    Permission("saved_views.share", _l("Share saved views of lists with their groups")),
    Permission("bulk.run", _l("Act on several rows at once")),
    Permission("bulk.run_all_matching", _l("Act on every row that matches a filter"), danger=True),
    Permission("bulk.undo", _l("Undo what was done to several rows")),
)

_added: dict[str, Permission] = {}


def add(code: str, meaning: str, *, danger: bool = False, is_strong: bool = False) -> None:
    """Register a permission; actions do so for permissions of their own."""
    _added.setdefault(code, Permission(code, meaning, danger, is_strong))


def catalogue() -> dict[str, Permission]:
    """Return all permissions, by code and ordered by it.

    These are the built-in ones, up to five for each screen, and those that actions have added.
    """
    own = {permission.code: permission for permission in (*_of_models(), *BUILT_IN)}
    permissions = _added | own
    return dict(sorted(permissions.items()))


def meaning(code: str) -> str:
    """Return what a permission allows in words for people, or its code if there is none."""
    permission = catalogue().get(code)
    return str(permission.meaning) if permission else code


def unknown(codes: Iterable[str]) -> list[str]:
    """Return those of `codes` that are not the code of any permission."""
    return sorted(set(codes) - catalogue().keys())


def _of_models() -> Iterable[Permission]:
    for model in records():
        for verb in verbs_of(model):
            yield Permission(
                code=f"{area_of(model)}.{verb}",
                meaning=_l(VERBS[verb], plural=_l(model.__plural__)),
                danger=verb in DANGEROUS_VERBS,
                is_strong=model.__grants__ and verb in STRONG_VERBS,
            )


def verbs_of(model: type[Record]) -> Collection[str]:
    """Return the verbs of the permissions for `model`."""
    return model.__verbs__


def area_of(model: type[Record]) -> str:
    """Return the area of the permissions for `model`: the name of its table."""
    return str(model.__tablename__)

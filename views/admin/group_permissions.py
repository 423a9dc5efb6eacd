"""The permissions by area, as the form and the pages of a group show them."""

from collections.abc import Collection
from dataclasses import dataclass

from backoffice.policy.actor import Actor
from backoffice.policy.permissions import Permission, catalogue
from backoffice.policy.rules import can
from views.web import words

FIRST = ("view", "create", "edit", "delete", "export")  # the others follow by name


@dataclass(frozen=True)
class Offered:
    """A permission; `mine` says that the actor could give it."""

    code: str
    meaning: str
    danger: bool
    mine: bool


@dataclass(frozen=True)
class Area:
    """The permissions of one area.

    Attributes:
        name: what people call it.
        code: its name in codes.
        offered: those permissions that are shown.
        number: how many there are in all.
    """

    name: str
    code: str
    offered: list[Offered]
    number: int


def by_area(actor: Actor, *, only: Collection[str] | None = None) -> list[Area]:
    """Return the permissions by area, or those of `only`."""
    areas: dict[str, list[Permission]] = {}
    for permission in sorted(catalogue().values(), key=_place):
        areas.setdefault(permission.area, []).append(permission)
    shown = [_area(actor, code, each, only) for code, each in areas.items()]
    return [area for area in shown if area.offered]


def _area(
    actor: Actor, code: str, permissions: list[Permission], only: Collection[str] | None
) -> Area:
    offered = [
        offer(actor, permission)
        for permission in permissions
        if only is None or permission.code in only
    ]
    return Area(words.area(code), code, offered, len(permissions))


def _place(permission: Permission) -> tuple[str, int]:
    """Return where a permission stands: within its area, to see comes before to change."""
    verb = permission.code.partition(".")[2]
    return permission.area, FIRST.index(verb) if verb in FIRST else len(FIRST)


def offer(actor: Actor, permission: Permission) -> Offered:
    """Return a permission as the pages show it to the actor."""
    return Offered(
        code=permission.code,
        meaning=str(permission.meaning),
        danger=permission.danger,
        mine=can(actor, permission.code),
    )

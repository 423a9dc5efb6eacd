"""The menu: the screens that a person may see, by area, and the pages of their own account."""

from dataclasses import dataclass

from flask import current_app, request, url_for
from flask_babel import gettext as _

from backoffice.policy.actor import Actor


@dataclass(frozen=True)
class Entry:
    """A page in the menu; `active` says that the present page belongs to it."""

    label: str
    url: str
    icon: str
    active: bool = False


@dataclass(frozen=True)
class Area:
    """Screens that stand together in the menu."""

    name: str
    entries: list[Entry]


def areas() -> list[Area]:
    """Return the areas and their screens, as far as the actor may see them."""
    by_name: dict[str, list[Entry]] = {}
    for screen in current_app.extensions["screens"]:
        if not (screen.is_visible() and screen.is_accessible()):
            continue
        entry = Entry(
            label=str(screen.name),
            url=url_for(f"{screen.endpoint}.index"),
            icon=screen.menu_icon_value,
            active=screen.endpoint == request.blueprint,
        )
        by_name.setdefault(str(screen.category), []).append(entry)
    return [Area(name, entries) for name, entries in by_name.items()]


def account_pages(who: Actor) -> list[Entry]:
    """Return the pages that everybody has for themselves."""
    has_factor = who.two_factor != "disabled"
    two_factor = _("Two-factor authentication") if has_factor else _("Enable 2FA")
    pages = [
        (_("Profile"), "profile", "person-circle"),
        (_("Change password"), "password", "key"),
        (two_factor, "two_factor", "shield-lock"),
        (_("Sessions"), "sessions", "laptop"),
        (_("Avatar"), "avatar", "image"),
    ]
    return [Entry(label, url_for(f"account.{page}"), icon) for label, page, icon in pages]

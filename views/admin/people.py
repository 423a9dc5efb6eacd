"""The tabs of a person's details."""

from typing import Any

from flask import render_template
from markupsafe import Markup

from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from backoffice.services import history
from views.screen import cells
from views.screen.happenings import described


def tab(actor: Actor, user: Any, name: str) -> Markup:
    """The tab as HTML."""
    return Markup(TABS[name](actor, user))  # noqa: S704  # rendered from our own templates


def _groups(actor: Actor, user: Any) -> str:
    by_area: dict[str, list[Any]] = {}
    for permission, givers in history.permissions(user):
        by_area.setdefault(permission.area, []).append((permission, givers))
    return render_template("admin/users/groups.html", user=user, by_area=by_area, may_open=can(actor, "groups.view"))


def _sessions(_actor: Actor, user: Any) -> str:
    return render_template(
        "admin/users/sessions.html",
        sessions=history.live_sessions(user),
        attempts=history.attempts(user),
        badge=cells.status,
    )


def _events(actor: Actor, user: Any) -> str:
    found = described(history.events(actor, "users", user.id))
    return render_template("admin/events/feed.html", events=found)


TABS = {"groups": _groups, "sessions": _sessions, "events": _events}

"""Draw the tabs of a person's details."""

from collections.abc import Callable

from flask import render_template
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.data import records
from backoffice.models.fields import heading
from backoffice.models.message import Message
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.people import history
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from backoffice.text.devices import device_name
from views.admin import user_access
from views.admin.messages import purpose_of
from views.admin.sign_ins import reason_of
from views.screen import cells


def tab(actor: Actor, user: User, name: str) -> Markup:
    """Return the tab called `name` as HTML."""
    draw = TABS[name][1]
    return Markup(draw(actor, user))  # noqa: S704  # rendered from our own templates


def _sessions(actor: Actor, user: User) -> str:
    may_see = {area: can(actor, f"{area}.view") for area in ("sessions", "sign_in_attempts")}
    may_end = can(actor, "users.end_sessions") and not records.out_of_reach(actor, user)
    return render_template(
        "admin/users/sessions.html",
        user=user,
        may_see=may_see,
        may_end=may_end,
        sessions=history.live_sessions(actor, user),
        attempts=history.attempts(actor, user),
        device_name=device_name,
        reason_of=reason_of,
        badge=cells.full_maker(SignInAttempt, "result"),
    )


def _messages(actor: Actor, user: User) -> str:
    return render_template(
        "admin/users/messages.html",
        user=user,
        may_see=can(actor, "messages.view"),
        messages=history.messages(actor, user),
        purpose_of=purpose_of,
        badge=cells.full_maker(Message, "state"),
        link_badge=_link_badge,
    )


def _link_badge(state: str) -> Markup:
    """Return whether the link in a message still works, as a badge."""
    return cells.badge(heading(state), "green" if state == "live" else "grey")


# The label of each tab, and the function that draws it.
TABS: dict[str, tuple[str, Callable[[Actor, User], str]]] = {
    "groups": (_l("Groups and permissions"), user_access.tab),
    "sessions": (_l("Sign-ins and sessions"), _sessions),
    "messages": (_l("Sent tokens and messages"), _messages),
}
LABELS = {name: label for name, (label, _draw) in TABS.items()}

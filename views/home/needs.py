"""Draw what needs attention: each number with the list that it counts."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext as _n

from backoffice import clock
from backoffice.dashboard import alerts
from backoffice.dashboard.alerts import Alerts
from backoffice.data import lists
from backoffice.policy.actor import Actor
from backoffice.settings import configured
from views.home.sections import Block, Section
from views.web.reader import zone
from views.web.times import to_the_minute


@dataclass(frozen=True)
class Alert:
    """Something that needs attention: its name, how much there is, and a link to the list."""

    name: str
    count: str
    label: str
    href: str


def _draw(actor: Actor) -> Block:
    return Block(SECTION.heading(), "home/_needs.html", {"alerts": _alerts(actor)}, width="whole")


def _alerts(actor: Actor) -> list[Alert]:
    """Return what needs attention, each with a link to the list that it counts."""
    found = alerts.current(actor, configured())
    counted = dict(found.counts)
    if found.locked:
        counted["locked"] = len(found.locked)
    return [
        Alert(name, lists.capped(number), _label(name, number, found), _list(actor, name, found))
        for name, number in counted.items()
    ]


def _label(name: str, number: int, found: Alerts) -> str:
    match name:
        case "expiring":
            label = _n(
                "invitation expires within two hours",
                "invitations expire within two hours",
                number,
            )
        case "expired":
            label = _n("invitation has expired", "invitations have expired", number)
        case "messages":
            label = _n("message could not be sent", "messages could not be sent", number)
        case "waiting":
            label = _n(
                "message waits: is a worker running?",
                "messages wait: is a worker running?",
                number,
            )
        case "faults":
            label = _n("fault in the events log", "faults in the events log", number)
        case "unprotected":
            label = _n(
                "administrator has no second factor",
                "administrators have no second factor",
                number,
            )
        case "reviews":
            assert found.review_ends_at
            label = _n(
                "entry waits for your review until %(time)s",
                "entries wait for your review, the first until %(time)s",
                number,
                time=to_the_minute(found.review_ends_at),
            )
        case _:
            label = _n(
                "account is locked by failed sign-ins",
                "accounts are locked by failed sign-ins",
                number,
            )
    return str(label)


def _list(actor: Actor, name: str, found: Alerts) -> str:
    match name:
        case "expiring":
            return url_for("users.index", invitation_ends="soon")
        case "expired":
            return url_for("users.index", invitation="expired")
        case "messages":
            return url_for("messages.index", state=["failed", "dead"])
        case "reviews":
            return url_for("access_review_items.index", state="waits", reviewer=actor.user_id)
        case "waiting":
            return url_for("messages.index", state="queued")
        case "faults":
            return url_for("events.index")
        case "unprotected":
            return url_for(
                "users.index", groups=found.administrators, status="active", two_factor="disabled"
            )
    # Locked accounts: the failed sign-ins of the last day, by the reader's calendar.
    yesterday = (clock.now() - alerts.A_DAY).astimezone(zone()).date()
    since: dict[str, Any] = {"at.from": yesterday}
    return url_for(
        "sign_in_attempts.index",
        user=found.locked,
        result=["failed", "blocked"],
        **since,
    )


SECTION = Section("needs", lambda: _("Needs attention"), alerts.may_see_any, _draw)

"""Home: what needs a person, how many people are in which state, how they sign in, and what happened last."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from flask import Flask, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice import clock
from backoffice.dashboard import alerts, figures
from backoffice.dashboard.alerts import Needs
from backoffice.data import lists
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from views.web.actor import settings, signed_in
from views.web.event_texts import described, verb
from views.web.reader import zone

SLOT, BAR, HEIGHT = 20, 14, 100  # of the chart, in its own units


def register(app: Flask) -> None:
    """`/` is home."""
    app.add_url_rule("/", "home", home)


def home() -> str:
    who = signed_in()
    found: dict[str, Any] = {"statuses": [], "factors": [], "days": [], "events": [], "needs": None}
    if alerts.may_see_any(who):
        found["needs"] = list(_needs(alerts.needs(who, settings())))
    if can(who, "users.view"):
        by_status, by_factor = figures.people(who)
        found["statuses"] = [_status(*pair) for pair in by_status]
        found["factors"] = list(_factors(by_factor))
        found["newest"] = lists.COUNT_CAP if dict(by_status)["active"] > lists.COUNT_CAP else 0
    if can(who, "sign_in_attempts.view"):
        found["days"], found["most"] = _days(figures.sign_ins_by_day(who))
    if can(who, "events.view"):
        found["events"] = described(figures.latest_events(who))
    found["runs"] = _runs(who)
    return render_template("home.html", home=found)


def _needs(needs: Needs) -> Iterator[dict[str, Any]]:
    """Only what there is; each with the list that it counts."""
    counted = dict(needs.counts) | ({"locked": len(needs.locked)} if needs.locked else {})
    for kind, number in counted.items():
        yield {
            "count": lists.said(number),
            "label": _said(kind, number),
            "href": _list(kind, needs),
            "kind": kind,
        }


def _said(kind: str, number: int) -> str:
    match kind:
        case "expiring":
            said = ngettext(
                "invitation expires within two hours", "invitations expire within two hours", number
            )  # fmt: skip
        case "expired":
            said = ngettext("invitation has expired", "invitations have expired", number)
        case "messages":
            said = ngettext("message could not be sent", "messages could not be sent", number)
        case "waiting":
            said = ngettext(
                "message waits: is a worker running?", "messages wait: is a worker running?", number
            )
        case "unprotected":
            said = ngettext(
                "administrator has no second factor", "administrators have no second factor", number
            )  # fmt: skip
        case _:
            said = ngettext(
                "account is locked by failed sign-ins", "accounts are locked by failed sign-ins", number
            )  # fmt: skip
    return str(said)


def _list(kind: str, needs: Needs) -> str:
    match kind:
        case "expiring":
            return url_for("users.index", invitation_ends="soon")
        case "expired":
            return url_for("users.index", invitation="expired")
        case "messages":
            return url_for("messages.index", state=["failed", "dead"])
        case "waiting":
            return url_for("messages.index", state="queued")
        case "unprotected":
            return url_for(
                "users.index", groups=needs.administrators, status="active", two_factor="disabled"
            )
    since = {"at.from": (clock.now() - alerts.A_DAY).astimezone(zone()).date()}
    return url_for(
        "sign_in_attempts.index", user=needs.locked, result=["failed", "blocked"], **since
    )


def _status(status: str, number: int) -> dict[str, Any]:
    href = url_for("users.index", status=status)
    return {
        "label": status.capitalize(),
        "count": lists.said(number),
        "badge": f"status-{status}",
        "href": href,
    }


def _factors(by_factor: Sequence[tuple[str, int]]) -> Iterator[dict[str, Any]]:
    """How many of the active people have which second factor, and where their part of the bar is, of a hundred."""
    labels = {
        "totp": _("Authenticator app"),
        "email": _("E-mail code"),
        "disabled": _("No second factor"),
    }
    everyone, start = sum(number for _factor, number in by_factor), 0.0
    for factor, number in by_factor:
        part = 100 * number / everyone if everyone else 0.0
        href = url_for("users.index", status="active", two_factor=factor)
        shown = {"start": f"{start:.2f}", "part": f"{part:.2f}", "percent": f"{part:.0f}"}
        yield {"name": factor, "label": labels[factor], "count": number, "href": href, **shown}
        start += part


def _days(by_day: Sequence[tuple[date, int, int]]) -> tuple[list[dict[str, Any]], int]:
    """The days with the measures of their bars, and the most tries of a day."""
    most = max(worked + failed for _day, worked, failed in by_day)
    return [_day(number, most, *each) for number, each in enumerate(by_day)], most


def _day(number: int, most: int, day: date, worked: int, failed: int) -> dict[str, Any]:
    low, high = (round(HEIGHT * part / (most or 1), 2) for part in (worked, failed))
    only = {"at.from": day, "at.to": day}
    return {
        "day": day.isoformat(),
        "worked": worked,
        "failed": failed,
        "x": number * SLOT,
        "low": {"y": HEIGHT - low, "height": low},
        "high": {"y": round(HEIGHT - low - high, 2), "height": high},
        "worked_href": url_for("sign_in_attempts.index", signed_in="yes", **only),
        "failed_href": url_for("sign_in_attempts.index", result=["failed", "blocked"], **only),
    }


def _runs(who: Actor) -> list[dict[str, Any]]:
    return [
        {
            "label": verb(run.action),
            "href": url_for("bulk_runs.details", row_id=run.id),
            "at": run.created_at,
            "state": run.state,
        }
        for run in figures.latest_runs(who)
    ]

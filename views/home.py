"""Home: how many people are in which state, and what happened last."""

from typing import Any

from flask import Flask, render_template, url_for

from backoffice.policy.rules import can
from backoffice.services import overview
from views.actor import signed_in
from views.screen.happenings import described, verb


def register(app: Flask) -> None:
    """`/` is home."""
    app.add_url_rule("/", "home", home)


def home() -> str:
    who = signed_in()
    found: dict[str, Any] = {"statuses": [], "events": [], "runs": []}
    if can(who, "users.view"):
        found["statuses"] = [
            {
                "label": status.capitalize(),
                "count": number,
                "badge": f"status-{status}",
                "href": url_for("users.index", status=status),
            }
            for status, number in overview.people_by_status(who)
        ]
    if can(who, "events.view"):
        found["events"] = described(overview.latest_events(who))
    found["runs"] = [
        {
            "label": verb(run.action),
            "href": url_for("bulk_runs.details", row_id=run.id),
            "at": run.created_at,
            "state": run.state,
        }
        for run in overview.latest_runs(who)
    ]
    return render_template("home.html", home=found)

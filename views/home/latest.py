"""Draw what happened last: events, and actions that were run on several rows."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from backoffice.dashboard import figures
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from views.home.sections import Block, Section
from views.web import event_checks, words
from views.web.event_texts import described, verb


@dataclass(frozen=True)
class Run:
    """An action that was run on several rows, with a link to its result."""

    label: str
    href: str
    at: datetime
    state: str


def _events(actor: Actor) -> Block:
    events = described(figures.latest_events(actor))
    shown = {"events": events, "check": event_checks.last()}
    return Block(EVENTS.heading(), "home/_events.html", shown)


def _runs(actor: Actor) -> Block:
    runs = [
        Run(
            label=verb(run.action),
            href=url_for("bulk_runs.details", row_id=run.id),
            at=run.created_at,
            state=words.state(run.state),
        )
        for run in figures.latest_runs(actor)
    ]
    return Block(RUNS.heading(), "home/_runs.html", {"runs": runs})


EVENTS = Section(
    "events", lambda: _("Latest events"), lambda actor: can(actor, "events.view"), _events
)
RUNS = Section("runs", lambda: _("Latest bulk runs"), lambda _actor: True, _runs)

"""Tell on the next page what a run did, and hand over the secret that it revealed."""

from uuid import UUID

from flask import flash, url_for
from flask_babel import gettext as _

from backoffice.actions.engine import report, undoing
from backoffice.actions.engine.action import Action
from backoffice.auth import handovers
from backoffice.models.bulk_run import BulkRun
from backoffice.policy.actor import Actor
from backoffice.settings import configured


def result(run: BulkRun) -> str:
    """Return the address of the page that lists every row of the run."""
    return url_for("bulk_runs.details", row_id=run.id)


def tell(actor: Actor, action: Action, run: BulkRun) -> None:
    """Flash what was done, with Undo where it is possible and a link to the rows."""
    undo = None
    if undoing.may_undo(actor, run, action):
        undo = url_for("bulk_runs.take_back", row_id=run.id)
    links = [{"label": _("See the run"), "href": result(run)}]
    message = {"text": report.brief(run, action), "undo": undo, "links": links}
    flash(message, "success")  # type: ignore[arg-type]  # Flask takes what JSON takes


def hand_over(actor: Actor, run: BulkRun, revealed: list[str]) -> UUID | None:
    """Keep a revealed secret for the one page that shows it, and return that page's token."""
    if not revealed:
        return None
    (item,) = report.items(actor, run, report.action_of(run), outcome="done", limit=1)
    return handovers.store(
        actor=actor, user_id=item.row_id, secret=revealed[0], settings=configured()
    )

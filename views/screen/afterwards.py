"""After a run: what a page that people come back to says about it, and the one page that shows a secret."""

from uuid import UUID

from flask import flash, url_for
from flask_babel import gettext as _

from backoffice.actions.engine import report, undoing
from backoffice.actions.engine.action import Action
from backoffice.auth import handovers
from backoffice.extensions import configured
from backoffice.models.bulk_run import BulkRun
from backoffice.policy.actor import Actor


def result(run: BulkRun) -> str:
    """The address of the page that lists every row of the run."""
    return url_for("bulk_runs.details", row_id=run.id)


def tell(actor: Actor, action: Action, run: BulkRun) -> None:
    """Say on the next page what was done, with Undo where there is one, and the way to the rows."""
    undo = (
        url_for("bulk_runs.take_back", row_id=run.id)
        if undoing.may_undo(actor, run, action)
        else None
    )
    links = [{"label": _("See the run"), "href": result(run)}]
    flash({"text": report.brief(run, action), "undo": undo, "links": links}, "success")  # type: ignore[arg-type]  # Flask takes what JSON takes


def hand_over(actor: Actor, run: BulkRun, revealed: list[str]) -> UUID | None:
    """Keep a revealed secret for the one page that shows it; what that page is asked for by."""
    if not revealed:
        return None
    (item,) = report.items(actor, run, report.action_of(run), outcome="done", limit=1)
    return handovers.keep(
        actor=actor, user_id=item.row_id, secret=revealed[0], settings=configured()
    )

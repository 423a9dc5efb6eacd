"""After a run: tell on the next page what it did, and keep its secret to show it once."""

from uuid import UUID

from flask import flash, url_for
from flask_babel import gettext as _

from backoffice.actions.engine import report, undoing
from backoffice.actions.engine.action import Action
from backoffice.auth import one_time_secrets
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client import Client
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import configured


def result(run: BulkRun) -> str:
    """Return the address of the page that lists every row of the run."""
    return url_for("bulk_runs.details", row_id=run.id)


def flash_result(actor: Actor, action: Action, run: BulkRun) -> None:
    """Flash what was done, with Undo where it is possible and a link to the rows."""
    undo = None
    if undoing.may_undo(actor, run, action):
        undo = url_for("bulk_runs.take_back", row_id=run.id)
    links = [{"label": _("See the run"), "href": result(run)}]
    message = {"text": report.brief(actor, run, action), "undo": undo, "links": links}
    flash(message, "success")  # type: ignore[arg-type]  # Flask takes what JSON takes


def store_secret(actor: Actor, run: BulkRun, secrets: list[str]) -> UUID | None:
    """Keep the secret of a run for the one page that shows it; return that page's token."""
    if not secrets:
        return None
    action = report.action_of(run)
    (item,) = report.items(actor, run, action, outcome="done", limit=1)
    return one_time_secrets.store(
        actor=actor,
        owner=Client if action.model is Client else User,
        owner_id=item.number,
        secret=secrets[0],
        settings=configured(),
    )

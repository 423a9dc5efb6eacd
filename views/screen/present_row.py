"""Name the one row that an action asks about, with what it has now of what the action sets."""

from flask_babel import gettext as _

from backoffice.actions.engine import report
from backoffice.actions.engine.action import Action
from backoffice.actions.engine.plan import Preview
from backoffice.data import records
from backoffice.errors import NotFound
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.policy.actor import Actor
from backoffice.text import capital
from views.screen import details
from views.screen.cells import link
from views.screen.definition import Definition
from views.screen.pages import Fact


def facts(screen: Definition, actor: Actor, shown: Preview) -> list[Fact]:
    """Return the row as a link and its present values; nothing of several rows, or of none."""
    run, action = shown.run, shown.action
    if action.is_global or run.planned != 1:
        return []
    found = report.items(actor, run, action, after=None, limit=1)
    if not found:
        return []
    (item,) = found
    try:
        row = records.get(actor=actor, model=action.model, row_id=item.row_id)
    except NotFound:  # it has left the actor's sight since it was chosen
        return []
    named = Fact(capital(action.model.noun()), link(screen.url_of("index"), row.id, item.label))
    return [named, *(_present(screen, row, name) for name in _names(screen, actor, action))]


def _names(screen: Definition, actor: Actor, action: Action) -> list[str]:
    """Return the attributes that the action sets, as far as people read them on details."""
    shown = {*fields.visible(action.model), *fields.relations(action.model)}
    return [name for name in screen.readable(actor, action.watches) if name in shown]


def _present(screen: Definition, row: Record, name: str) -> Fact:
    # Translators: label is the heading of a column, such as "Country".
    label = _("%(label)s now", label=screen.label_of(name))
    return Fact(label, details.value_of(screen, row, name))

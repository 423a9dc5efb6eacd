"""What adds rows to a tab and takes them out: actions on them that choose the row of the page."""

from dataclasses import replace
from urllib.parse import urlencode

from flask_babel import gettext as _

from backoffice.actions.engine.action import Action, actions_of
from backoffice.actions.engine.parameters import Choose
from backoffice.errors import RuleBroken
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from views.screen.definition import Definition
from views.screen.pages import BulkAction
from views.screen.parameter_forms import PREFIX
from views.screen.related_lists import Within, target_of


def with_buttons(screen: Definition, actor: Actor, tab: str, within: Within) -> Within:
    """Return the tab with what adds rows and takes them out, if the actor may do so with its row.

    `within` names the row.
    """
    (rows,) = [each for each in screen.tabs if each.name == tab]
    target, _back = target_of(screen.model, tab)
    usable = {
        action.name: action
        for action in actions_of(target, actor)
        if action.name in (rows.add, rows.remove)
        and _takes(actor, action, screen.model, within.row_id)
    }
    within = replace(within, between=rows.between)
    if rows.add in usable:
        href = screen.url_of("add_rows", row_id=within.row_id, tab=tab)
        within = replace(within, add_href=href, add_label=label_of(target))
    if remove := usable.get(rows.remove):
        within = replace(within, remove=_button(screen, remove, within.row_id))
    return within


def _button(screen: Definition, action: Action, row_id: RowKey) -> BulkAction:
    """Return the button of the action, which chooses the row of the page."""
    chosen = urlencode({PREFIX + parameter_of(action, screen.model): row_id})
    url = f"{screen.screen_of(action.model).action_url(action)}?{chosen}"
    return BulkAction(str(action.label), url, danger=False)


def label_of(target: type[Record]) -> str:
    """Return what the page that chooses rows is called."""
    return _("Add existing %(nouns)s", nouns=target.nouns())


def parameter_of(action: Action, model: type[Record]) -> str:
    """Return the parameter by which the action chooses a row of the model.

    Raises LookupError if it has none.
    """
    for name, parameter in action.parameters.items():
        if isinstance(parameter, Choose) and parameter.model is model:
            return name
    raise LookupError(f"the action {action.name!r} chooses no {model.__singular__}")


def _takes(actor: Actor, action: Action, model: type[Record], row_id: RowKey) -> bool:
    """Tell whether the actor may choose this row for the action."""
    name = parameter_of(action, model)
    try:
        action.parameters[name].check(actor, [row_id], code=action.permission, locked=False)
    except RuleBroken:
        return False
    return True

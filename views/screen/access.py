"""Draw the tab of a row that says who may see it, and who may do something to it."""

from flask import render_template, request
from flask_babel import gettext as _

from backoffice.actions.engine.action import Action, actions_of
from backoffice.actions.engine.who import who
from backoffice.models.base import Record
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import sees
from views.screen.definition import Definition

ACCESS = "access"
VERBS = ("view", "edit")


def is_shown(screen: Definition, actor: Actor) -> bool:
    """Tell whether the actor sees people and groups, and the screen has no tab of this name."""
    return sees(actor, User) and sees(actor, Group) and ACCESS not in screen.details_tabs


def draw(screen: Definition, actor: Actor, row: Record) -> str:
    """Return the tab as HTML: for what the address asks, else for seeing the row."""
    options = _options(screen)
    codes = [code for code, _label in options]
    asked = request.args.get("may", "")
    code = asked if asked in codes else codes[0]
    groups = who(asker=actor, code=code, row=row)
    return render_template("admin/access.html", options=options, code=code, groups=groups)


def _options(screen: Definition) -> list[tuple[str, str]]:
    """Return what can be asked about a row of the screen, as codes and what they mean."""
    labels = {"view": _("See it"), "edit": _("Edit")}
    verbs = [(f"{screen.endpoint}.{verb}", labels[verb]) for verb in VERBS if screen.has(verb)]
    actions = [(each.code(), str(each.label)) for each in actions_on(screen)]
    return [*verbs, *actions]


def actions_on(screen: Definition) -> list[Action]:
    """Return the actions that the screen offers on its rows, whoever may use them."""
    has_delete = screen.has("delete")
    return [each for each in actions_of(screen.model) if each.name != "delete" or has_delete]

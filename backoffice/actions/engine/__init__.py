"""Declare, plan, run, report and undo set operations, whatever they do.

The engine knows data, events and policy, and no particular action. What an action is declared with
is here; those who plan and run actions use the modules.
"""

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.appending import Append
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Choose, Parameter
from backoffice.actions.engine.reveal import Reveal
from backoffice.actions.engine.rules import Counted, Effect, Rule
from backoffice.actions.engine.secret import Secret
from backoffice.actions.engine.set_action import SetAction
from backoffice.actions.engine.values import (
    Date,
    DateTime,
    File,
    Lines,
    Number,
    OneOf,
    Switch,
    Text,
    Value,
)

__all__ = [
    "Action",
    "ActionContext",
    "Append",
    "Choose",
    "Counted",
    "Date",
    "DateTime",
    "Effect",
    "File",
    "Ids",
    "Lines",
    "Number",
    "OneOf",
    "Parameter",
    "Reveal",
    "Rule",
    "Secret",
    "SetAction",
    "Switch",
    "Text",
    "Value",
]

"""Judge rows in SQL: would an action change a row, and which rule refuses it?"""

from sqlalchemy import ColumnElement, case, false, literal

from backoffice.actions.engine.action import Action, ActionContext, Rule


def outcomes(
    action: Action, context: ActionContext
) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Return two SQL expressions: a row's outcome, and the code of the rule that refused it.

    Until the parameters are chosen, only the rules that do not depend on them apply.
    """
    refusals = [(rule.refuses(context), rule.code) for rule in applicable_rules(action, context)]
    rule = case(*refusals, else_="") if refusals else literal("")
    refused = [(condition, "refused") for condition, _ in refusals]
    # The first condition that holds decides: a refused row is never called unchanged.
    without_effect = (unchanged(action, context), "unchanged")
    return case(*refused, without_effect, else_="done"), rule


def applicable_rules(action: Action, context: ActionContext) -> list[Rule]:
    """Return the rules that apply in this context."""
    if not _lacks_parameters(action, context):
        return list(action.rules)
    return [rule for rule in action.rules if not rule.of_choice]


def unchanged(action: Action, context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for rows that the action would not change.

    Until the parameters are chosen, it holds for no row.
    """
    if _lacks_parameters(action, context):
        return false()
    return action.unchanged(context)


def _lacks_parameters(action: Action, context: ActionContext) -> bool:
    return bool(action.parameters) and not context.parameters

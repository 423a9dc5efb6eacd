"""The menu of one row: which actions would change it, and which rule refuses the others."""

from collections.abc import Mapping, Sequence
from itertools import chain

from sqlalchemy import and_, select

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext
from backoffice.actions.engine.judgement import applicable_rules, unchanged
from backoffice.actions.engine.rules import Rule
from backoffice.errors import NotFound
from backoffice.extensions import db
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope


def menu(actor: Actor, actions: Sequence[Action], row_id: RowKey) -> list[tuple[Action, str, str]]:
    """Return (action, outcome, code of the refusing rule) of each action for one row.

    One statement answers all of it. A rule that several actions share is part of it only once,
    because building the statement takes longer than executing it.
    Raises NotFound if the actor does not see the row.
    """
    if not actions:
        return []
    model = actions[0].model
    context = ActionContext(actor, select(model.id).where(model.id == row_id))
    rules_of = {action: applicable_rules(action, context) for action in actions}
    # A dict keeps the order of its keys and each of them once.
    rules = list(dict.fromkeys(chain.from_iterable(rules_of.values())))
    answers = _answers(context, row_id, rules, actions)
    # The answers about rules come first, then one about each action.
    is_refused = dict(zip(rules, answers, strict=False))
    return [
        (action, *_judged(rules_of[action], is_refused, is_unchanged))
        for action, is_unchanged in zip(actions, answers[len(rules) :], strict=True)
    ]


def _answers(
    context: ActionContext, row_id: RowKey, rules: Sequence[Rule], actions: Sequence[Action]
) -> tuple[bool, ...]:
    """Ask which rules refuse the row, and then which actions would not change it."""
    model = actions[0].model
    conditions = [
        *(rule.refuses(context) for rule in rules),
        *(unchanged(action, context) for action in actions),
    ]
    columns = [condition.label(f"asked_{number}") for number, condition in enumerate(conditions)]
    visible = and_(model.id == row_id, scope(context.actor, model))
    row = db.session.execute(select(*columns).where(visible)).first()
    if row is None:
        raise NotFound
    return tuple(row)


def _judged(
    rules: list[Rule], is_refused: Mapping[Rule, bool], is_unchanged: bool
) -> tuple[str, str]:
    # As in `outcomes`, the first rule that refuses decides, and refusals go before "unchanged".
    for rule in rules:
        if is_refused[rule]:
            return "refused", rule.code
    if is_unchanged:
        return "unchanged", ""
    return "done", ""

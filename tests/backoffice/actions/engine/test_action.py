"""A mistake in the declaration of an action stops the start."""

import pytest
from sqlalchemy import false

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.rules import RULE_LENGTH, Rule


def declare(code: str) -> None:
    """Declare an action with one rule; without a name, it is not registered."""
    type("Wrong", (Action,), {"rules": (Rule(code, "No.", lambda _context: false()),)})


def test_the_code_of_a_rule_has_to_fit_where_it_is_stored() -> None:
    declare("x" * RULE_LENGTH)
    with pytest.raises(TypeError) as stopped:
        declare("x" * 41)
    assert str(stopped.value).startswith("Wrong: the rule code 'xxx")
    assert str(stopped.value).endswith(
        "' has 41 characters, but at most 40 can be stored: choose a shorter one."
    )

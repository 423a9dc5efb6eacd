"""What a page can do without is asked for, and given up soon."""

import pytest
from flask import Flask
from sqlalchemy import literal, select, text
from sqlalchemy.exc import DBAPIError

from backoffice.data.brief import Budget
from backoffice.extensions import db
from tests.support.statements import SLOW


def slow() -> object:
    return db.session.execute(text(SLOW[db.session.get_bind().dialect.name])).all()


def one() -> int | None:
    return db.session.scalar(select(literal(1)))


def test_after_a_question_that_took_too_long_the_next_one_is_answered(app: Flask) -> None:
    budget = Budget(total=60, each=0.2)
    assert budget.ask(slow) is None
    assert budget.ask(one) == 1


def test_all_questions_together_have_a_limit(app: Flask) -> None:
    budget = Budget(total=0.2, each=60)
    assert budget.ask(slow) is None
    assert budget.ask(one) is None


def test_a_question_that_is_wrong_is_an_error(app: Flask) -> None:
    with pytest.raises(DBAPIError):
        Budget(total=60, each=60).ask(lambda: db.session.execute(text("SELECT * FROM nowhere")))
    assert one() == 1

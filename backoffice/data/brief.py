"""Ask the database for what a page can do without, and give up soon."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from backoffice.database import request_timeouts
from backoffice.extensions import db
from backoffice.settings import configured
from backoffice.transactions import with_timeouts

T = TypeVar("T")


class Budget:
    """Some seconds for several questions, of which each may take a part.

    Args:
        total: how many seconds all of them may take together.
        each: how many seconds one of them may take.
    """

    def __init__(self, total: float, each: float) -> None:
        self.ends_at = time.monotonic() + total
        self.each = each

    def ask(self, question: Callable[[], T]) -> T | None:
        """Return the answer to a question that only reads; None if it takes too long.

        It is asked in a transaction of its own, which is rolled back: one that was stopped is of no
        use any more.
        """
        seconds = min(self.each, self.ends_at - time.monotonic())
        if seconds <= 0:
            return None
        timeouts = replace(request_timeouts(configured()), statement=seconds)
        db.session.rollback()
        try:
            with with_timeouts(timeouts):
                return question()
        except OperationalError as error:
            if error.connection_invalidated or not _took_too_long(error):
                raise
            return None
        finally:
            db.session.rollback()


def _took_too_long(error: OperationalError) -> bool:
    """Tell whether the statement was stopped at its limit, by PostgreSQL or by SQLite."""
    driver = error.orig
    return (
        getattr(driver, "sqlstate", None) == "57014"
        or getattr(driver, "sqlite_errorname", None) == "SQLITE_INTERRUPT"
    )

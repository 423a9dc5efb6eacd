"""Things that happen at the same moment in real threads, and a way to restore people afterwards."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select, update

from backoffice.extensions import db
from backoffice.models.associations import user_groups
from backoffice.models.base import Base
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.testing.client import settle, without_app
from tests.support.patience import PATIENCE

T = TypeVar("T")

# As often as a run of all tests has time for; BACKOFFICE_RACE_ROUNDS=200 after a change of a lock.
ROUNDS = int(os.environ.get("BACKOFFICE_RACE_ROUNDS", "40"))


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Call all of them from threads that start together, and return their answers in order.

    In the threads it is the same time of day as in the test.
    """
    start = Barrier(len(acts))

    def call(act: Callable[[], T]) -> T:
        start.wait(timeout=PATIENCE)
        return act()

    settle()
    contexts = [without_app() for _ in acts]
    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(lambda context, act: context.run(call, act), contexts, acts))


class PutBack:
    """Remembers some people with their groups and sessions, and restores them."""

    def __init__(self, *people: User) -> None:
        settle()
        self.ids = [person.id for person in people]
        self.users = self._rows(User.__table__, User.id)
        self.others = [
            (table, column, self._rows(table, column))
            for table, column in (
                (user_groups, user_groups.c.user_id),
                (Session.__table__, Session.user_id),
            )
        ]

    def now(self) -> None:
        """Restore the people; this is cheap enough to be done hundreds of times."""
        table: Any = User.__table__
        for row in self.users:
            db.session.execute(update(table).where(table.c.id == row["id"]).values(row))
        for other, column, rows in self.others:
            db.session.execute(delete(other).where(column.in_(self.ids)))
            if rows:
                db.session.execute(insert(other), rows)
        settle()

    def _rows(self, table: Any, column: Any) -> list[dict[str, Any]]:
        statement = select(Base.metadata.tables[table.name]).where(column.in_(self.ids))
        return [dict(row) for row in db.session.execute(statement).mappings()]

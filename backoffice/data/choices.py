"""The rows that a person may choose from, in forms, look-ups and parameters of actions."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import ColumnElement, SQLColumnExpression, select, true

from backoffice.data import comparable, lists, searching, sorting
from backoffice.extensions import db
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope


def offered(
    *,
    actor: Actor,
    model: type[Record],
    search: str = "",
    ids: Sequence[RowKey] | None = None,
    limit: int = 20,
    among: ColumnElement[bool] | None = None,
) -> tuple[list[tuple[RowKey, str]], bool]:
    """Return rows to choose from, as (id, label), and whether there are more.

    `ids` asks for these rows alone. `among` is an SQL condition that leaves out rows which the
    actor may not choose.
    """
    wanted = _wanted(actor, model, search, ids)
    allowed = true() if among is None else among
    label = masking.label_in_sql(actor, model, model.label_column())
    statement = select(model.id, label).where(scope(actor, model), wanted, allowed)
    statement = statement.order_by(_order(actor, model), model.id).limit(limit + 1)
    rows = db.session.execute(statement).all()
    return cast("list[tuple[RowKey, str]]", rows[:limit]), len(rows) > limit


def _wanted(
    actor: Actor, model: type[Record], search: str, ids: Sequence[RowKey] | None
) -> ColumnElement[bool]:
    if ids is not None:
        return model.id.in_(ids)
    query = lists.Query(search=searching.parse(search))
    is_dense = lists.matches_many(actor, model, query)
    return lists.condition(actor, model, query, indexed=not is_dense)


def _order(actor: Actor, model: type[Record]) -> SQLColumnExpression[object]:
    """Return the expression that orders options: the label if possible, or else the id."""
    if comparable.may_sort(actor, model, model.__label__):
        return sorting.sort_key(model, model.__label__)
    return model.id

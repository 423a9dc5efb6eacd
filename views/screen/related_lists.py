"""Rows: a tab of a row's details with the list of other rows that belong to it.

The list is that of their own screen, limited to one row by a filter that nobody can take off.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from markupsafe import Markup
from sqlalchemy import BindParameter, and_, inspect
from sqlalchemy.orm import RelationshipProperty, relationship
from sqlalchemy.sql import visitors

from backoffice.data import lists
from backoffice.data.filters import Filter
from backoffice.data.lists import Query
from backoffice.models import fields
from backoffice.models.base import Record, records
from backoffice.models.row_keys import RowKey
from backoffice.places import meant
from backoffice.policy.actor import Actor
from backoffice.policy.rules import may_read
from views.screen.pages import BulkAction

BACK = "_back"  # in the address that adds a row: where one came from. No attribute is called so


@dataclass(frozen=True)
class Between:
    """A column that a list has in a tab alone: what stands between its rows and the page's row.

    Attributes:
        label: its heading.
        cells: returns the cells, by the ids of rows, for the id of the page's row and those of the
            rows that the list shows. Rows that it leaves out have an empty cell.
    """

    label: str
    cells: Callable[[Any, Sequence[Any]], Mapping[Any, Markup]]


@dataclass(frozen=True)
class Rows:
    """A tab with the rows of one relation.

    Attributes:
        name: the relation of the screen's model, or the table of a model that has one relation to
            it. The tab bears this name.
        label: what people call the tab; by default, its name in words.
        attach: whether rows may be attached and detached, in a relation of many to many.
        add, remove: the names of the actions on these rows that bring them into the tab and take
            them out of it. Both choose the row of the page.
        between: a column of its own.
    """

    name: str
    label: str = ""
    attach: bool = field(default=False, kw_only=True)
    add: str = field(default="", kw_only=True)
    remove: str = field(default="", kw_only=True)
    between: Between | None = field(default=None, kw_only=True)

    @property
    def heading(self) -> str:
        """What people call the tab."""
        return str(self.label or fields.heading(self.name))


@dataclass(frozen=True)
class Within:
    """The tab in which a list is shown.

    Attributes:
        pinned: the filter that limits the list to the rows of the tab.
        row_id: the row that they belong to.
        attach, detach: what attaches rows to it and detaches the ticked ones, if people may.
        add_href, add_label: the page that chooses rows to add; '' if people may not.
        remove: what takes the ticked rows out of it, if people may.
        between: the column that the list has in this tab alone.
    """

    pinned: Filter
    row_id: RowKey
    attach: BulkAction | None = None
    detach: BulkAction | None = None
    add_href: str = ""
    add_label: str = ""
    remove: BulkAction | None = None
    between: Between | None = None


@cache
def target_of(model: type[Record], name: str) -> tuple[type[Record], str]:
    """Return the model of the rows in the tab, and its relation to `model`.

    A relation that the target lacks is added to it, to read from alone. Raises LookupError with the
    cure if `name` names neither a relation nor a table.
    """
    if name in inspect(model).relationships:
        there = fields.relation(model, name)
        target = there.mapper.class_
        return target, _counterpart(there) or _added(model, there)
    leading_back = [
        (each, back)
        for each in records()
        if each.__tablename__ == name
        for back in _relations_to(each, model)
    ]
    if len(leading_back) != 1:
        raise LookupError(
            f"tabs names {name!r}, which is neither a relation of {model.__name__} "
            f"nor a table with one relation to it: {meant(name, _offered(model))}"
        )
    return leading_back[0]


def _offered(model: type[Record]) -> list[str]:
    """Return the names that a tab could have: relations, and tables with one relation to it."""
    tables = [each.__tablename__ for each in records() if len(_relations_to(each, model)) == 1]
    return [*dict.fromkeys([*fields.relations(model), *tables])]


def _relations_to(target: type[Record], model: type[Record]) -> list[str]:
    relationships = inspect(target).relationships
    return [name for name, each in relationships.items() if each.mapper.class_ is model]


def _counterpart(there: RelationshipProperty[Record]) -> str:
    """Return the relation by which the target leads back, or '' if there is none."""
    for name, back in there.mapper.relationships.items():
        if back is not there and back.mapper is there.parent and _leads_back(there, back):
            return str(name)
    return ""


def _leads_back(there: RelationshipProperty[Any], back: RelationshipProperty[Any]) -> bool:
    if there.secondary is None:
        return back.secondary is None and back.local_columns == there.remote_side
    return back.synchronize_pairs == there.secondary_synchronize_pairs


def _added(model: type[Record], there: RelationshipProperty[Record]) -> str:
    """Add the relation by which the target leads back, for filters alone."""
    if any(isinstance(part, BindParameter) for part in visitors.iterate(there.primaryjoin)):
        raise LookupError(
            f"tabs names {there.key!r}, a relation with a condition of its own: name one without."
        )
    name = f"{model.__tablename__}_by_{there.key}"
    back: RelationshipProperty[Any] = relationship(
        model, viewonly=True, info={fields.FOR_FILTERS: True}, **_joins_back(there)
    )
    setattr(there.mapper.class_, name, back)
    return name


def _joins_back(there: RelationshipProperty[Record]) -> dict[str, Any]:
    """Return how the target is joined to the model, without what SQLAlchemy has noted of it."""
    if there.secondary is None:
        pairs = there.local_remote_pairs or ()
        return {
            "primaryjoin": and_(*(key == own for own, key in pairs)),
            "foreign_keys": [key for _own, key in pairs],
            "remote_side": [own for own, _key in pairs],
            "uselist": False,
        }
    targets = there.secondary_synchronize_pairs or ()
    return {
        "secondary": there.secondary,
        "primaryjoin": and_(*(own == key for own, key in targets)),
        "secondaryjoin": and_(*(own == key for own, key in there.synchronize_pairs)),
    }


def pinned(model: type[Record], name: str, row_id: RowKey) -> Filter:
    """Return the filter that finds the rows in the tab of one row."""
    _target, back = target_of(model, name)
    return Filter(back, "", (str(row_id),))


def may_see(actor: Actor, model: type[Record], name: str) -> bool:
    """Return whether the actor sees rows of the tab's kind, and may know which belong where."""
    target, back = target_of(model, name)
    return may_read(actor, target, back) and may_read(actor, model, name)


def count(actor: Actor, model: type[Record], name: str, row_id: RowKey) -> str:
    """Return how many rows the tab has, as people read it."""
    target, _back = target_of(model, name)
    query = Query(filters=(pinned(model, name, row_id),))
    return lists.count_text(actor, target, lists.count(actor, target, query))

"""Check a package as its developers do; `test_company_package.py` runs this with the package."""

import re

import pytest
from acme.models.depot import Depot, Pallet
from acme.models.tank import Tank
from flask import Flask
from sqlalchemy import Index, text

from backoffice.data import lists, unindexed
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Record
from backoffice.policy.actor import system
from benchmarks.explaining import explained


def asked(model: type[Record], *, sort: str = "", by: str = "") -> list[str]:
    found = unindexed.gaps(model, sorted_by=[sort] if sort else [], filtered_by=[by] if by else [])
    return [gap.asked for gap in found]


@pytest.mark.parametrize(
    "model, name, is_read",
    [
        (Pallet, "weight", True),
        (Pallet, "status", True),
        (Pallet, "is_fragile", True),
        (Pallet, "goods", True),
        (Pallet, "due", False),
        (Pallet, "depot", False),
        (Tank, "name", False),
        (Tank, "depot", False),
        (Depot, "client_tags", False),
        (Depot, "neighbours", True),
        (Depot, "shelves", False),
    ],
)
def test_filters_that_read_the_whole_table_are_told(
    app: Flask, model: type[Record], name: str, is_read: bool
) -> None:
    assert asked(model, by=name) == ([f"{name}="] if is_read else [])


def test_the_second_key_of_a_table_between_needs_an_index(app: Flask) -> None:
    (gap,) = unindexed.gaps(Depot, sorted_by=[], filtered_by=["neighbours"])
    assert gap.cure == 'Index("ix_depot_neighbours_neighbour_id", "neighbour_id")'


SORTED = [
    name
    for name in ("code", "goods", "weight", "pieces", "status", "due", "at", "hazard", "is_fragile")
    if fields.kind(Pallet, name)
]


@pytest.mark.parametrize("name", SORTED)
@pytest.mark.one_engine("sqlite", reason="its plan says whether it sorts, whatever is in the table")
def test_what_is_advised_is_the_order_that_the_list_asks_for(app: Flask, name: str) -> None:
    def index_used() -> str:
        """Return the index that has the rows of the list in its order, or ''."""
        with explained(db.engine) as reading:
            lists.page(system(), Pallet, lists.parse(Pallet, [("sort", name)]), ["id"])
        (used,) = re.findall(r"SCAN pallets(?: USING.* INDEX (\w+))?", reading.scans)
        return str(used)

    assert index_used() in ("", "ix_pallets_due_id")  # which covers what the page reads
    (gap,) = unindexed.gaps(Pallet, sorted_by=[name], filtered_by=[])
    declared = re.fullmatch(r'Index\("(\w+)", (.+), "id"\)', gap.cure)
    assert declared
    what = re.sub(r'^(?:text\()?"(.*?)"\)?$', r"\1", declared[2])
    db.session.execute(text(f"CREATE INDEX {declared[1]} ON pallets ({what}, id)"))
    assert index_used() == declared[1]


def test_an_index_by_an_expression_counts_once_it_is_declared(app: Flask) -> None:
    (gap,) = unindexed.gaps(Pallet, sorted_by=["weight"], filtered_by=[])
    index = eval(gap.cure, {"Index": Index, "text": text})  # it is ours
    table = Pallet.__table__
    index._set_parent(table)
    try:
        assert asked(Pallet, sort="weight") == []
    finally:
        table.indexes.discard(index)

"""Find the nodes of the rows that events are about; people see the events of what they reach."""

from collections.abc import Iterable

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models import row_nodes
from backoffice.models.base import records
from backoffice.models.node import ROOT
from backoffice.models.row_keys import RowKey
from backoffice.policy.permissions import area_of

Subject = tuple[str, RowKey | None]


def of_subjects(subjects: Iterable[Subject]) -> dict[Subject, int | None]:
    """Return the nodes of these rows, by (area, id), with None for the company itself.

    Rows that are gone, or of no node, are left out.
    """
    found: dict[Subject, int | None] = {}
    for area, ids in _ids_by_area(subjects).items():
        nodes = _nodes_of(area, ids)
        found |= {(area, row_id): node for row_id, node in nodes.items()}
    return found


def _ids_by_area(subjects: Iterable[Subject]) -> dict[str, set[int]]:
    ids: dict[str, set[int]] = {}
    for area, row_id in subjects:
        if isinstance(row_id, int):
            ids.setdefault(area, set()).add(row_id)
    return ids


def _nodes_of(area: str, ids: set[int]) -> dict[int, int | None]:
    """Return the nodes of the rows of one area, by their ids."""
    model = next((each for each in records() if area_of(each) == area), None)
    node_id = row_nodes.of_row(model) if model else None
    if model is None or node_id is None:
        return {}
    rows = db.session.execute(select(model.id, node_id).where(model.id.in_(ids)))
    return {row_id: None if node == ROOT else node for row_id, node in rows}

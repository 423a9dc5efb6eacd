"""Two rows of each model, which every page of a screen can be asked about."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import uuid4

from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.extensions import db
from backoffice.models.base import Entity, Record
from backoffice.testing.asking import Unknown, World
from backoffice.testing.cast import Cast


def stored(*rows: Record) -> World:
    """Store two rows of each model, and a preview by which olivia would delete one of them.

    It needs the fixture `cast` or `staff`. Raises Unknown where there are not two of a model.
    """
    _require_two(rows)
    db.session.add_all(rows)
    db.session.commit()
    ids: dict[type[Record], list[int]] = defaultdict(list)
    for row in rows:
        ids[type(row)].append(row.id)
    versions: dict[type[Record], int] = {
        type(row): row.version for row in rows if isinstance(row, Entity)
    }
    pairs = {model: (one, other) for model, (one, other) in ids.items()}
    return World(pairs, versions, _preview_of(rows[0]))


def _require_two(rows: Sequence[Record]) -> None:
    """Raise Unknown where there are not two rows of a model, or none at all."""
    if not rows:
        raise Unknown("give two rows of each model")
    for model, number in Counter(map(type, rows)).items():
        if number != 2:
            raise Unknown(f"give two rows of {model.__name__}")


def _preview_of(row: Record) -> str:
    """Return the token of a preview of olivia's, or one of nobody's where no row can be deleted."""
    action = find(f"{row.__tablename__}.delete")
    if action is None:
        return str(uuid4())
    planned = preview(
        actor=Cast().actor("olivia"),
        action=action,
        selection=Selection(ids=[row.id]),
        parameters={},
    )
    db.session.commit()
    return str(planned.run.token)

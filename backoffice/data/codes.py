"""The few words that a column of codes has in millions of rows, such as the actions in the events log."""

from sqlalchemy import Select, func, select

from backoffice.models import fields
from backoffice.models.base import Record


def every(model: type[Record], name: str) -> Select[str]:
    """Selects every code of the column: from one to the next in its index, so that each costs one look."""
    column = fields.attribute(model, name)
    found = select(func.min(column).label("code")).cte(f"codes_of_{name}", recursive=True)
    following = (
        select(func.min(column)).where(column > found.c.code).correlate(found).scalar_subquery()
    )
    found = found.union_all(select(following).where(found.c.code.is_not(None)))
    return select(found.c.code).where(found.c.code != "").order_by(found.c.code)

"""Find the few codes that a column has in millions of rows, such as the actions in the log."""

from sqlalchemy import Select, func, select

from backoffice.models import fields
from backoffice.models.base import Record


def every(model: type[Record], name: str) -> Select[str]:
    """Select every code of the column.

    The recursive query goes from one code to the next in the column's index, and needs one look-up
    for each.
    """
    column = fields.attribute(model, name)
    codes = select(func.min(column).label("code")).cte(f"codes_of_{name}", recursive=True)
    following = select(func.min(column)).where(column > codes.c.code).correlate(codes)
    next_code = select(following.scalar_subquery()).where(codes.c.code.is_not(None))
    codes = codes.union_all(next_code)
    return select(codes.c.code).where(codes.c.code != "").order_by(codes.c.code)

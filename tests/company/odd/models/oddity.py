"""Models of tables with odd values, and with odd keys."""

from sqlalchemy import select

from backoffice.models.columns import column
from backoffice.models.external import External, SqlView


class Oddity(External):
    __table_name__ = "ODDITIES"
    __label__ = "no"

    chosen = column(choices=("open", "shut"))


class ByTime(External):
    """Rows that a time tells apart."""

    __table_name__ = "BY_TIME"


class ByAmount(External):
    """Rows that an amount tells apart."""

    __table_name__ = "BY_AMOUNT"


class ByCode(External):
    """Rows that a text of a fixed length tells apart."""

    __table_name__ = "BY_CODE"


class Twice(External):
    """Rows that their key does not tell apart, although the model says so."""

    __table_name__ = "TWICE"
    __key__ = ("NO", "PLACE")


class Doubled(SqlView):
    __key__ = ("no",)
    __query__ = staticmethod(lambda: select(Twice.no, Twice.name))

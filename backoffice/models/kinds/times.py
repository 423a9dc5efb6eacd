"""Days, moments and times of day."""

from datetime import UTC, date, datetime
from datetime import time as day_time

from flask_babel import gettext as _
from sqlalchemy import Date as DateType
from sqlalchemy import DateTime
from sqlalchemy import Time as TimeType

from backoffice.models.kinds.kind import Kind, Schema
from backoffice.models.types import TableColumn, UTCDateTime

YEARS = (1900, 9000)  # of moments: every zone can show them


class Date(Kind[date]):
    """A day."""

    name = "date"
    types = (DateType,)
    shape = "day"
    sorts = True
    lowest = date(1, 1, 1)

    def check(self, column: TableColumn, value: object) -> date:
        day = value if isinstance(value, date) else self._read(str(value))
        least, most = column.info.get("least", date.min), column.info.get("most", date.max)
        if not least <= day <= most:
            raise ValueError(self.refusal(column))
        return day

    def _read(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(_("Write the date as 2026-01-31.")) from None

    def refusal(self, column: TableColumn) -> str:
        least, most = column.info.get("least", date.min), column.info.get("most", date.max)
        return _("Give a date between %(least)s and %(most)s.", least=least, most=most)

    def write(self, _column: TableColumn, value: date | None) -> str:
        return value.isoformat() if value else ""

    def export(self, _column: TableColumn, value: date | None) -> date | None:
        return value

    def schema(self, column: TableColumn) -> Schema:
        return {"type": "string", "format": "date"}


class Moment(Kind[datetime]):
    """A date and a time, in UTC."""

    name = "time"
    types = (UTCDateTime, DateTime)
    shape = "moment"
    sorts = True
    lowest = datetime(1, 1, 1, tzinfo=UTC)

    def check(self, column: TableColumn, value: object) -> datetime:
        moment = value if isinstance(value, datetime) else self._read(str(value))
        if not YEARS[0] <= moment.year <= YEARS[1]:
            raise ValueError(self.refusal(column))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def _read(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(_("Write the time as 2026-01-31 14:30.")) from None

    def refusal(self, _column: TableColumn) -> str:
        return _("Give a year between %(least)s and %(most)s.", least=YEARS[0], most=YEARS[1])

    def write(self, _column: TableColumn, value: datetime | None) -> str:
        return value.isoformat() if value else ""

    def export(self, _column: TableColumn, value: datetime | None) -> datetime | None:
        return value

    def schema(self, column: TableColumn) -> Schema:
        return {"type": "string", "format": "date-time"}


class DayTime(Kind[day_time]):
    """A time of day, the same on every day."""

    name = "time_of_day"
    types = (TimeType,)
    sorts = True
    lowest = day_time(0, 0)

    def check(self, _column: TableColumn, value: object) -> day_time:
        if isinstance(value, day_time):
            return value.replace(tzinfo=None)
        try:
            return day_time.fromisoformat(str(value)).replace(tzinfo=None)
        except ValueError:
            raise ValueError(_("Write the time as 14:30.")) from None

    def write(self, _column: TableColumn, value: day_time | None) -> str:
        return value.isoformat() if value is not None else ""

    def schema(self, column: TableColumn) -> Schema:
        return {"type": "string", "format": "time"}

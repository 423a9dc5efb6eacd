"""Dates, times with their date, and times of day."""

from datetime import UTC, date, datetime, time

from flask_babel import gettext as _
from sqlalchemy import Date as DateType
from sqlalchemy import DateTime as DateTimeType
from sqlalchemy import Time as TimeType

from backoffice.models.kinds.kind import Kind
from backoffice.models.types import TableColumn, UTCDateTime
from backoffice.text import in_utc

YEARS = (1900, 9000)  # of moments: every zone can show them


class Date(Kind[date]):
    """A day."""

    name = "date"
    types = (DateType,)
    shape = "day"
    sorts = True

    def lowest(self, _column: TableColumn) -> date:
        return date(1, 1, 1)

    def clean(self, column: TableColumn, value: object) -> date:
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


class DateTime(Kind[datetime]):
    """A date and a time, in UTC."""

    name = "time"
    types = (UTCDateTime, DateTimeType)
    shape = "moment"
    sorts = True

    def lowest(self, _column: TableColumn) -> datetime:
        return datetime(1, 1, 1, tzinfo=UTC)

    def clean(self, column: TableColumn, value: object) -> datetime:
        moment = value if isinstance(value, datetime) else self._read(str(value))
        self._check_year(column, moment)  # the first and the last year have no other zones
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        self._check_year(column, moment)
        return moment

    def _check_year(self, column: TableColumn, moment: datetime) -> None:
        if not YEARS[0] <= moment.year <= YEARS[1]:
            raise ValueError(self.refusal(column))

    def _read(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(_("Write the time as 2026-01-31 14:30.")) from None

    def refusal(self, _column: TableColumn) -> str:
        return _("Give a year between %(least)s and %(most)s.", least=YEARS[0], most=YEARS[1])

    def write(self, _column: TableColumn, value: datetime | None) -> str:
        return value.isoformat() if value else ""

    def tell(self, _column: TableColumn, value: datetime) -> str:
        return in_utc(value)

    def export(self, _column: TableColumn, value: datetime | None) -> datetime | None:
        return value


class Time(Kind[time]):
    """A time of day, the same on every day."""

    name = "time_of_day"
    types = (TimeType,)
    sorts = True

    def lowest(self, _column: TableColumn) -> time:
        return time(0, 0)

    def clean(self, _column: TableColumn, value: object) -> time:
        of_day = value if isinstance(value, time) else self._read(str(value))
        if of_day.tzinfo is not None:
            raise ValueError(_("Write the time without a zone, as 14:30."))
        return of_day

    def _read(self, text: str) -> time:
        try:
            return time.fromisoformat(text)
        except ValueError:
            raise ValueError(_("Write the time as 14:30.")) from None

    def write(self, _column: TableColumn, value: time | None) -> str:
        return value.isoformat() if value is not None else ""

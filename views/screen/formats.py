"""Write rows as files.

CSV is written as spreadsheets read it, XLSX is for spreadsheets alone, and JSON is for programs.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from backoffice import limits

if TYPE_CHECKING:  # it is imported where it is used
    from xlsxwriter.format import Format as Style
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

ROWS_AT_ONCE = limits.EXPORT_ROWS
BYTES_AT_ONCE = 64 * 1024
BOM = "\ufeff"  # without it Excel takes UTF-8 for the code page of its country
COLUMN_WIDTH = 22  # characters; a time that does not fit is shown as ####
SHEET_ROWS = 1_048_576  # of XLSX, heading included (ECMA-376, Excel's specifications and limits)
CELL_LENGTH = 32_767  # characters, likewise
EXACT = 2**53  # a cell holds floating-point numbers: larger whole numbers would be rounded

# What a spreadsheet may take for a formula (OWASP, CSV Injection), in full width too: so Japanese
# and Chinese keyboards write it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Seven digits at least; after a blank nothing can be calculated any more.
PHONE = re.compile(r"\+(?=(?:[ ()-]*[0-9]){7})[0-9]+( [0-9() -]+)?", re.ASCII)

Row = Sequence[object]
Way = Literal["export", "plain"]
Heading = tuple[str, str]  # the attribute's name, and what people call it


@dataclass(frozen=True)
class Format:
    """One way to write rows: `write` yields the file in pieces, however many rows there are.

    `way` says whether its values are for people's spreadsheets or for programs (models/kinds).
    """

    ending: str
    content_type: str
    way: Way
    write: Callable[[Sequence[Heading], Iterable[Row]], Iterator[bytes]]


def guarded(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula.

    Numbers stay numbers, and telephone numbers stay as they are.
    """
    if not isinstance(value, str) or not value.lstrip("'").startswith(FORMULA_STARTS):
        return value
    if PHONE.fullmatch(value):
        return value
    # A text that begins with the guard itself gets one more, and thus can be told from it.
    return f"'{value}"


def csv_writer(*, bom: bool) -> Callable[[Sequence[Heading], Iterable[Row]], Iterator[bytes]]:
    """Return a function that writes CSV in UTF-8, with a byte order mark for Excel if `bom`."""

    def write(headings: Sequence[Heading], rows: Iterable[Row]) -> Iterator[bytes]:
        buffer = io.StringIO(BOM if bom else "")
        buffer.seek(0, io.SEEK_END)
        writer = csv.writer(buffer)
        writer.writerow([guarded(label) for _name, label in headings])
        for number, row in enumerate(rows, 1):
            writer.writerow([guarded(_as_text(value)) for value in row])
            if number % ROWS_AT_ONCE == 0:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode()

    return write


def write_json(headings: Sequence[Heading], rows: Iterable[Row]) -> Iterator[bytes]:
    """Write an array of objects by the attributes' names, one object a line."""
    names = [name for name, _label in headings]
    parts = ["["]
    for number, row in enumerate(rows, 1):
        values = dict(zip(names, map(_plain, row), strict=True))
        text = json.dumps(values, ensure_ascii=False, default=str)
        comma = "," if number > 1 else ""
        parts.append(f"{comma}\n{text}")
        if number % ROWS_AT_ONCE == 0:
            yield "".join(parts).encode()
            parts.clear()
    yield "".join([*parts, "\n]\n"]).encode()


def write_xlsx(headings: Sequence[Heading], rows: Iterable[Row]) -> Iterator[bytes]:
    """Write a workbook in which texts are texts, numbers are numbers, and times are times in UTC.

    A sheet that is full is followed by another one.
    """
    import xlsxwriter  # noqa: PLC0415  # 42 modules, which most workers never need

    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
        with xlsxwriter.Workbook(file, options) as workbook:
            bold = workbook.add_format({"bold": True})
            day = workbook.add_format({"num_format": "yyyy-mm-dd"})
            sheet = None
            position = SHEET_ROWS  # as if a sheet were full: the first row begins one
            for row in rows:
                if position == SHEET_ROWS:
                    sheet = _new_sheet(workbook, headings, bold)
                    position = 1
                _write_row(sheet, position, row, day)
                position += 1
            if sheet is None:
                _new_sheet(workbook, headings, bold)
        file.seek(0)
        while piece := file.read(BYTES_AT_ONCE):
            yield piece


def formats(*, bom: bool) -> dict[str, Format]:
    """Return every format by its ending, the most common first."""
    spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    all_formats = (
        Format("csv", "text/csv; charset=utf-8", "export", csv_writer(bom=bom)),
        Format("xlsx", spreadsheet, "export", write_xlsx),
        Format("json", "application/json", "plain", write_json),
    )
    return {each.ending: each for each in all_formats}


ENDINGS = tuple(formats(bom=False))


def _new_sheet(workbook: "Workbook", headings: Sequence[Heading], bold: "Style") -> "Worksheet":
    sheet = workbook.add_worksheet()
    for column, (_name, label) in enumerate(headings):
        sheet.write_string(0, column, label, bold)
    sheet.set_column(0, len(headings) - 1, COLUMN_WIDTH)
    sheet.freeze_panes(1, 0)
    return sheet


def _write_row(sheet: "Worksheet", position: int, row: Row, day: "Style") -> None:
    for column, value in enumerate(row):
        if value is None:
            continue
        if isinstance(value, bool):
            sheet.write_boolean(position, column, value)
        elif isinstance(value, datetime):
            sheet.write_datetime(position, column, value.astimezone(UTC).replace(tzinfo=None))
        elif isinstance(value, date):
            sheet.write_datetime(position, column, value, day)
        elif isinstance(value, (int, float, Decimal)) and -EXACT <= value <= EXACT:
            sheet.write_number(position, column, value)
        else:
            sheet.write_string(position, column, str(_as_text(value))[:CELL_LENGTH])


def _as_text(value: object) -> object:
    """Join several values and write times as ISO 8601; the csv module writes everything else."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return _plain(value)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value

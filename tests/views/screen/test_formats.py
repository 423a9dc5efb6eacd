"""Test exported files by reading them back with other programs."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from views.screen import formats

HEADINGS = [("id", "ID"), ("name", "Name")]
ODD = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "=cmd|' /C calc'!A0",
    "＝1",
    "＋1",
    "－1",
    "＠A1",
    "+1-2",
]
PHONES = ["+49 30 123456", "+1 415-555-2671", "+44 (20) 7946 0958", "+4930123456"]


def written(ending: str, rows: Any, *, bom: bool = True) -> bytes:
    return b"".join(formats.formats(bom=bom)[ending].write(HEADINGS, rows))


def in_excel(content: bytes) -> list[list[list[Any]]]:
    """Return the cells of every sheet, as a spreadsheet program has them."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book]


def test_a_csv_says_that_it_is_unicode_unless_the_setting_says_no() -> None:
    assert written("csv", [(1, "Łukasz")]).startswith(b"\xef\xbb\xbfID,Name\r\n")
    assert written("csv", [(1, "Łukasz")], bom=False).startswith(b"ID,Name\r\n1,\xc5\x81ukasz")


@pytest.mark.parametrize("text", ODD)
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    found = list(
        csv.reader(io.StringIO(written("csv", [(1, text)]).decode("utf-8-sig"), newline=""))
    )
    assert found == [["ID", "Name"], ["1", f"'{text}"]]


@pytest.mark.parametrize("phone", PHONES)
def test_telephone_numbers_stay_as_people_write_them(phone: str) -> None:
    assert f"1,{phone}\r\n" in written("csv", [(1, phone)]).decode()


@pytest.mark.parametrize(
    "text", [*ODD, *PHONES, "0049", "1e5", "https://example.com", "a\x00b\x0bc", "TRUE", " x "]
)
def test_texts_are_texts_in_a_workbook(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", [(1, text)])))
    cell = book.worksheets[0]["B2"]
    assert cell.data_type == "s"
    assert unescape(str(cell.value)) == text


def test_numbers_and_times_are_numbers_and_times_in_a_workbook() -> None:
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    utc, day = datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    rows = [
        (1, moment),
        (2, day.date()),
        (3, True),
        (4, 1.5),
        (5, None),
        (6, ["a", "b"]),
        (7, Decimal("0.10")),
    ]
    (sheet,) = in_excel(written("xlsx", [*rows, (2**60, "large")]))
    assert [row[1] for row in sheet[1:]] == [
        utc.replace(tzinfo=None),
        day.replace(tzinfo=None),
        True,
        1.5,
        None,
        "a, b",
        0.1,
        "large",
    ]
    assert sheet[-1][0] == str(2**60), "a number that would be rounded is a text"


def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "SHEET_ROWS", 3)
    sheets = in_excel(written("xlsx", [(number, "x") for number in range(5)]))
    assert [[row[0] for row in sheet] for sheet in sheets] == [
        ["ID", 0, 1],
        ["ID", 2, 3],
        ["ID", 4],
    ]


def test_a_cell_that_is_too_long_is_cut() -> None:
    (sheet,) = in_excel(written("xlsx", [(1, "é" * 40_000)]))
    assert sheet[1][1] == "é" * formats.CELL_LENGTH


@pytest.mark.parametrize("ending", formats.formats(bom=True))
def test_nothing_to_write_is_a_file_with_its_head(ending: str) -> None:
    content = written(ending, [])
    read = {
        "csv": lambda: content.decode("utf-8-sig"),
        "xlsx": lambda: in_excel(content),
        "json": lambda: json.loads(content),
    }
    assert read[ending]() == {"csv": "ID,Name\r\n", "xlsx": [[["ID", "Name"]]], "json": []}[ending]


def test_json_has_times_in_utc_and_names_of_attributes() -> None:
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert json.loads(written("json", [(1, moment)])) == [
        {"id": 1, "name": "2026-03-29T01:30:00+00:00"}
    ]


def test_rows_are_written_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million rows are written in little memory, because they are not collected first."""
    monkeypatch.setattr(formats, "ROWS_AT_ONCE", 10)
    taken: list[int] = []
    pieces = formats.formats(bom=False)["csv"].write(
        HEADINGS, ((taken.append(n) or n, "x") for n in range(100))
    )
    next(pieces)
    assert len(taken) == 10

"""Meet values that a column's type cannot read, in every column of an existing table.

`test_odd_values.py` runs this with the package `odd`.
"""

import base64
import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from odd.models.oddity import Oddity
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from backoffice.extensions import db
from backoffice.models import fields
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company.existing import rows
from tests.support.html import read, sent_by

LIST = "/admin/oddities/"
ROW = f"{LIST}~A"
RUBBISH = "'rubbish'"
NUMBERS = ("''", RUBBISH, "9e999", "-9e999", "1e300", "x'ff00'", "'12abc'", "'0x10'")
TIMES = ("''", RUBBISH, "'0000-00-00'", "'2026-02-31'", "20260131", "1.5", "x'ff'", "'infinity'")
TEXTS = ("''", "x'ff'", "CAST(x'ff41' AS TEXT)", "CAST(x'eda080' AS TEXT)", "'a' || char(0)")
ANSWERS = ("2", "-1", "''", RUBBISH, "1.5", "x'01'")
INFINITE = ("'infinity'", "'-infinity'")
MOMENTS = (*INFINITE, "'10000-01-01'", "'0044-03-15 BC'", "'9999-12-31 23:59'", "'0001-01-01'")
FLOATS = ("'NaN'", "'Infinity'", "'-Infinity'", "1e300")
ODD: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {
        **dict.fromkeys(("WORDS", "LONG_TEXT", "CODE", "CHOSEN"), TEXTS),
        **dict.fromkeys(
            ("DAY", "AT", "NEEDED"), (*TIMES, "'9999-12-31 23:59:59'", "'2026-01-31 10:00:00'")
        ),
        "CLOCK": (*TIMES, "'24:00:00'", "'10:00'", "'10:00+02:00'"),
        **dict.fromkeys(("EXACT", "ANY_EXACT", "REAL", "ZONED"), NUMBERS),
        **dict.fromkeys(("SMALL", "WHOLE", "BIG"), (*NUMBERS, "1.5", "9223372036854775807")),
        **dict.fromkeys(("SURE", "PERHAPS"), ANSWERS),
        "DOCUMENT": ("''", RUBBISH, "'\"\\ud800\"'", "'NaN'", "'[1e999]'", "12", "x'ff'"),
        "UID": ("''", RUBBISH, "12", "x'ff'"),
    },
    "postgresql": {
        **dict.fromkeys(("WORDS", "LONG_TEXT", "CODE", "CHOSEN"), ("''", "'  '", "'gone'")),
        **dict.fromkeys(("DAY", "AT", "ZONED", "NEEDED"), MOMENTS),
        "CLOCK": ("'24:00:00'",),
        **dict.fromkeys(("EXACT",), ("'NaN'",)),
        "ANY_EXACT": (*FLOATS, "1e-200", "'1e1000'"),
        "REAL": FLOATS,
        **dict.fromkeys(("SMALL", "WHOLE", "BIG"), ("-32768", "32767")),
        "DOCUMENT": ("'\"\\ud800\"'", "'\"\\u0000\"'", "'null'", "'[1e999]'"),
    },
}


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def engine(olivia: Client) -> str:
    return str(db.engine.dialect.name)


def stored() -> list[Any]:
    """Return all values of all rows, as the database writes them."""
    settle()
    names = [f'"{column.name}"' for column in Oddity.__table__.columns]
    is_sqlite = db.engine.dialect.name == "sqlite"
    written = [f"quote({name})" if is_sqlite else f"CAST({name} AS TEXT)" for name in names]
    asked = text(f'SELECT {", ".join(written)} FROM "ODDITIES" ORDER BY "NO"')
    found = [tuple(row) for row in db.session.execute(asked)]
    settle()
    return found


def cases(engine: str) -> Iterator[tuple[str, str]]:
    for column, values in ODD[engine].items():
        for value in values:
            yield column, value


def queries(name: str) -> Iterator[str]:
    """Yield what a list can be asked about a column."""
    shape = fields.shape(Oddity, name)
    asked = {
        "day": ("from=2026-01-01", "to=2026-12-31"),
        "moment": ("from=2026-01-01", "to=2026-12-31"),
        "range": ("from=1", "to=5"),
    }
    yield from (f"?{name}.{bound}" for bound in asked.get(shape, ()))
    if shape == "yes":
        yield from (f"?{name}=yes", f"?{name}=no")
    if shape == "text":
        yield f"?{name}=a"
    kind = fields.kind(Oddity, name)
    if kind and kind.sorts:
        yield from (f"?sort={name}", f"?sort=-{name}")


@pytest.mark.parametrize("column", list(ODD["sqlite"]))
def test_an_odd_value_is_shown_kept_exported_and_sorted(
    olivia: Client, engine: str, column: str
) -> None:
    for value in ODD[engine].get(column, ()):
        rows.sql('DELETE FROM "ODDITIES"')
        write(column, value)
        before = stored()
        meet(olivia, column.lower())
        assert stored() == before, value


def write(column: str, value: str) -> None:
    """Write a row with the value, and one without; `value` is SQL."""
    rows.sql(f'INSERT INTO "ODDITIES" ("NO", "{column}") VALUES (\'A\', {escaped(value)})')
    rows.sql("""INSERT INTO "ODDITIES" ("NO") VALUES ('B')""")


def escaped(value: str) -> str:
    return value.replace(":", r"\:")  # which would begin a parameter


def meet(client: Client, name: str) -> None:
    """Look at the row in every way, save it as it is, and export it."""
    for path in (LIST, ROW, f"{ROW}/edit", f"{ROW}/menu", *(LIST + q for q in queries(name))):
        assert client.get(path).status_code == 200, path
    assert "~A" in client.get(LIST).get_data(as_text=True)
    form = read(client.get(f"{ROW}/edit")).one("main form")
    answer = client.raw_post(f"{ROW}/edit", data=MultiDict(sent_by(form)))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    exported = client.get(f"{LIST}export.json").get_data(as_text=True)
    assert len(json.loads(exported, parse_constant=pytest.fail)) == 2
    lines = csv.reader(io.StringIO(client.get(f"{LIST}export.csv").get_data(as_text=True)))
    assert len(list(lines)) == 3
    assert client.get(f"{LIST}export.xlsx").status_code == 200


@pytest.mark.parametrize(
    "column, value, shown",
    [("DAY", "infinity", "infinity"), ("REAL", "Infinity", "Infinity"), ("EXACT", "NaN", "NaN")],
)
def test_it_is_said_that_a_value_cannot_be_read(
    olivia: Client, column: str, value: str, shown: str
) -> None:
    rows.sql(f'INSERT INTO "ODDITIES" ("NO", "{column}") VALUES (\'A\', :value)', value=value)
    for path in (LIST, ROW):
        assert f"{shown} unreadable" in read(olivia.get(path)).text
    page = read(olivia.get(f"{ROW}/edit"))
    field = page.one(f"input[name={column.lower()}]")
    assert (field["type"], field["value"]) == ("text", shown)
    assert "cannot be read" in page.text
    assert f'"{column.lower()}": "{shown}"' in olivia.get(f"{LIST}export.json").text
    assert olivia.get(f"{LIST}new?_from=~A").status_code == 200
    refused = rows.sent(olivia, f"{ROW}/edit", **{column.lower(): "nonsense"})
    assert refused.status_code == 422
    assert "nonsense" in read(refused).one(f"input[name={column.lower()}]")["value"]
    new = "2026-01-31" if column == "DAY" else "1.5"
    assert rows.sent(olivia, f"{ROW}/edit", **{column.lower(): new}).status_code == 303
    assert str(rows.value(column, "ODDITIES")).startswith(new)
    assert rows.newest_event().before == {column.lower(): shown}


def test_a_change_is_compared_with_what_cannot_be_read(olivia: Client) -> None:
    rows.sql("""INSERT INTO "ODDITIES" ("NO", "DAY") VALUES ('A', 'infinity')""")
    old = rows.version(olivia, f"{ROW}/edit")
    rows.sql("""UPDATE "ODDITIES" SET "WORDS" = 'else'""")
    answer = olivia.post(f"{ROW}/edit", {"version": old, "words": "mine", "day": "infinity"})
    assert answer.status_code == 409
    assert "infinity" in read(answer).text


@pytest.mark.parametrize("sort", ["day", "-day", "at", "-at", "real", "-real", "exact"])
def test_lists_page_by_values_that_cannot_be_read(olivia: Client, sort: str) -> None:
    odd = {"DAY": "infinity", "AT": "infinity", "REAL": "Infinity", "EXACT": "NaN"}
    good = {"DAY": "2026-01-31", "AT": "2026-01-31 10:00:00", "REAL": "1.5", "EXACT": "2.5"}
    for number in range(50):
        values = odd if number % 2 else good
        insert = 'INSERT INTO "ODDITIES" ("NO", "DAY", "AT", "REAL", "EXACT") VALUES'
        rows.sql(f"{insert} ('{number}', :DAY, :AT, :REAL, :EXACT)", **values)
    there = pages(olivia, f"?size=20&sort={sort}", "after")
    assert len(there) == len(set(there)) == 50
    assert pages(olivia, there.last, "before") == there


class Keys(list[str]):
    """The keys of all pages in a row, and the address of the last one."""

    last = ""


def pages(client: Client, query: str, place: str) -> Keys:
    found = Keys()
    while query:
        found.last = query
        page = client.get(LIST + query).get_data(as_text=True)
        keys = re.findall(r"name=row value=(\S+)", page)
        found[:] = [*found, *keys] if place == "after" else [*keys, *found]
        links = [href.replace("&amp;", "&") for href in re.findall(r'href="(\?[^"]*)"', page)]
        query = next((href for href in links if f"{place}=" in href), "")
    return found


def test_a_forged_place_in_a_list_tells_nothing(olivia: Client) -> None:
    rows.sql("""INSERT INTO "ODDITIES" ("NO", "DAY") VALUES ('A', 'infinity')""")
    for content in ('[null, "~A"]', '[null, "~gone"]', "[null, 1]", '[null, "A"]', "[null, null]"):
        place = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")
        for sort in ("day", "id", "real"):
            answer = olivia.get(f"{LIST}?sort={sort}&after={place}")
            assert answer.status_code in (200, 400), (content, sort)


@pytest.mark.parametrize(
    "column, odd, new", [("EXACT", "NaN", "1.50"), ("REAL", "NaN", "1.5"), ("DAY", "infinity", "")]
)
def test_a_run_changes_what_cannot_be_read_and_gives_it_back(
    olivia: Client, column: str, odd: str, new: str
) -> None:
    for key in ("A", "B"):
        insert = f'INSERT INTO "ODDITIES" ("NO", "{column}") VALUES (:key, :odd)'
        rows.sql(insert, key=key, odd=odd)
    before = stored()
    name = column.lower()
    run = rows.act(olivia, "oddities", "change-field", "~A", field="words", words="Else")
    assert name not in (rows.newest_event().after or {})
    rows.undo(olivia, run)
    assert stored() == before
    run = rows.act(olivia, "oddities", "change-field", "~A", field=name, **{name: new})
    assert rows.newest_event().before == {name: odd}
    assert stored() != before
    rows.undo(olivia, run)
    assert stored() == before
    assert olivia.get(rows.newest_run()).status_code == 200

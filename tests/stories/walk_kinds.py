"""Use the screen of specimens, in the copy of the code where `test_every_kind.py` runs this."""

import csv
import io
import json
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from playwright.sync_api import Page
from sqlalchemy import select

from backoffice.events import verification
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.files import listed
from backoffice.models.kinds import files, table
from backoffice.models.specimen import Level, Specimen  # the test writes it
from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.stories.specimens import (
    DEFAULTS,
    ELSEWHERE,
    EPOCH,
    LIST,
    WRITTEN,
    event_count,
    prepare,
    saved,
    specimen,
    specimens,
    stored,
    visited,
)
from tests.support.html import link, read, row_ids, sent_by
from views.screen.formats import FORMULA_STARTS


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return visited(client)


def test_specimens_have_every_kind() -> None:
    kinds = {fields.kind(Specimen, name) for name in WRITTEN}
    assert {kind for name, kind in table().items() if name not in ELSEWHERE} == kinds


@settings(max_examples=30)
@given(values=specimens())
def test_an_untouched_form_changes_nothing(
    values: dict[str, Any], olivia: Client, cast: Cast
) -> None:
    row_id = specimen(cast, **values)
    before, events = stored(row_id), event_count()
    answer = saved(olivia, row_id)
    assert answer.status_code == 303, [e.text for e in read(answer).all("p", class_="error")]
    assert stored(row_id) == before
    assert event_count() == events


@settings(max_examples=20)
@given(values=specimens())
def test_what_is_exported_can_be_read_again(
    values: dict[str, Any], olivia: Client, cast: Cast
) -> None:
    for name in WRITTEN:  # only what the product itself would have stored
        kind, column = fields.kind(Specimen, name), fields.column(Specimen, name)
        try:
            if values[name] is not None and kind is not None:
                values[name] = kind.clean(column, values[name])
        except ValueError:
            values[name] = None if column.nullable else DEFAULTS.get(name, "One")
    values |= {"name": values["name"] or "One", "marks": values["marks"] or []}
    row_id = specimen(cast, **values)
    before = stored(row_id)
    (row,) = json.loads(exported(olivia, "json", row_id))
    (line,) = csv.DictReader(io.StringIO(exported(olivia, "csv", row_id).lstrip("\ufeff")))
    labels = {fields.heading(name): name for name in WRITTEN}
    texts = {labels[label]: text for label, text in line.items() if label in labels}
    for name in WRITTEN:
        kind, column = fields.kind(Specimen, name), fields.column(Specimen, name)
        assert kind is not None
        if isinstance(kind, files.File):  # a table tells of files, and has none
            assert tells_of_files(before[name], row[name], texts[name]), name
            continue
        plain = row[name] if row[name] is None else kind.clean(column, row[name])
        assert plain == before[name], f"{name} in JSON"
        read_back = kind.parse(column, unguarded(texts[name]))
        assert read_back == before[name] or not (read_back or before[name]), f"{name} in CSV"


def tells_of_files(value: Any, plain: Any, text: str) -> bool:
    """Return whether both exports have the name, size and digest of each file, and no key."""
    told = plain if isinstance(plain, list) else [plain] if plain else []
    expected = [(file.name, file.size, file.sha256) for file in listed(value)]
    words = ", ".join(f"{name} ({size} bytes, SHA-256 {digest})" for name, size, digest in expected)
    described = [(each["name"], each["size"], each["sha256"]) for each in told]
    has_keys = any("key" in each for each in told)
    return described == expected and unguarded(text) == words and not has_keys


def exported(client: Client, ending: str, row_id: int) -> str:
    address = f"{LIST}export.{ending}?search={row_id}&sort=-id"
    text = client.get(address, buffered=True).get_data(as_text=True)
    if ending == "json":
        return json.dumps([row for row in json.loads(text) if row["id"] == row_id])
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    out = io.StringIO()
    csv.writer(out).writerows([rows[0], *(row for row in rows[1:] if row[0] == str(row_id))])
    return out.getvalue()


def unguarded(text: str) -> str:
    """Take off what keeps spreadsheets from taking a text for a formula."""
    is_guarded = text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS)
    return text[1:] if is_guarded else text


SORTED = [
    name
    for name in fields.visible(Specimen)
    if (kind := fields.kind(Specimen, name)) and kind.sorts
]


@pytest.fixture
def many(olivia: Client, cast: Cast) -> list[int]:
    """Add 25 specimens with large and small, strange and missing values, and return their ids."""
    odd = [
        {
            "name": "Ж" * 80,
            "title": "漢" * 254,
            "level": Level.HIGH,
            "opens": time(number % 24, 30),
            "ratio": 10.0 ** (12 * number),
            "large": 2**63 - 1 - number,
            "at": EPOCH + timedelta(days=number),
            "day": date(2026, 1, 1 + number),
            "weight": Decimal(number) / 8,
            "country": "FR",
        }
        for number in range(24)
    ]
    return [specimen(cast, **values) for values in [*odd, {"name": "None of them"}]]


@pytest.mark.parametrize("name", SORTED)
def test_every_order_leads_to_every_row(name: str, olivia: Client, many: list[int]) -> None:
    olivia.post(f"{LIST}preferences", {"size": "20"})
    for sort in (name, f"-{name}"):
        first = olivia.get(f"{LIST}?sort={sort}")
        second = olivia.get(LIST + link(first, "Next"))
        assert (first.status_code, second.status_code) == (200, 200), sort
        assert sorted(row_ids(first) + row_ids(second)) == many, sort


def test_nothing_is_chosen_by_itself(olivia: Client) -> None:
    form = read(olivia.get(f"{LIST}new")).one("form", class_="form")
    sent = dict(sent_by(form))
    assert (sent["level"], sent["grade"], sent["country"]) == ("", "", "")
    assert (sent["status"], sent["small"]) == ("new", "1")
    chosen = [e for e in form.all("input", name="manager") if e["type"] == "radio"]
    assert "" not in [e["value"] for e in chosen], "a required relation offers no None"
    assert "" in [e["value"] for e in form.all("input", name="deputy") if e["type"] == "radio"]


def test_pages_show_the_words_and_filters_find_them(olivia: Client, cast: Cast) -> None:
    mark = "deadbeef-0000-4000-8000-000000000001"
    row_id = specimen(
        cast, level=Level.HIGH, country="FR", price=Decimal("1234.5"), uuid=UUID(mark),
        url="https://example.com/?a=1&b=2", facts={"depth": 3}, is_known=False, opens=time(7, 30),
    )  # fmt: skip
    specimen(cast, level=Level.LOW, country="DE")
    details = read(olivia.get(f"{LIST}{row_id}"))
    for words in ("HIGH", "France", "€1,234.50", '"depth": 3', "07:30"):
        assert words in details.text, words
    assert details.one("a", href="https://example.com/?a=1&b=2")
    assert details.one("span", class_="tag-green").text == "Brand-new"
    for query in ("level=HIGH", "country=FR", f"uuid={mark}", "price.from=1000", "is_known=no"):
        assert row_ids(olivia.get(f"{LIST}?{query}")) == [row_id], query
    assert olivia.get(f"{LIST}?uuid=12").status_code == 400
    assert olivia.get(f"{LIST}?level=MIDDLE").status_code == 400


def test_an_action_notes_the_one_related_row_before_and_after(olivia: Client, cast: Cast) -> None:
    facts = {"a": 1.0, "b": {"c": 1e300}}
    row_id = specimen(cast, level=Level.HIGH, weight=Decimal("1.5"), facts=facts)
    preview = olivia.post(f"{LIST}actions/give", {"row": row_id}).location
    olivia.post(preview, {"step": "choose", "with.to": ["", cast.vera.id]})
    assert olivia.post(preview, {"step": "run"}).status_code == 303
    settle()
    event = db.session.scalars(select(Event).where(Event.action == "specimens.give")).one()
    assert event.before["manager"] == f"Person {cast.max.id}"
    assert event.after["manager"] == f"Person {cast.vera.id}"
    assert event.before["level"] == event.after["level"] == "HIGH"
    assert json.loads(event.before["facts"]) == stored(row_id)["facts"]
    assert verification.verify() == []


@pytest.mark.browser
def test_a_browser_sends_an_untouched_form_as_it_was(page: Page, cast: Cast) -> None:
    prepare()
    db.session.add(ClientTag(name="Gold"))
    settle()
    row_id = specimen(
        cast, title="two  blanks ", note="\nfirst\r\nsecond\n", email=" a@b.example", ratio=1e-7,
        phone="+49301234567", weight=Decimal("0.125"), rough=Decimal("0.1"), percent=7,
        price=Decimal("12.50"), day=date(199, 1, 2), at=EPOCH, opens=time(7, 30, 15, 123456),
        grade="former", level=Level.HIGH, country="FR", facts={"a": {"b": [1.0]}},
        marks=["a, b", " c"], is_known=None, url="https://example.com/ ", large=2**62,
    )  # fmt: skip
    before = stored(row_id)
    sign_in(page, "olivia")
    page.goto(f"{LIST}{row_id}/edit")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{LIST}{row_id}")
    assert stored(row_id) == before

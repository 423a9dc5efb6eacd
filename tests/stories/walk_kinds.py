"""Use the screen of specimens; run by `test_every_kind.py`."""

import csv
import io
import ipaddress
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page
from sqlalchemy import delete, func, inspect, select

from backoffice.events import log
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Base
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.kinds import choices, table
from backoffice.models.specimen import Level, Specimen, specimen_tags  # the test writes it
from tests.support.browser import sign_in
from tests.support.cast import Cast
from tests.support.client import Client, settle
from tests.support.html import error_at, read, row_ids, sent_by, value_of
from views.screen.formats import FORMULA_STARTS

EPOCH = datetime(1970, 1, 1, microsecond=123456, tzinfo=UTC)
LIST = "/admin/specimens/"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
# Of columns that may not be empty.
DEFAULTS: dict[str, Any] = {"phone": "", "marks": []}
WHOLE = {"amount": 31, "large": 63, "small": 15}  # bits
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
# Values as the database may hold them, by the name of the kind, however they got there.
VALUES: dict[str, Any] = {
    "text": TEXT,
    "long_text": TEXT,
    "email": st.emails() | TEXT,
    "login": TEXT,
    "phone": st.from_regex(r"\+49[1-9][0-9]{6,9}", fullmatch=True) | TEXT.map(lambda t: t[:40]),
    "url": TEXT | st.just("https://example.com/?a=1&b=2"),
    "code": TEXT.map(lambda t: t[:20]),
    "ip": st.ip_addresses().map(str),
    "network": st.ip_addresses(v=4).map(lambda ip: str(ipaddress.ip_network(f"{ip}/24", False))),
    "decimal": st.decimals(-99999, 99999, places=3),
    "money": st.decimals(0, 10**9, places=2),
    "float": st.floats(-1e300, 1e300, allow_nan=False),
    "boolean": st.booleans(),
    "date": st.dates(),
    "time": st.integers(-(10**9), 10**11).map(lambda seconds: EPOCH + timedelta(seconds=seconds)),
    "time_of_day": st.times(),
    "json": JSON,
    "texts": st.lists(TEXT, max_size=4),
    "uuid": st.uuids(),
}
# Related rows are chosen by hand below; the others are never written by a form.
ELSEWHERE = {"one", "many", "derived", "computed"}


def values_of(name: str) -> Any:
    """Return a strategy for the values of a column."""
    kind = fields.kind(Specimen, name)
    column = fields.column(Specimen, name)
    assert kind is not None
    if name == "name":  # without it, any form is refused
        return TEXT.filter(str.strip)
    if isinstance(kind, choices.Choice):
        offered = [kind.check(column, value) for value in kind.values(column)]
        values = st.sampled_from(offered)
        # A value may have been a choice in former times.
        if name == "grade":
            values = values | st.just("former")
    elif name == "percent":
        values = st.integers(0, 100)
    elif kind.name == "integer":
        values = st.integers(-(2 ** WHOLE[name]) + 1, 2 ** WHOLE[name] - 1)
    elif name == "weight":
        values = st.decimals(Decimal("-99999.999"), Decimal("99999.999"), places=3)
    else:
        values = VALUES[kind.name]
    return st.none() | values if column.nullable else values


WRITTEN = [
    attribute.key
    for attribute in inspect(Specimen).column_attrs
    if (kind := fields.kind(Specimen, attribute.key))
    and kind.written
    and not attribute.columns[0].foreign_keys
    and attribute.key not in ("id", "created_at", "updated_at")
]


@st.composite
def specimens(draw: st.DrawFn) -> dict[str, Any]:
    """Return values for every column, such that no constraint of several columns is broken."""
    values = {name: draw(values_of(name)) for name in WRITTEN}
    assume(values["small"] != 13 and (values["amount"], values["percent"]) != (13, 13))
    assume(values["grade"] != "b" or values["amount"] is not None)
    return values


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    """Sign Olivia in; there is a table for specimens, and two tags."""
    prepare()
    db.session.add_all([ClientTag(name="Gold"), ClientTag(name="Silver")])
    settle()
    return client.sign_in("olivia")


def prepare() -> None:
    """Make the table of specimens, or empty it: no test restores what the product does not know."""
    Base.metadata.create_all(db.session.connection())
    db.session.execute(delete(specimen_tags))
    db.session.execute(delete(Specimen))


def specimen(cast: Cast, **values: Any) -> int:
    """Add a specimen and return its id."""
    db.session.rollback()  # what an example before this one left
    gold = db.session.scalars(select(ClientTag).where(ClientTag.name == "Gold")).one()
    row = Specimen(**{"name": "One"} | values)
    row.manager_id, row.tags = cast.max.id, [gold]
    db.session.add(row)
    settle()
    return row.id


def stored(row_id: int) -> dict[str, Any]:
    """Return everything that the table has of a specimen."""
    settle()
    row = db.session.get_one(Specimen, row_id)
    values = {a.key: getattr(row, a.key) for a in inspect(Specimen).column_attrs}
    return values | {"tags": [tag.name for tag in row.tags]}


def untouched(client: Client, row_id: int) -> list[tuple[str, str]]:
    page = client.get(f"{LIST}{row_id}/edit")
    assert page.status_code == 200
    (form,) = [e for e in read(page).all("form") if e["action"].endswith(f"{row_id}/edit")]
    return sent_by(form)


def saved(client: Client, row_id: int, **typed: Any) -> Any:
    """Change fields of the edit form and send it."""
    sent = [(name, value) for name, value in untouched(client, row_id) if name not in typed]
    data: dict[str, list[Any]] = {}
    for name, value in [*sent, *typed.items()]:
        data.setdefault(name, []).append(value)
    return client.post(f"{LIST}{row_id}/edit", data)


def event_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Event)) or 0


def test_specimens_have_every_kind() -> None:
    kinds = {fields.kind(Specimen, name) for name in WRITTEN}
    assert {kind for name, kind in table().items() if name not in ELSEWHERE} == kinds


@settings(max_examples=60)
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


@settings(max_examples=40)
@given(values=specimens())
def test_what_is_exported_can_be_read_again(
    values: dict[str, Any], olivia: Client, cast: Cast
) -> None:
    for name in WRITTEN:  # only what the product itself would have stored
        kind, column = fields.kind(Specimen, name), fields.column(Specimen, name)
        try:
            if values[name] is not None and kind is not None:
                values[name] = kind.check(column, values[name])
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
        plain = row[name] if row[name] is None else kind.check(column, row[name])
        assert plain == before[name], f"{name} in JSON"
        read_back = kind.parse(column, unguarded(texts[name]))
        assert read_back == before[name] or not (read_back or before[name]), f"{name} in CSV"


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


REFUSED = [
    ("percent", "101", "Give a number between 0 and 100."),
    ("percent", "-1", "Give a number between 0 and 100."),
    ("percent", "half", "Give a whole number, such as 12."),
    ("amount", "2147483648", "Give a number between -2,147,483,647 and 2,147,483,647."),
    ("small", "40000", "Give a number between -32,767 and 32,767."),
    ("price", "-0.01", "Give a number of at least 0."),
    ("price", "1.005", "Use at most 2 decimal places."),
    ("weight", "100000", "Give a number between -99,999.999 and 99,999.999."),
    ("weight", "NaN", "Give a number, such as 12.50."),
    ("ratio", "inf", "Give a number, such as 12.5."),
    ("day", "31.1.2026", "Write the date as 2026-01-31."),
    ("at", "9999-12-31T23:59", "Give a year between 1900 and 9000."),
    ("opens", "25:00", "Write the time as 14:30."),
    ("url", "javascript:alert(1)", "Give an address such as https://example.com/page."),
    ("ip", "203.0.113.300", "Give an address such as 203.0.113.7."),
    ("network", "10.0.0.0/40", "Give an address or network such as"),
    ("facts", '{"a": NaN}', "JSON has no NaN."),
    ("facts", '{"a": 1,}', "This is no JSON: look at line 1."),
    ("facts", '"\\u0000"', "This has characters that cannot be stored."),
    ("facts", '"\\ud800"', "This has characters that cannot be stored."),
    ("facts", "[" * 50 + "]" * 50, "This has too many levels."),
    ("facts", "[" * 5000, "This"),
    ("uuid", "12", "Write it as 123e4567-e89b-12d3-a456-426614174000."),
    ("grade", "c", "Not a valid choice."),
    ("level", "low water", "Not a valid choice."),
    ("name", "", "Fill this in."),
    ("manager", "", "Fill this in."),
    # The database knows these rules alone.
    ("small", "13", "Give a number between -32,767 and 32,767."),
    ("grade", "b", "Grade b needs an amount."),
]


@pytest.mark.parametrize("name, typed, sentence", REFUSED)
def test_what_does_not_fit_is_refused_at_its_field(
    name: str, typed: str, sentence: str, olivia: Client, cast: Cast
) -> None:
    row_id = specimen(cast)
    before = stored(row_id)
    answer = saved(olivia, row_id, **{name: typed})
    assert answer.status_code == 422
    at = "amount" if "needs an amount" in sentence else name
    assert error_at(answer, at).startswith(sentence)
    if name not in ("grade", "level", "manager"):  # what one types, and does not choose
        assert value_of(answer, name) == typed
    assert stored(row_id) == before


def test_a_rule_between_columns_says_that_they_do_not_go_together(
    olivia: Client, cast: Cast
) -> None:
    answer = saved(olivia, specimen(cast), amount="13", percent="13")
    assert answer.status_code == 422
    assert "The database does not take these values together." in read(answer).text


FITTING = [
    ("percent", "100", 100),
    ("large", "9223372036854775807", 2**63 - 1),
    ("price", "9999999999.99", Decimal("9999999999.99")),
    ("weight", "-0.125", Decimal("-0.125")),
    ("ratio", "1e-7", 1e-7),
    ("level", "HIGH", Level.HIGH),
    ("level", "", None),
    ("is_known", "no", False),
    ("country", "FR", "FR"),
    ("network", "10.1.2.3/8", "10.0.0.0/8"),
    ("opens", "07:30", time(7, 30)),
    ("facts", '{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
    ("facts", "", None),
    ("marks", "a, b\nc", ["a, b", "c"]),
    ("url", "https://example.com/?a=1&b=2", "https://example.com/?a=1&b=2"),
]


@pytest.mark.parametrize("name, typed, value", FITTING)
def test_what_fits_is_stored_as_it_is_meant(
    name: str, typed: str, value: object, olivia: Client, cast: Cast
) -> None:
    row_id = specimen(cast, level=Level.LOW, facts={"x": 1})
    assert saved(olivia, row_id, **{name: typed}).status_code == 303
    assert stored(row_id)[name] == value


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
    assert log.verify() == []


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

"""Specimens and what one does with them, for the walks that `test_every_kind.py` runs in a copy."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from sqlalchemy import delete, func, inspect, select

from backoffice.extensions import db
from backoffice.file_types import USUAL
from backoffice.models import fields
from backoffice.models.base import Base
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.files import File, Picture, StoredFile
from backoffice.models.kinds import choices, files
from backoffice.models.specimen import Specimen, specimen_tags  # the test writes it
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import read, sent_by

EPOCH = datetime(1970, 1, 1, microsecond=123456, tzinfo=UTC)
LIST = "/admin/specimens/"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
# Of columns that may not be empty.
DEFAULTS: dict[str, Any] = {"phone": "", "marks": [], "places": []}
WHOLE = {"amount": 31, "large": 63, "small": 15}  # bits
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def _described(value_class: type[StoredFile], types: Sequence[str]) -> Any:
    """Return a strategy for what a row has of a file; nobody asks for its content here."""
    return st.builds(
        value_class,
        key=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
        name=TEXT.filter(str.strip),
        type=st.sampled_from(types),
        size=st.integers(1, 3 * 2**20),
        sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
        shared=st.booleans(),
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
    "countries": st.lists(st.sampled_from(["DE", "FR", "PL"]), unique=True).map(sorted),
    "uuid": st.uuids(),
    "file": _described(File, USUAL),
    "picture": _described(Picture, ["webp"]),
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
        offered = [kind.clean(column, value) for value in kind.values(column)]
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
        if isinstance(kind, files.File) and kind.is_list(column):
            values = st.lists(values, max_size=3, unique_by=lambda file: file.key)
    return st.none() | values if column.nullable else values


WRITTEN = [
    attribute.key
    for attribute in inspect(Specimen).column_attrs
    if (kind := fields.kind(Specimen, attribute.key))
    and kind.editable
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


def visited(client: Client) -> Client:
    """Sign Olivia in; there is a table for specimens, and two tags."""
    prepare()
    db.session.add_all([ClientTag(name="Gold"), ClientTag(name="Silver")])
    settle()
    return client.sign_in("olivia")

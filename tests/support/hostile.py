"""What only ill-meaning visitors send: texts, numbers, cursors, bodies and files.

The strategies are for property-based tests.
"""

import base64
import json
import random
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st
from sqlalchemy import func, select

from backoffice.extensions import db
from backoffice.models.base import Base

NASTY = [
    "", " ", "0", "-1", "1", "2", "999999", str(10**18), str(10**30), "9" * 5000, "1,2", "1e999",
    "NaN", "sNaN", "1e1000000", "Infinity", "1e-99999", "1e-5000",
    "٣", "²", "１", "abc", "none", "None", "true", "yes", "\0", "a\0b", "\x1b[0m",
    "\ud800", "\udfff\ud800", "\u202egnp.exe", "مرحبا", "%", "_", "%_\\", "'", "';--", '"',
    "<script>", "{{7*7}}", "${7}", "{label}", "%s%n", "../../etc/passwd", "\\\\host\\share",
    "\r\nX-Injected: 1", "\u2028", "\ufeff",
    "x" * 70_000, "ﷺ" * 200, "ß" * 80, "a b c d e f g h i", "́" * 50, "=1+1", "2026-02-30",
    "0000-00-00",
    "9999-12-31", "0001-01-01", "2026-01-01", "2026-W01-1", "20260101", "2026-01-01T00:00:00+14:00",
    "1" * 400, "olivia@example.com", "a@b", "@", "10.0.0.0/33", "::ffff:1.2.3.4/9", "fe80::1%eth0",
    "::/0", "[1]", "[]", "{}", "00000000-0000-0000-0000-000000000000",
    "{12345678123456781234567812345678}", "urn:uuid:" + "1" * 32, "users.view",
]  # fmt: skip

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.integers().map(str))
ids = st.one_of(
    st.sampled_from([
        "0", "-1", str(10**18), str(2**63 - 1), str(2**63), str(10**30), "9" * 5000, "abc", "1,2",
        "1.0", "1e3", "%00", "1%00", "%D9%A3", "%EF%BC%91", "%C2%B2", "%20", "1%20", "..",
        "%2e%2e", "%2F", "1%2F2", "%FF", "%ED%A0%80", "None", "new%00", "+1", "0x1", "1_0", ";",
        "%0d%0aX:1", "٣",
    ]),
    st.integers(min_value=10**4).map(str),  # no row of a test has such a number
)  # fmt: skip


def encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """Encode a query string or body.

    Lone surrogates become the bytes that some programs send for them.
    """
    return urlencode(list(pairs), encoding="utf-8", errors="surrogatepass")


def bodies(names: Iterable[str], *, most: int = 8) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Return a strategy for forms with nasty values.

    Known names occur, at times repeated, and unknown ones.
    """
    keys = st.one_of(st.sampled_from(list(names)), st.sampled_from([*names]), st.text(max_size=8))
    return st.lists(st.tuples(keys, texts), max_size=most)


json_values: Any = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), texts,
        st.sampled_from([
            2**63, -(2**63), 1.5, 10**400, "NaN", "sNaN", "Infinity", "1E-99999", "5",
            "0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
            "2026-01-01T00:00:00",
        ]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=3), inner, max_size=2),
    ),
    max_leaves=4,
)  # fmt: skip


@st.composite
def cursors(draw: Any, genuine: str) -> str:
    """Return a strategy for cursors.

    They are made of any JSON, or have the right shape with a wrong value, or are genuine ones with
    bytes changed.
    """
    made = st.one_of(st.tuples(json_values, st.integers()).map(list), json_values)
    if draw(st.booleans()):
        return base64.urlsafe_b64encode(json.dumps(draw(made)).encode()).decode().rstrip("=")
    bent = list(genuine)
    for place, char in draw(st.lists(st.tuples(st.integers(0, 200), st.characters()), max_size=3)):
        bent[place % len(bent)] = char
    return "".join(bent)[: draw(st.integers(0, 200))]


def file(name: str = "photo.png", content: bytes = b"\x89PNG\r\n\x1a\n") -> tuple[BytesIO, str]:
    """Return an upload in the form that the test client takes."""
    return BytesIO(content), name


def many_ids(number: int, start: int = 10**6) -> list[str]:
    """Return so many ids of rows that do not exist, in no order."""
    return [str(n) for n in random.Random(1).sample(range(start, start + 2 * number), number)]


def fingerprint() -> dict[str, Any]:
    """Return every row of the tables that hold the company's data.

    Signing in and refusals may leave their notes in the others.
    """
    notes = (
        "sessions",
        "sign_in_attempts",
        "events",
        "bulk_runs",
        "bulk_items",
        "tokens",
        "usages",
    )
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name not in notes:
            columns = [
                c
                for c in table.columns
                if c.name not in ("last_login_at", "updated_at", "preferences")
            ]
            found[table.name] = sorted(
                repr(tuple(row)) for row in db.session.execute(select(*columns))
            )
    done = Base.metadata.tables["events"].c.result == "done"
    found["events"] = db.session.scalar(
        select(func.count()).select_from(Base.metadata.tables["events"]).where(done)
    )
    return found

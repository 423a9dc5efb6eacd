"""Check by query plan that no page of a list reads too many of ten thousand people.

The limit is fifty times the number of rows that the page has room for.
"""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from backoffice.extensions import db
from benchmarks import data, plans, questions
from benchmarks.explaining import Reading, explained

PEOPLE = 10_000
MOST = plans.MOST * plans.ROOM
# Each was found reading whole tables once; by a piece of the benchmark's question.
ASKED = (
    "users: first page",
    "users: sort=-status, from the middle on",
    "users: sort=two_factor",
    "users: sort=-last_login_at",
    "users: invitation=",
    "users: invitation_ends=",
    "users: client_tags=",
    "users: created_by=",
    "users: created_at.to=2024-03-03",
    "users: last_login_at.from=",
    "users: email=zwzwzwzw",
    "users: phone=zwzwzwzw",
    "users: search=zw",
    "users: search=q",
    "users: search=anderson1234",
    "users: details",
    "users: row menu",
    "users: look-up of created_by, search=zwzwzwzw",
    "events: sort=",
    "events: subject_id.",
    "events: action=",
    "events: result=",
    "events: at.",
    "events: ip=",
    "messages: purpose=",
    "sign-ins: result=",
    "sign-ins: ip=",
    "sign-ins: signed_in=",
)


@pytest.fixture
def installation(blank_database: str) -> Iterator[Flask]:
    data.fill(blank_database, PEOPLE)
    app = create_app(data.settings(blank_database))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def readings(app: Flask) -> dict[str, Reading]:
    """Ask the questions of `ASKED` and return what each of them read."""
    client: FlaskClient = plans.signed_in(app)
    with app.test_request_context():
        wanted = [q for q in questions.of(app) if any(part in q.name for part in ASKED)]
        db.session.remove()
        engine = db.engine
    found = {}
    for question in wanted:
        with explained(engine) as found[question.name]:
            assert question.ask(client) < 300, question.name
    assert {part for part in ASKED if not any(part in name for name in found)} == set()
    return found


@pytest.mark.one_engine("postgresql", reason="SQLite does not tell how many rows it read")
def test_no_question_reads_more_than_fifty_times_what_a_page_has_room_for(
    installation: Flask,
) -> None:
    found = readings(installation)
    assert {name: reading.rows for name, reading in found.items() if reading.rows > MOST} == {}
    wasted = {
        n: r.to_count
        for n, r in found.items()
        if r.to_count > plans.MOST * max(r.counted, plans.ROOM)
    }
    assert wasted == {}
    assert found["users: search=zw"].rows + found["users: search=zw"].to_count < 200, (
        "one look into the index"
    )


@pytest.mark.one_engine("sqlite", reason="PostgreSQL tells more, see above")
def test_sqlite_finds_pieces_of_texts_by_its_index_too(installation: Flask) -> None:
    found = readings(installation)
    for name in (
        "users: search=zw",
        "users: search=q",
        "users: search=anderson1234",
        "users: email=zwzwzwzw",
    ):
        assert found[name].steps.count("SCAN users") == 1, (
            "for the first choices of a filter, until there are enough"
        )

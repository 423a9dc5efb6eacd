"""Claims of docs/security.md and docs/decisions/ that no other test shows."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from backoffice import events
from backoffice.data import records as rows
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:x",
)


@pytest.mark.parametrize("next_", ELSEWHERE)
def test_signing_in_leads_to_no_other_site(client: Client, cast: Cast, next_: str) -> None:
    form = {"identifier": "olivia@example.com", "password": PASSWORD, "next": next_}
    assert client.post("/sign-in", form).headers["Location"] == "/"


def test_a_refused_attempt_is_an_event_and_a_refused_look_is_not(
    client: Client, cast: Cast
) -> None:
    vera = client.sign_in("vera")
    assert vera.get("/admin/users/new").status_code == 403
    assert vera.post("/admin/users/actions/block", {"row": str(cast.max.id)}).status_code == 403
    settle()
    (event,) = db.session.scalars(select(Event)).all()
    assert (event.action, event.result, event.actor_id) == ("users.block", "denied", cast.vera.id)


def test_every_answer_with_text_says_its_charset(client: Client, cast: Cast) -> None:
    olivia = client.sign_in("olivia")
    for path in ("/", "/admin/users/", "/admin/users/export.csv", "/no-such-page"):
        assert "charset=utf-8" in olivia.get(path, buffered=True).headers["Content-Type"], path


def test_hidden_columns_leave_the_house_in_no_export_and_serve_no_filter(
    client: Client, cast: Cast
) -> None:
    olivia = client.sign_in("olivia")
    for screen in client.application.extensions["screens"]:  # what has none is at no address at all
        address = f"/admin/{screen.slug}/"
        hidden = {
            a.key for a in inspect(screen.model).column_attrs if a.columns[0].info.get("hidden")
        }
        if screen.has("export"):
            exported = json.loads(olivia.get(f"{address}export.json", buffered=True).text)
            assert not hidden & {name for row in exported for name in row}, address
        for name in hidden:
            assert olivia.get(f"{address}?{name}=x").status_code == 400, f"{address} {name}"


def test_a_deleted_person_is_erased_and_the_chain_stays_whole(client: Client, cast: Cast) -> None:
    olivia, number = client.sign_in("olivia"), cast.vera.id
    rows.update(
        actor=cast.actor("max", all_permissions=True),
        model=User, row_id=number, version=cast.vera.version,
        values={"last_name": "Secret-Surname", "phone": "+49 30 123456"},
    )  # fmt: skip
    act(olivia, "users", "delete", number)
    settle()
    stored = str(
        [
            list(row)
            for table in db.metadata.sorted_tables
            for row in db.session.execute(select(table))
        ]
    )
    assert not any(trace in stored for trace in ("Secret-Surname", "123456", "vera@example.com"))
    assert db.session.get_one(User, number).name == f"Deleted user {number}"
    assert events.verify() == []


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM events", "UPDATE events SET actor_id = NULL", "UPDATE events SET reason = 'x'"],
)
def test_the_database_lets_nobody_change_an_event(cast: Cast, statement: str) -> None:
    events.record(actor=cast.actor("olivia"), action="users.edit", reason="why")
    settle()
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(statement))
    db.session.rollback()


def test_a_change_around_the_triggers_is_seen(cast: Cast, run: Callable[..., object]) -> None:
    """Change the log as the owner of the database file could."""
    for _ in range(3):
        events.record(actor=cast.actor("olivia"), action="users.edit", reason="why")
    settle()
    assert events.verify() == []
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("DROP TRIGGER events_no_update"))
    else:
        db.session.execute(text("ALTER TABLE events DISABLE TRIGGER events_append_only"))
    db.session.execute(text("UPDATE events SET action = 'users.view' WHERE id = 2"))
    found = events.verify()
    db.session.rollback()
    assert found == ["Event 2 was changed."]

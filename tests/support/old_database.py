"""People and a valid log of events in a database as the first migration left it."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Column, Engine, MetaData, Table, Uuid

from backoffice import schema

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT_ONCE = 2000  # rows in one statement
EVENTS_EACH = 2
# The order in which the chain of events has covered them since the first version.
CHAINED = (
    "id",
    "at",
    "actor_id",
    "actor_groups",
    "action",
    "subject_type",
    "subject_id",
    "result",
    "ip",
    "request_id",
    "bulk_run_id",
)


def fill(engine: Engine, *, people: int) -> None:
    """Add so many people, each in a group and with two events.

    Only columns that revision 0001 has are filled.
    """
    tables = MetaData()
    Table("users", tables, Column("uuid", Uuid), autoload_with=engine)  # which SQLite keeps as text
    tables.reflect(engine, only=["users", "groups", "user_groups", "events"])
    with engine.begin() as connection:
        connection.execute(tables.tables["groups"].insert(), _group())
        for name, rows in (
            ("users", _people(people)),
            ("user_groups", ({"user_id": n, "group_id": 1} for n in range(1, people + 1))),
            ("events", _events(people * EVENTS_EACH, people)),
        ):
            while batch := list(islice(rows, AT_ONCE)):
                connection.execute(tables.tables[name].insert(), batch)


def unguard(engine: Engine, table: str | None = None) -> None:
    """Remove what backoffice/schema.py declares, of one table or of all.

    Copies of tables once lost it in the same way.
    """
    with engine.begin() as connection:
        for one in schema.DECLARED:
            if (
                one.engine == engine.dialect.name
                and table in (None, one.table)
                and one.kind != "function"
            ):
                of_table = (
                    f" ON {one.table}"
                    if one.kind == "trigger" and one.engine == "postgresql"
                    else ""
                )
                connection.exec_driver_sql(f"DROP {one.kind} IF EXISTS {one.name}{of_table}")


def _group() -> dict[str, Any]:
    names = {
        "name": "Managers",
        "name_key": "managers",
        "search_key": "managers",
        "description": "",
    }
    flags = {"is_system": False, "all_permissions": False}
    return (
        {"id": 1, "permissions": ["users.view"], "created_at": NOW, "updated_at": NOW}
        | names
        | flags
    )


def _people(number: int) -> Iterator[dict[str, Any]]:
    plain = {"login_method": "email", "name_source": "administrator", "phone": "", "language": "en"}
    plain |= {
        "status": "active",
        "status_reason": "",
        "password_state": "none",
        "two_factor": "disabled",
    }
    same: dict[str, Any] = plain | {
        "ip_whitelist": [],
        "client_tags_mode": "all",
        "preferences": {},
    }
    same |= {"created_at": NOW, "updated_at": NOW}
    for n in range(1, number + 1):
        address = f"person.{n}@example.com"
        yield same | {
            "id": n,
            "uuid": uuid.UUID(int=n),
            "email": address,
            "email_key": address,
            "first_name": f"Person{n}",
            "last_name": "Example",
            "search_key": f"person{n} example {address}",
            "last_login_at": NOW - timedelta(minutes=n) if n % 2 else None,
        }


def _events(number: int, people: int) -> Iterator[dict[str, Any]]:
    previous = "0" * 64
    for n in range(1, number + 1):
        row: dict[str, Any] = {
            "id": n,
            "at": NOW + timedelta(seconds=n),
            "actor_id": 1,
            "actor_groups": ["Managers"],
            "action": "users.edit",
            "subject_type": "users",
            "subject_id": n % people + 1,
            "result": "done",
            "ip": "192.0.2.7",
            "request_id": f"request-{n}",
            "bulk_run_id": None,
        }
        details = [{"phone": ""}, {"phone": str(n)}, None]
        chained = [row[name] for name in CHAINED] + [_hash(details), previous]
        row |= dict(zip(("before", "after", "reason"), details, strict=True))
        row |= {"details_hash": _hash(details), "previous_hash": previous}
        row["hash"] = previous = _hash(chained)
        yield row


def _hash(values: list[Any]) -> str:
    said = json.dumps(
        values,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=lambda value: value.isoformat(),
    )
    return hashlib.sha256(said.encode()).hexdigest()

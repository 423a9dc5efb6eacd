"""Fill a database with very many plausible people, the same ones every time, as fast as it goes."""

import json
import random
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
from psycopg import sql

from app import create_app
from backoffice.auth import passwords
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.people import administrators
from backoffice.policy.actor import system
from backoffice.schema import SEARCHED
from backoffice.settings import Settings
from backoffice.text import fold
from benchmarks import logs

OLIVIA = "olivia@example.com"
PASSWORD = "correct horse battery staple"
SEED = 20261121
NOW = logs.NOW
GROUPS = 12
TAGS = 30
FIRST = [
    "Olivia", "Max", "Vera", "Aiko", "Alexander", "Amara", "Anders", "Beatriz", "Björn", "Chloé",
    "Daniel", "Dmitri", "Elena", "Emeka", "Fatima", "Felix", "Giulia", "Hanna", "Hiroshi",
    "Ingrid", "Ivan", "Jamal", "Jana", "Javier", "Jörg", "Kenji", "Klára", "Leila", "Lucas",
    "Malin", "Marek", "Maria", "Mei", "Mohammed", "Nadia", "Nils", "Noor", "Oskar", "Paula",
    "Pedro", "Priya", "Rania", "Ravi", "Rosa", "Sanna", "Sergei", "Sofia", "Søren", "Tadeusz",
    "Tomás", "Ulla", "Viktor", "Wei", "Yara", "Yusuf", "Zofia", "Zoltán",
]  # fmt: skip
STEMS = [
    "Ander", "Berg", "Castel", "Dal", "Eriks", "Fernan", "Gonz", "Haak", "Ivan", "Jans", "Kowal",
    "Lind", "Mart", "Nov", "Okon", "Peter", "Rost", "San", "Tan", "Ved",
]  # fmt: skip
ENDINGS = [
    "son", "er", "lani", "ström", "en", "dez", "alez", "man", "ov", "sen", "ski", "qvist", "inez",
    "ák", "kwo", "sohn", "ov", "tos", "aka", "erson",
]  # fmt: skip
# The columns of users that are filled; the others get the values of a new person.
COLUMNS = (
    "id", "uuid", "login_method", "email", "email_key", "first_name", "last_name", "name_source",
    "phone", "phone_key", "language", "status", "status_reason", "password_hash", "password_state",
    "two_factor", "ip_whitelist", "client_tags_mode", "preferences", "created_by_id",
    "last_login_at", "version", "created_at", "updated_at", "search_key",
)  # fmt: skip
DEFAULTS: dict[str, object] = {
    "language": "en",
    "status_reason": "",
    "ip_whitelist": [],
    "client_tags_mode": "all",
    "preferences": {},
    "version": 1,
}
INVITED = 3  # the last digit of the ids of invited people: a tenth, 10,000 of 100,000
Tables = Iterable[tuple[str, Sequence[str], Iterator[tuple[Any, ...]]]]
# All indexes but those of primary keys and other constraints.
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
SEARCH = """
INSERT INTO {table}_search SELECT id, search_grams(search_key) FROM {table}
WHERE id NOT IN (SELECT rowid FROM {table}_search)
"""


def settings(url: str, port: int = 8000) -> Settings:
    """Return the product's configuration for a benchmark."""
    return Settings(
        environment="development",
        database_url=url,
        secret_key="benchmark-key-0123456789-abcdefghijklmnop",
        base_url=f"http://127.0.0.1:{port}",
        two_factor_groups=(),
    )


def fill(url: str, number: int) -> None:
    """Migrate the empty database at `url` and fill it with `number` people besides Olivia.

    The address has SQLAlchemy's form. `benchmarks/logs.py` adds the events, sessions and mails
    that these people leave behind.
    """
    olivia_id, groups, tags = _set_up(url)
    ids = range(olivia_id + 1, olivia_id + 1 + number)
    tables = (
        ("users", COLUMNS, _people(ids, olivia_id)),
        ("user_groups", ("user_id", "group_id"), pairs(ids, groups, (1, 1, 1, 2, 2, 3))),
        ("user_client_tags", ("user_id", "client_tag_id"), pairs(ids, tags, (0, 0, 1, 2, 3, 5))),
        *logs.tables(ids),
    )
    insert(url, tables)


def insert(url: str, tables: Tables) -> None:
    """Insert rows, of each table by its name and columns, without asking what they refer to."""
    if url.startswith("sqlite"):
        _into_sqlite(url.removeprefix("sqlite:///"), tables)
    else:
        _into_postgresql(url.replace("+psycopg", ""), tables)


def _set_up(url: str) -> tuple[int, list[int], list[int]]:
    """Migrate the database, add Olivia, groups and tags, and return the ids of all three."""
    configured = settings(url)
    app = create_app(configured)
    with app.app_context():
        flask_migrate.upgrade(str(Path(__file__).parent.parent / "migrations"))
        olivia = administrators.create(actor=system(), email=OLIVIA, first_name="Olivia")
        passwords.store(olivia, PASSWORD, configured)
        olivia.status = "active"
        olivia_id = olivia.id
        groups = _teams()
        tags = _segments()
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return olivia_id, groups, tags


def _teams() -> list[int]:
    teams = [Group(name=f"Team {n}", permissions=["users.view"]) for n in range(1, GROUPS + 1)]
    db.session.add_all(teams)
    db.session.flush()
    return [team.id for team in teams]


def _segments() -> list[int]:
    tags = [ClientTag(name=f"Segment {n}", colour="teal") for n in range(1, TAGS + 1)]
    db.session.add_all(tags)
    db.session.flush()
    return [tag.id for tag in tags]


def _people(ids: Sequence[int], creator: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of `users`, the same ones every time, because the dice are seeded."""
    dice = random.Random(SEED)
    for place, number in enumerate(ids):
        about = person(dice, number)
        created = NOW - logs.YEARS * (1 - place / len(ids))
        seen = _last_login(dice, created)
        account = _account(dice, number)
        created_by = creator if dice.random() < 0.5 else dice.choice(ids[:100])
        row = {
            **DEFAULTS,
            **about,
            **account,
            "id": number,
            "created_by_id": created_by,
            "last_login_at": seen,
            "created_at": created,
            "updated_at": created,
        }
        yield tuple(row[name] for name in COLUMNS)


def person(dice: random.Random, number: int) -> dict[str, object]:
    """Return the names and addresses of a person."""
    first = dice.choice(FIRST)
    last = dice.choice(STEMS) + dice.choice(ENDINGS)
    email = f"{fold(first)}.{fold(last)}{number}@example.com"
    digits = f"4930{dice.randrange(10**6, 10**7)}"
    return {
        "email": email,
        "email_key": email,
        "first_name": first,
        "last_name": last,
        "name_source": "administrator",
        "phone": f"+{digits}",
        "phone_key": digits,
        "search_key": fold(f"{first} {last} {email} {digits}"),
    }


def _account(dice: random.Random, number: int) -> dict[str, object]:
    """Return how a person signs in."""
    status, password_hash, password_state = _status(dice, number)
    (factor,) = dice.choices(("disabled", "email", "totp"), (70, 29.9, 0.1))
    return {
        "uuid": uuid.UUID(int=dice.getrandbits(128), version=4),
        "login_method": "email",
        "status": status,
        "password_hash": password_hash,
        "password_state": password_state,
        "two_factor": factor,
    }


def _last_login(dice: random.Random, created: datetime) -> datetime | None:
    """Return a moment since the person was created; one in five has never signed in."""
    if dice.random() < 0.8:
        return created + (NOW - created) * dice.random()
    return None


def _status(dice: random.Random, number: int) -> tuple[str, str | None, str]:
    """Return the status, the password's hash and the password's state of a person."""
    if number % 10 == INVITED:
        return "invited", None, "none"
    (status,) = dice.choices(("active", "blocked", "revoked"), (84, 11, 5))
    return status, "$argon2id$made-up", "usable"


def pairs(
    ids: Sequence[int], others: Sequence[int], numbers: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Pair every person with some of `others`; `numbers` are the counts to choose from."""
    dice = random.Random(SEED)
    for number in ids:
        for other in dice.sample(others, dice.choice(numbers)):
            yield number, other


def _into_postgresql(url: str, tables: Tables) -> None:
    """COPY without foreign keys and triggers, and make the indexes afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '1GB'")
        indexes = connection.execute(INDEXES).fetchall()
        for name, _definition in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for table, columns, rows in tables:
            _copy(connection, table, columns, rows)
        # What the triggers would have done.
        for table in SEARCHED:
            connection.execute(SEARCH.format(table=table))
        for _name, definition in indexes:
            connection.execute(definition)
        for table in ("users", "bulk_runs"):
            connection.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
        connection.execute("VACUUM (ANALYZE, FREEZE)")


def _copy(
    connection: psycopg.Connection[Any],
    table: str,
    columns: Sequence[str],
    rows: Iterator[tuple[Any, ...]],
) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row([_json(value) for value in row])


def _json(value: Any) -> Any:
    """Return lists and dictionaries as JSON, anything else as it is."""
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    return value


def _into_sqlite(path: str, tables: Tables) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for table, columns, rows in tables:
            places = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
            written = ([_in_sqlite(value) for value in row] for row in rows)
            connection.executemany(statement, written)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")


def _in_sqlite(value: Any) -> Any:
    """Return the value in the form in which SQLAlchemy writes it to SQLite."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, uuid.UUID):
        return value.hex
    return _json(value)

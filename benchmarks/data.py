"""A database with very many plausible people, filled as fast as the engine takes them; always the same ones."""

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
from backoffice.settings import Settings
from backoffice.text import fold
from benchmarks import logs

OLIVIA, PASSWORD = "olivia@example.com", "correct horse battery staple"
SEED = 20261121
NOW = logs.NOW
GROUPS, TAGS = 12, 30
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
# What a row of users is filled with; everything else has the value that the product gives a new person.
COLUMNS = (
    "id", "uuid", "login_method", "email", "email_key", "first_name", "last_name", "name_source", "phone",
    "phone_key", "language", "status", "status_reason", "password_hash", "password_state", "two_factor", "ip_whitelist",
    "client_tags_mode", "preferences", "created_by_id", "last_login_at", "version", "created_at", "updated_at",
    "search_key",
)  # fmt: skip
INVITED = 3  # the last digit of the ids of those who are invited: a tenth, 10,000 of 100,000


def settings(url: str, port: int = 8000) -> Settings:
    """How the product is configured for a benchmark."""
    return Settings(
        environment="development", database_url=url, secret_key="benchmark-key-0123456789-abcdefghijklmnop",
        base_url=f"http://127.0.0.1:{port}", two_factor_groups=(),
    )  # fmt: skip


def fill(url: str, number: int) -> None:
    """Migrate the empty database at `url` (SQLAlchemy's form) and fill it with `number` people besides Olivia.

    They have left behind what benchmarks/logs.py says.
    """
    configured = settings(url)
    app = create_app(configured)
    with app.app_context():
        flask_migrate.upgrade(str(Path(__file__).parent.parent / "migrations"))
        olivia = administrators.create(actor=system(), email=OLIVIA, first_name="Olivia")
        passwords.keep(olivia, PASSWORD, configured)
        olivia.status = "active"
        for index in range(GROUPS):
            db.session.add(Group(name=f"Team {index + 1}", permissions=["users.view"]))
        for index in range(TAGS):
            db.session.add(ClientTag(name=f"Segment {index + 1}", colour="teal"))
        db.session.commit()
        groups = list(db.session.scalars(db.select(Group.id).where(Group.name.startswith("Team"))))
        tags = list(db.session.scalars(db.select(ClientTag.id)))
        first = olivia.id + 1
        db.session.remove()
        db.engine.dispose()
    ids = range(first, first + number)
    tables = (
        ("users", COLUMNS, _people(ids, olivia.id)),
        ("user_groups", ("user_id", "group_id"), _pairs(ids, groups, (1, 1, 1, 2, 2, 3))),
        ("user_client_tags", ("user_id", "client_tag_id"), _pairs(ids, tags, (0, 0, 1, 2, 3, 5))),
        *logs.tables(ids),
    )
    if url.startswith("sqlite"):
        _into_sqlite(url.removeprefix("sqlite:///"), tables)
    else:
        _into_postgresql(url.replace("+psycopg", ""), tables)


def _people(ids: Sequence[int], creator: int) -> Iterator[tuple[Any, ...]]:
    dice = random.Random(SEED)
    for number in ids:
        first, last = dice.choice(FIRST), dice.choice(STEMS) + dice.choice(ENDINGS)
        email = f"{fold(first)}.{fold(last)}{number}@example.com"
        digits = f"4930{dice.randrange(10**6, 10**7)}"
        created = NOW - logs.YEARS * (1 - (number - ids[0]) / len(ids))
        seen = created + (NOW - created) * dice.random() if dice.random() < 0.8 else None
        status = (
            "invited"
            if number % 10 == INVITED
            else dice.choices(("active", "blocked", "revoked"), (84, 11, 5))[0]
        )
        secret, state = (None, "none") if status == "invited" else ("$argon2id$made-up", "usable")
        factor = dice.choices(("disabled", "email", "totp"), (70, 29.9, 0.1))[0]
        yield (
            number, uuid.UUID(int=dice.getrandbits(128), version=4), "email", email, email, first, last,
            "administrator", f"+{digits}", digits, "en", status, "", secret, state, factor, [],
            "all", {}, creator if dice.random() < 0.5 else dice.choice(ids[:100]), seen, 1, created, created,
            fold(f"{first} {last} {email} {digits}"),
        )  # fmt: skip


def _pairs(
    ids: Sequence[int], others: Sequence[int], numbers: Sequence[int]
) -> Iterator[tuple[int, int]]:
    dice = random.Random(SEED)
    for number in ids:
        for other in dice.sample(others, dice.choice(numbers)):
            yield number, other


Tables = Iterable[tuple[str, Sequence[str], Iterator[tuple[Any, ...]]]]


def _into_postgresql(url: str, tables: Tables) -> None:
    """COPY without foreign keys and triggers, and with the indexes made afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '1GB'")
        indexes = connection.execute(INDEXES).fetchall()
        for name, _definition in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for table, columns, rows in tables:
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
            with connection.cursor().copy(statement) as copy:
                for row in rows:
                    copy.write_row(
                        [json.dumps(v) if isinstance(v, (list, dict)) else v for v in row]
                    )
        connection.execute(SEARCH)
        for _name, definition in indexes:
            connection.execute(definition)
        for table in ("users", "bulk_runs"):
            connection.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
        connection.execute("VACUUM (ANALYZE, FREEZE)")


# All but those of primary keys and other constraints.
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
SEARCH = """
INSERT INTO users_search SELECT id, search_grams(search_key) FROM users
WHERE id NOT IN (SELECT rowid FROM users_search)
"""


def _into_sqlite(path: str, tables: Tables) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for table, columns, rows in tables:
            places = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
            connection.executemany(
                statement, ([_in_sqlite(value) for value in row] for row in rows)
            )
        connection.execute("COMMIT")
        connection.execute("ANALYZE")


def _in_sqlite(value: Any) -> Any:
    """The value as SQLAlchemy writes it there."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, uuid.UUID):
        return value.hex
    return json.dumps(value) if isinstance(value, (list, dict)) else value

"""Compare a table that existed before, with a text as its key, with a table of ours.

`python -m benchmarks.existing` fills both with the same rows on a PostgreSQL server of its own,
asks for the same pages of both in turns, and prints medians and their ratio.
"""

import argparse
import base64
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import psycopg
from flask import Flask

from app import create_app
from backoffice.extensions import db
from backoffice.models.key_tokens import token
from benchmarks import data, postgres
from benchmarks.starving import prepared

PACKAGE = "benchmarks.goods"
ROWS = 1_000_000
ROUNDS = 31
TABLE = """
CREATE TABLE "ITEMS" (
    "CODE" varchar(12) PRIMARY KEY,
    "NAME" varchar(40) NOT NULL,
    "STATUS" varchar(10) NOT NULL,
    "AMOUNT" numeric(10, 2) NOT NULL
)
"""
VALUES = """
    'C' || lpad(number::text, 10, '0'), 'Good number ' || number,
    (ARRAY['new', 'used', 'sold', 'lost'])[1 + number % 4], number % 1000
"""
FILL = f"""
INSERT INTO "ITEMS" SELECT {VALUES} FROM generate_series(1, %(rows)s) AS number;
CREATE INDEX "IX_ITEMS_STATUS" ON "ITEMS" ("STATUS", "CODE");
INSERT INTO goods (code, name, status, amount, version, created_at, updated_at)
SELECT {VALUES}, 1, now(), now() FROM generate_series(1, %(rows)s) AS number;
ANALYZE "ITEMS", goods;
"""  # our own words


def main() -> None:
    """Fill both tables, and print a line for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    with postgres.running() as server:
        plain = server.copy("template1", "existing")
        app, cookie = _filled(plain, rows)
        print("| question | ours | existing | ratio |\n|---|---|---|---|")
        for question, queries in _questions(rows).items():
            ours, existing = _measured(app, cookie, queries)
            ratio = f"{existing / ours:.2f}"
            print(f"| {question} | {ours:.1f} ms | {existing:.1f} ms | {ratio} |", flush=True)
        with app.app_context():
            db.engine.dispose()


def _filled(plain: str, rows: int) -> tuple[Flask, str]:
    """Return the product over both tables, and the cookie of somebody who is signed in."""
    url = plain.replace("postgresql:", "postgresql+psycopg:")
    people = prepared(url, 100)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(TABLE)
    app = create_app(replace(data.settings(url), backoffice_apps=(PACKAGE,)))
    with app.app_context():
        table: Any = db.metadata.tables["goods"]
        table.create(db.engine)
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in FILL.split(";\n"):
            if statement.strip():
                connection.execute(statement.replace("%(rows)s", str(rows)))
    return app, people.cookies[0]


def _questions(rows: int) -> dict[str, Mapping[str, str]]:
    """Return the query of each list by the address of its screen, for each question."""
    middle = rows // 2
    ours = _cursor(middle, middle)
    code = f"C{middle:010}"
    theirs = _cursor(token([code]), token([code]))
    return {
        "first page": {"goods": "", "items": ""},
        "page in the middle": {
            "goods": f"sort=id&after={ours}",
            "items": f"sort=id&after={theirs}",
        },
        "filter by status": {"goods": "status=sold", "items": "status=sold"},
        "backwards": {"goods": "sort=-id", "items": "sort=-id"},
        "sort by key": {"goods": "sort=code", "items": "sort=code"},
    }


def _cursor(*place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _measured(app: Flask, cookie: str, queries: Mapping[str, str]) -> tuple[float, float]:
    """Return the median milliseconds of both lists, which are asked for in turns."""
    taken: dict[str, list[float]] = {path: [] for path in queries}
    for path, seconds in _answers(app, cookie, queries):
        taken[path].append(seconds * 1000)
    ours, existing = (statistics.median(values) for values in taken.values())
    return ours, existing


def _answers(app: Flask, cookie: str, queries: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Yield the path of each list that was asked for, and the seconds that it took."""
    client = app.test_client()
    client.set_cookie("backoffice", cookie)
    for _round in range(ROUNDS):
        for path, query in queries.items():
            begun = time.perf_counter()
            answer = client.get(f"/admin/{path}/?{query}")
            seconds = time.perf_counter() - begun
            if answer.status_code != 200:
                raise RuntimeError(f"{path}?{query} answered {answer.status}")
            yield path, seconds


if __name__ == "__main__":
    main()

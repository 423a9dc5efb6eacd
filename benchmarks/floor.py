"""The floor: a bare Flask handler with the least SQL and the least HTML.

It shows what the machine allows; it is not a product.
"""

import os
from datetime import datetime
from functools import cache
from html import escape
from typing import Any, ClassVar

import psycopg
from flask import Flask, Response, request

from benchmarks.client import Client
from benchmarks.peer import Ids, Peer

NEVER = "coalesce(last_login_at, '0001-01-01 00:00:00+00'::timestamptz)"
# The page's keys first; arrays of ids and the capped count come with them in one statement.
PAGE = """
SELECT u.id, u.first_name || ' ' || u.last_name, u.email, u.status, u.last_login_at, u.created_at,
       c.first_name || ' ' || c.last_name,
       ARRAY(SELECT group_id FROM user_groups WHERE user_id = u.id),
       ARRAY(SELECT client_tag_id FROM user_client_tags WHERE user_id = u.id),
       (SELECT count(*) FROM (SELECT 1 FROM users WHERE {where} LIMIT 10001) AS capped)
FROM (SELECT * FROM users WHERE {where} {place} ORDER BY {order} LIMIT 51) AS u
LEFT JOIN users AS c ON c.id = u.created_by_id
ORDER BY {again}
"""
BLOCK = """
WITH head AS (SELECT coalesce(max(id), 0) AS last FROM events),
changed AS (
    UPDATE users SET status = 'blocked', status_before = status, status_reason = 'benchmark',
           status_at = now(), version = version + 1, updated_at = now()
    WHERE {where} RETURNING id),
ended AS (
    UPDATE sessions SET ended_at = now()
    WHERE user_id IN (SELECT id FROM changed) AND ended_at IS NULL)
INSERT INTO events (id, at, actor_id, actor_groups, action, subject_type, subject_id, result,
                    before, after, reason, ip, request_id, details_hash, previous_hash, hash)
SELECT last + row_number() OVER (), now(), 1, '[]', 'users.block', 'users', changed.id, 'done',
       '{{"status": "active"}}', '{{"status": "blocked"}}', 'benchmark', '', '',
       repeat('0', 64), repeat('0', 64), repeat('0', 64)
FROM changed, head
"""
EXPORT = """
COPY (
    SELECT u.id, u.first_name || ' ' || u.last_name, u.email, u.status, g.names, t.names,
           u.last_login_at, u.created_at
    FROM users AS u
    LEFT JOIN (SELECT user_id, string_agg(name, ', ') AS names FROM user_groups
               JOIN groups ON id = group_id GROUP BY 1) AS g ON g.user_id = u.id
    LEFT JOIN (SELECT user_id, string_agg(name, ', ') AS names FROM user_client_tags
               JOIN client_tags ON id = client_tag_id GROUP BY 1) AS t ON t.user_id = u.id
    ORDER BY u.id
) TO STDOUT CSV
"""


class Floor(Peer):
    """The bare handler; it has no forms to edit and nobody has to sign in."""

    name = "floor"
    title = "floor"
    target = "benchmarks.floor:create_app()"
    paths: ClassVar = {
        "first": "/",
        "middle": "/?below={middle}",
        "filter": "/?status=blocked",
        "sort": "/?sort=seen",
        "search": "/?search={search}",
        "export": "/export",
    }

    def prepare(self, url: str) -> None:
        """Create the trigram index for the search, where PostgreSQL has the extension."""
        trigrams = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
        with psycopg.connect(url, autocommit=True) as connection:
            if connection.execute(trigrams).fetchone():
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                connection.execute("CREATE INDEX ON users USING gin (search_key gin_trgm_ops)")

    def block(self, client: Client, ids: Ids) -> None:
        client.post("/block", [("row", number) for number in ids])

    def block_invited(self, client: Client) -> None:
        client.post("/block", [("status", "invited")])


@cache
def connection() -> psycopg.Connection[Any]:
    """Return the worker's only connection."""
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@cache
def names(table: str) -> dict[int, str]:
    """Return the names of a table by their ids, read once in each worker."""
    return dict(connection().execute(f"SELECT id, name FROM {table}").fetchall())


def create_app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", "people", people)
    app.add_url_rule("/export", "export", export)
    app.add_url_rule("/block", "block", block, methods=["POST"])
    return app


def people() -> str:
    """Answer with a page of people; the statement's last column is their capped count."""
    rows = _rows_of_page()
    count = rows[0][-1] if rows else 0
    shown = "".join(map(row_of, rows[:50]))
    return f"{HEAD}<p>{count}<table>{shown}</table>"


def _rows_of_page() -> list[Any]:
    where = "status <> 'deleted'"
    place = ""
    order = "id DESC"
    again = "u.id DESC"
    values: dict[str, object] = {}
    if status := request.args.get("status"):
        where = "status = %(status)s"
        values["status"] = status
    if search := request.args.get("search"):
        where = "search_key LIKE %(search)s"
        values["search"] = f"%{search}%"
    if below := request.args.get("below"):
        place = "AND id < %(below)s"
        values["below"] = int(below)
    if request.args.get("sort"):
        order = f"{NEVER} DESC, id DESC"
        again = "u.last_login_at DESC NULLS LAST, u.id DESC"
    statement = PAGE.format(where=where, place=place, order=order, again=again)
    return connection().execute(statement, values).fetchall()


def row_of(row: Any) -> str:
    """Return the HTML of one person."""
    number, name, email, status, seen, created, creator, groups, tags, _count = row
    group_names = names("groups")
    tag_names = names("client_tags")
    group_pills = "".join(
        f"<span class=pill>{escape(group_names[group])}</span>" for group in groups
    )
    tag_pills = "".join(f"<span class=pill>{escape(tag_names[tag])}</span>" for tag in tags)
    return (
        f'<tr><td><a href="/users/{number}">{number}</a>'
        f'<td><a href="/users/{number}">{escape(name)}</a><br><small>{escape(email)}</small>'
        f'<td><span class="status-{status}">{status}</span>'
        f"<td>{group_pills}"
        f"<td>{tag_pills}"
        f"<td>{said(seen)}<td>{escape(creator or '')}<td>{said(created)}"
    )


def said(moment: datetime | None) -> str:
    """Return the HTML of a moment, or a dash."""
    if moment is None:
        return "-"
    exact = f"{moment:%Y-%m-%d %H:%M:%S}"
    return f'<time datetime="{exact}Z">{exact[:10]}</time>'


def block() -> str:
    """Block the people who are named, or all of one status."""
    if rows := request.form.getlist("row"):
        numbers = [int(row) for row in rows]
        connection().execute(BLOCK.format(where="id = ANY(%s)"), (numbers,))
    else:
        connection().execute(BLOCK.format(where="status = %s"), (request.form["status"],))
    return "done"


def export() -> Response:
    """Answer with everything as CSV, as PostgreSQL writes it."""

    def lines() -> Any:
        with connection().cursor().copy(EXPORT) as copy:
            for data in copy:
                yield bytes(data)

    return Response(lines(), content_type="text/csv")


HEAD = "<!doctype html><html lang=en><meta charset=utf-8><title>Users</title>"
PEER = Floor()

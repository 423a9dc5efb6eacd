"""View as: every route answers as the viewed person would get it, and takes nothing that writes."""

import re
from collections.abc import Iterable

import pytest
from flask import Flask
from sqlalchemy import inspect, text, update
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.testing.access import cases
from backoffice.testing.asking import Case, Person, World
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support import world
from tests.support.viewing import view_as
from views.web.view_as import REFUSED

# What no two answers have in common, and what only those see who view.
OWN = [
    re.compile(r'<aside class="viewing">.*?</aside>', re.DOTALL),
    re.compile(r'name="csrf_token" value="[^"]+"'),
    re.compile(r'nonce="[^"]+"'),
    re.compile(r": <code>[0-9a-f]{12}</code>"),
]
# What changes at every request, or is noted about whoever really asks.
NOTED = ("usages", "events", "sessions")
VIEWED = {"company_administrator": "en", "employee": "de"}  # and their languages
TABS = ("groups", "sessions", "messages", "events")


@pytest.fixture
def there(app: Flask, staff: list[str], still: object) -> World:
    return world.build(app.extensions["settings"])


def shown(answer: TestResponse) -> tuple[int, str | None, str]:
    body = answer.text
    for pattern in OWN:
        body = pattern.sub("", body)
    return answer.status_code, answer.location, body


def is_refused(app: Flask, path: str) -> bool:
    try:
        endpoint, _values = app.url_map.bind("").match(path.partition("?")[0], method="GET")
    except HTTPException:
        return False
    return hasattr(app.view_functions[endpoint], REFUSED)


def asked(app: Flask, key: str, there: World, method: str) -> list[Case]:
    """Return an address of every route that takes the method."""
    found = {}
    for case in cases(app, Person(key), there):
        try:
            rule, _values = app.url_map.bind("").match(case.path.partition("?")[0], method=method)
        except HTTPException:
            continue
        if case.method == method:
            found.setdefault(rule, case)
    return list(found.values())


def rows() -> dict[str, list[tuple[object, ...]]]:
    """Return all that the database holds, but for what is noted about whoever really asks."""
    settle()
    tables = sorted(set(inspect(db.engine).get_table_names()) - set(NOTED))
    found = {table: _rows(table) for table in tables}
    db.session.commit()
    return found


def _rows(table: str) -> list[tuple[object, ...]]:
    statement = text(f'SELECT * FROM "{table}" ORDER BY 1')  # our own tables
    return [tuple(row) for row in db.session.execute(statement)]


@pytest.mark.parametrize("key", VIEWED)
def test_every_address_reads_as_the_person_would_get_it(
    app: Flask, there: World, key: str, client: Client
) -> None:
    theirs = app.test_client()
    assert isinstance(theirs, Client)
    theirs.sign_in(key)
    getattr(Cast(), key).language = VIEWED[key]
    settle()
    view_as(client.sign_in("olivia"), key)
    # What somebody proved just now is theirs alone: the person comes back after a while.
    db.session.execute(update(Session).values(confirmed_at=None))
    settle()
    person = there.rows[User][0]
    paths = [case.path for case in asked(app, key, there, "GET")]
    paths += [f"/admin/users/{person}?tab={tab}" for tab in TABS]
    paths += ["/admin/users/?search=a&sort=-name", "/find?q=em", "/no-such-page"]
    readable = [path for path in paths if not is_refused(app, path)]
    assert len(readable) > 60
    differing = [path for path in readable if shown(client.get(path)) != shown(theirs.get(path))]
    assert differing == []


@pytest.mark.parametrize("key", VIEWED)
def test_every_route_refuses_to_write(app: Flask, there: World, key: str, client: Client) -> None:
    view_as(client.sign_in("olivia"), key)
    before = rows()
    posts = [case for case in asked(app, key, there, "POST") if case.path != "/view-as/leave"]
    gets = [case for case in asked(app, key, there, "GET") if is_refused(app, case.path)]
    assert len(posts) > 60
    assert len(gets) > 10
    let_through = [*unrefused(client, posts), *unrefused(client, gets)]
    assert let_through == []
    assert rows() == before


def unrefused(client: Client, tried: Iterable[Case]) -> list[str]:
    """Try each and return those that were not refused."""
    passed = []
    for case in tried:
        if case.method == "GET":
            statuses = {client.get(case.path).status_code, client.head(case.path).status_code}
        else:
            statuses = {client.post(case.path, case.data).status_code}
        if statuses - {403, 405}:
            passed.append(f"{case}: {statuses}")
    return passed

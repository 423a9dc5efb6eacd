"""The harness keeps its promises: both engines, clean databases, and visitors kept apart."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import func, insert, inspect, select, text

from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.testing.browser import Witness, sign_in
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client
from tests.support.statements import Statements


def users() -> int:
    return db.session.scalar(select(func.count(User.id))) or 0


def a_user(address: str = "someone@example.com") -> User:
    user = User()
    user.set_email(address)
    db.session.add(user)
    db.session.commit()
    return user


@pytest.mark.parametrize("_round", [1, 2])
def test_harness_begins_with_what_the_migrations_leave(app: Flask, _round: int) -> None:
    assert users() == 0
    assert a_user().id == 1


def test_harness_runs_on_the_engine_it_says(app: Flask, engine_name: str) -> None:
    assert db.engine.dialect.name == engine_name


@pytest.mark.one_engine("sqlite", reason="shows that a test may opt out")
def test_harness_lets_a_test_choose_its_engine(app: Flask) -> None:
    assert db.engine.dialect.name == "sqlite"


@pytest.mark.parametrize("_round", [1, 2])
def test_harness_restores_a_world_that_a_test_destroyed(
    app: Flask, cast: Cast, _round: int
) -> None:
    assert (cast.olivia.status, cast.eve.status, users()) == ("active", "blocked", 4)
    assert [group.name for group in cast.max.groups] == ["Managers"]
    db.session.delete(cast.vera)
    cast.max.first_name = "Somebody else"
    db.session.commit()
    assert a_user().id == 5


def test_harness_takes_a_fresh_copy_of_a_bloated_database(stage, app: Flask, cast: Cast) -> None:
    rows = [
        {"first_name": "x" * 90, "email_key": f"{number}@example.com"} for number in range(30_000)
    ]
    db.session.execute(insert(User), rows)
    db.session.commit()
    stage.clear()
    assert users() == 0
    assert a_user().id == 1


def test_harness_shows_the_client_what_the_test_prepared(client: Client, cast: Cast) -> None:
    cast.olivia.status = "blocked"
    with pytest.raises(AssertionError, match="olivia was not let in"):
        client.sign_in("olivia")


def test_harness_signs_in_the_cast_and_never_eve(client: Client, cast: Cast) -> None:
    for name in ("olivia", "max", "vera"):
        client.application.test_client().sign_in(name)
    with pytest.raises(AssertionError, match="eve was not let in"):
        client.sign_in("eve")


def test_harness_signs_in_a_member_of_every_shipped_group(app: Flask, staff: list[str]) -> None:
    assert {"administrators", "viewers", "employee"} <= set(staff)
    for name in staff:
        app.test_client().sign_in(name)


def test_harness_sends_the_token_with_post_and_not_with_raw_post(
    client: Client, cast: Cast
) -> None:
    form = {"identifier": "olivia@example.com", "password": PASSWORD}
    client.raw_post("/sign-in", data=form)
    assert client.get("/").status_code != 200
    client.post("/sign-in", form)
    assert client.get("/").status_code == 200


def test_harness_lets_no_exception_pass_unseen(app_with: Callable[..., Flask]) -> None:
    broken = app_with()
    broken.view_functions["healthz"] = lambda: 1 / 0
    visitor = broken.test_client()
    with pytest.raises(AssertionError, match="status 500"):
        visitor.get("/healthz")
    visitor.expects_500 = True
    assert visitor.get("/healthz").status_code == 500


def test_harness_counts_statements(
    app: Flask, statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    with statements() as seen:
        users()
        db.session.commit()
        users()
    assert len(seen) == 2, seen


def test_harness_gives_a_blank_database(
    app_with: Callable[..., Flask], blank_database: str
) -> None:
    other = app_with(database_url=blank_database)
    with other.app_context():
        assert inspect(db.engine).get_table_names() == []


def test_harness_protects_no_event_from_itself(app: Flask) -> None:
    """The triggers that forbid deleting events hold for the product, and not for the harness."""
    assert db.session.scalar(text("SELECT count(*) FROM events")) == 0


@pytest.mark.browser
def test_harness_opens_a_browser(page: Page, cast: Cast) -> None:
    cast.olivia.first_name = "Olive"
    sign_in(page, "olivia")
    cast.max.first_name = "Maximilian"
    page.goto("/")
    assert cast.max.first_name == "Maximilian"


@pytest.mark.browser
@pytest.mark.one_engine("sqlite", reason="is about the browser alone")
def test_harness_notices_what_a_page_should_not_do(
    page: Page, witness: Witness, live_server: str
) -> None:
    page.goto("/sign-in")
    page.evaluate("console.error('boom')")
    page.evaluate("fetch('http://stranger.example/').catch(() => null)")
    page.evaluate("setTimeout(() => undefined.nothing)")
    expected = {"console: boom", "stranger.example", "script:"}
    for _ in range(600):
        found = {each for each in expected if each in "\n".join(witness)}
        if found == expected:
            break
        page.wait_for_timeout(50)
    witness.clear()
    assert found == expected

"""Databases for the tests of companies, on a PostgreSQL server that others use as well."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import URL

from backoffice.testing.databases import ServerDatabase, libpq
from backoffice.testing.stage import Stage, migrated

pytestmark = pytest.mark.one_engine("postgresql", reason="SQLite has no server")


@pytest.fixture
def server(stage: Stage) -> URL:
    return stage.settings.database_url.url


@pytest.fixture
def database(server: URL) -> Iterator[ServerDatabase]:
    made = ServerDatabase(server, f"company_of_{server.database}", migrated)
    yield made
    made.close()


def names(server: URL) -> set[str]:
    return {name for (name,) in execute(server, "SELECT datname FROM pg_database")}


def execute(address: URL, statement: str) -> list[tuple[str, ...]]:
    with psycopg.connect(libpq(address), autocommit=True) as connection:
        done = connection.execute(statement)  # type: ignore[call-overload]  # no literal
        return done.fetchall() if done.description else []


def test_a_world_is_built_once_and_restored(server: URL, database: ServerDatabase) -> None:
    own = server.set(database=database.name)
    builds = []

    def build() -> None:
        builds.append("once")
        execute(own, "CREATE TABLE gold AS SELECT 1 AS ounces")

    count = "SELECT count(*) FROM gold"
    for _ in range(2):
        database.enter("gold", build)
        assert execute(own, count) == [(1,)]
        execute(own, "DELETE FROM gold")
    assert builds == ["once"]
    database.restore("empty")
    assert execute(own, "SELECT to_regclass('gold')") == [(None,)]


def test_nothing_is_left_on_the_server(server: URL) -> None:
    made = ServerDatabase(server, f"guest_of_{server.database}", migrated)
    ours = {made.name, f"{made.name}_empty"}
    assert ours <= names(server)
    made.close()
    assert not ours & names(server)

"""Every command says in one line why the database does not do what it asks."""

from collections.abc import Callable
from typing import Any

import pytest
from click import Context
from flask import Flask

from backoffice.commands import group

# Each command with what it needs to get as far as the database; commands without one are left out.
COMMANDS = {
    "create-administrator": ["olivia@example.com"],
    "invitation-link": ["olivia@example.com"],
    "clear-ip-whitelist": ["olivia@example.com"],
    "forecast": [],
    "verify-events": [],
    "anchor-events": [],
    "rotate-keys": [],
    "refold": [],
    "act": ["users.block", "--id", "1"],
    "why": ["olivia@example.com", "users.block", "1"],
    "groups": ["export"],
    "clients": ["check-token"],
}
# It refuses outside the demo; they start processes; it asks nothing of a database.
ELSEWHERE = {
    "demo",
    "serve",
    "web",
    "worker",
    "translations",
    "new-migration",
    "new-screen",
    "check",
    "new-app",
    "adopt",
}


def test_every_command_is_tried() -> None:
    assert set(group.list_commands(Context(group))) == set(COMMANDS) | ELSEWHERE


def said(app: Flask, name: str) -> list[str]:
    result = app.test_cli_runner().invoke(args=["backoffice", name, *COMMANDS[name]])
    # Of some commands, 1 is an answer.
    assert result.exit_code == (2 if name in ("why", "forecast", "groups") else 1)
    assert isinstance(result.exception, SystemExit), "no trace"
    lines: list[str] = result.output.splitlines()
    return lines


@pytest.mark.parametrize("name", COMMANDS)
def test_without_tables_it_says_how_to_get_them(
    app_with: Callable[..., Flask], blank_database: str, name: str
) -> None:
    (line,) = said(app_with(database_url=blank_database), name)
    assert line.endswith("Migrate it first: flask --app app db upgrade")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.one_engine("postgresql", reason="SQLite is a file: it does not go away")
def test_without_a_database_it_says_where_to_look(app_with: Callable[..., Any], name: str) -> None:
    (line,) = said(
        app_with(database_url="postgresql+psycopg://nobody:secret@127.0.0.1:1/none"), name
    )
    assert (
        line
        == "Error: The database does not answer. See DATABASE_URL, and whether the server runs."
    )

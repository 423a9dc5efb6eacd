"""`flask backoffice demo` fills an empty database and prints a table of accounts.

It never runs where it could do harm.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice.demo.company import ACCOUNTS
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.stage import made, settings_for

COMMAND = ("backoffice", "demo", "--people", "50")


def shown_password(output: str) -> str:
    return next(line.split()[1] for line in output.splitlines() if line.startswith("Password"))


def counts() -> list[int | None]:
    return [db.session.scalar(select(func.count()).select_from(model)) for model in (User, Event)]


CHOSEN = "five-words-for-the-demo"


@pytest.fixture
def demo_command(app_with: Callable[..., Flask]) -> Callable[[], Any]:
    other = app_with(environment="demo")
    return lambda: other.test_cli_runner().invoke(args=COMMAND)


def test_command_migrates_loads_and_tells_how_to_sign_in(
    blank_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", CHOSEN)
    where = {"base_url": "http://127.0.0.1:8123", "uploads_dir": tmp_path}
    app = made(settings_for(blank_database, environment="demo", **where))
    answer = app.test_cli_runner().invoke(args=COMMAND)
    app.extensions["jobs"].close()
    with app.app_context():
        db.engine.dispose()
    assert answer.exit_code == 0, answer.output
    assert [line.strip() for line in answer.output.splitlines() if line.startswith("  ")][:7] == [
        "Groups, client tags and the accounts to sign in as",
        "500 clients with their companies",
        "Their KYC cases, wallets, sign-ins and tokens",
        "A year of 50 people",
        "10 % of the year",
        "20 % of the year",
        "30 % of the year",
    ]
    restored = [line for line in answer.output.splitlines() if "schema_restored" in line]
    assert len(restored) <= 1
    assert not any("warning" in line for line in restored), "a migration that ran is no fault"
    assert "http://127.0.0.1:8123" in answer.output
    assert shown_password(answer.output) == CHOSEN
    table = answer.output.partition("same password:")[2].splitlines()[1:]
    assert [line.split()[-1] for line in table if line] == [
        account.email for account in ACCOUNTS[1:]
    ]
    assert len({line.index(line.split()[-1]) for line in table if line}) == 1  # aligned


def test_a_password_that_nobody_could_keep_is_refused(
    app: Flask, demo_command: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "short")
    answer = demo_command()
    assert (answer.exit_code, answer.output) == (
        1,
        "Error: DEMO_PASSWORD needs at least 15 characters.\n",
    )


def test_command_run_twice_changes_nothing_but_the_password(
    app: Flask, demo_command: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    first = demo_command()
    before = counts()
    second = demo_command()
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert counts() == before
    passwords = shown_password(first.output), shown_password(second.output)
    assert passwords[0] != passwords[1]
    assert app.test_client().try_sign_in("olivia", passwords[0]).status_code != 303
    app.test_client().sign_in("olivia", passwords[1])


def test_command_leaves_other_peoples_data_alone(
    cast: Any, demo_command: Callable[[], Any]
) -> None:
    db.session.execute(User.__table__.delete().where(User.email_key != "eve@example.com"))
    db.session.commit()
    answer = demo_command()
    assert answer.exit_code == 0
    assert "not the demo's" in answer.output
    assert counts()[0] == 1


@pytest.mark.parametrize("environment", ["production", "development", "test"])
def test_command_refuses_to_run_elsewhere(app_with: Callable[..., Flask], environment: str) -> None:
    answer = app_with(environment=environment).test_cli_runner().invoke(args=COMMAND)
    assert answer.exit_code != 0
    assert "only with BACKOFFICE_ENV=demo" in answer.output
    assert environment in answer.output
    assert counts() == [0, 0]


def test_command_interrupted_leaves_nothing(
    demo_command: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("backoffice.demo.loading._forget_passwords", interrupt)
        assert demo_command().exit_code != 0
    assert counts() == [0, 0]
    assert demo_command().exit_code == 0
    assert counts()[0] == 52

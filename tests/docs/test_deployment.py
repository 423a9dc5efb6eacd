"""docs/deployment.md names every setting with its default, and every command it names exists."""

import re
from dataclasses import MISSING, fields
from datetime import timedelta
from typing import Any

from click import Context
from flask import Flask

from backoffice.actions.engine.action import find
from backoffice.settings import Settings
from tests.house.source import ROOT

TEXT = (ROOT / "docs" / "deployment.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (?:`([^`]*)`|none) \| (.+) \|$", re.MULTILINE)
COMMAND = re.compile(r"flask --app app backoffice ([a-z][\w-]*)(?: ([\w.]+))?")


def written(default: Any) -> str:
    """Return a default as one would write it in the environment."""
    if isinstance(default, timedelta):
        return str(int(default.total_seconds()))
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)


def test_deployment_names_every_setting_with_its_default() -> None:
    real = {
        "BACKOFFICE_ENV" if spec.name == "environment" else spec.name.upper(): written(spec.default)
        for spec in fields(Settings)
        if spec.default is not MISSING
    }
    assert {name: default for name, default, _ in ROW.findall(TEXT)} == real


def test_deployment_says_what_every_setting_means() -> None:
    assert all(len(meaning) > 15 for _, _, meaning in ROW.findall(TEXT))


def test_deployment_names_commands_and_actions_that_exist(app: Flask) -> None:
    group = app.cli.commands["backoffice"]
    known = group.list_commands(Context(group))  # type: ignore[attr-defined]  # a click group
    named = set(COMMAND.findall(TEXT))
    assert len(named) >= 4
    for command, argument in named:
        assert command in known, command
        assert command != "act" or find(argument), argument

"""Sheets at the command line: export, check, import."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.acting import group
from tests.support.sheets import MODES, edited, sheet_of

Run = Callable[..., Any]


@pytest.fixture
def run(app: Flask, cast: Cast) -> Run:
    return lambda *words: app.test_cli_runner().invoke(args=["backoffice", "groups", *words])


@pytest.fixture
def file(run: Run, tmp_path: Path) -> Path:
    """Return a file with a sheet of all groups."""
    path = tmp_path / "groups.json"
    assert run("export", str(path)).exit_code == 0
    return path


def renamed(groups: dict[str, Any]) -> None:
    groups["viewers"]["name"] = "Onlookers"
    groups["viewers"]["permissions"].remove("events.view")


def test_the_output_is_the_file(run: Run, file: Path) -> None:
    result = run("export")
    assert result.exit_code == 0
    assert result.stdout_bytes == file.read_bytes()
    assert json.loads(file.read_text())["format"] == "backoffice-groups"


@pytest.mark.parametrize("mode", MODES)
def test_a_check_of_the_same_groups_is_fine(run: Run, file: Path, mode: str) -> None:
    result = run("import", str(file), "--check", "--mode", mode)
    assert (result.exit_code, result.output) == (0, "There is nothing to change.\n")


def test_a_check_tells_what_differs_and_writes_nothing(run: Run, file: Path) -> None:
    file.write_bytes(edited(file.read_bytes(), renamed))
    for _twice in range(2):
        result = run("import", str(file), "--check")
        assert result.exit_code == 1
        assert result.output.splitlines() == [
            "~ Onlookers (viewers)",
            "    name: Viewers -> Onlookers",
            "    - permissions: events.view",
            "1 person is affected in all, 0 of them signed in.",
        ]
    settle()
    assert group("viewers").name == "Viewers"


def test_an_import_makes_it_so(run: Run, file: Path) -> None:
    file.write_bytes(edited(file.read_bytes(), renamed))
    assert run("import", str(file)).exit_code == 0
    settle()
    assert group("viewers").name == "Onlookers"
    assert run("import", str(file), "--check", "--mode", "replace").exit_code == 0


def test_a_sheet_with_problems_changes_nothing(run: Run, file: Path) -> None:
    file.write_bytes(
        sheet_of(
            *[{"name": f"Sales {number}"} for number in range(10)],
            {"name": "Others", "permissions": ["no.such"]},
            {"name": "More", "odd": 1},
            {"name": "Most", "permissions": ["no.such.either"]},
        )
    )
    for words in ((), ("--check",)):
        result = run("import", str(file), *words)
        assert result.exit_code == 2
        assert result.output.splitlines() == [
            "groups[10].permissions[0]: There is no permission no.such.",
            (
                "groups[11].odd: There is no such field. These are: key, name, description, "
                "permissions, grants, mask_data, all_permissions."
            ),
            "groups[12].permissions[0]: There is no permission no.such.either.",
            "Nothing was changed.",
        ]


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    result = run("import", str(tmp_path / "none.json"), "--check")
    assert result.exit_code == 2
    assert "cannot be read: No such file or directory" in result.output
    result = run("export", str(tmp_path / "no" / "folder.json"))
    assert "cannot be written: No such file or directory" in result.output

"""Walk through the action of the tutorial from every place that offers it.

`test_tutorial.py` runs this in the copy of the code that follows the tutorial.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from backoffice.testing.stage import Stage
from tests.docs.reading import (
    LIST,
    carried_out,
    planned,
    stored,
    text_of,
    ticked,
    undone,
    warehouse,
)
from tests.docs.tutorial import commands


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


def statuses(*ids: int) -> list[str]:
    return [stored(row_id).status for row_id in ids]


def test_row_menu_and_details_offer_what_may_be_done_and_why_not(olivia: Client) -> None:
    empty, full, closed = (
        warehouse("Empty"),
        warehouse("Full", pallets=2),
        warehouse("Shut", status="closed"),
    )
    menus = {
        row_id: text_of(olivia.get(f"{LIST}{row_id}/menu")) for row_id in (empty, full, closed)
    }
    assert "/actions/close" in menus[empty]
    assert "/actions/open" not in menus[empty]
    assert "/actions/close" not in menus[full]
    assert "Full still holds pallets." in menus[full]
    assert "/actions/open" in menus[closed]
    assert "/actions/close" in text_of(olivia.get(f"{LIST}{empty}"))


def test_row_menu_closes_one_and_undo_opens_it(olivia: Client) -> None:
    row_id = warehouse("Harbour")
    result = carried_out(olivia, "close", {"row": str(row_id)}, reason="Flood")
    assert statuses(row_id) == ["closed"]
    assert "Close 1 warehouse" in text_of(olivia.get(result))
    assert "Flood" in text_of(olivia.get(result))
    undone(olivia, result)
    assert statuses(row_id) == ["open"]
    settle()
    events = list(
        db.session.scalars(
            select(Event).where(Event.subject_type == "warehouses").order_by(Event.id)
        )
    )
    assert [(e.action, e.before, e.after) for e in events] == [
        ("warehouses.close", {"status": "open"}, {"status": "closed"}),
        ("warehouses.open", {"status": "closed"}, {"status": "open"}),
    ]


def test_ticked_rows_get_one_outcome_each(olivia: Client) -> None:
    ids = [
        warehouse("A"),
        warehouse("B"),
        warehouse("C", pallets=1),
        warehouse("D", status="closed"),
    ]
    preview = text_of(olivia.get(planned(olivia, "close", ticked(ids))))
    for sentence in (
        "Close 2 warehouses",
        "1 would not change: already closed",
        "1 refused: C still holds pallets.",
    ):
        assert sentence in preview
    assert statuses(*ids) == ["open", "open", "open", "closed"]
    result = text_of(olivia.get(carried_out(olivia, "close", ticked(ids), reason="Winter")))
    assert statuses(*ids) == ["closed", "closed", "open", "closed"]
    assert "2 of 4 closed." in result


def test_a_reason_is_asked_for(olivia: Client) -> None:
    row_id = warehouse("A")
    preview = planned(olivia, "close", {"row": str(row_id)})
    assert olivia.post(preview).location == preview
    answer = olivia.get(preview)
    assert (answer.status_code, "Say why, in a few words" in text_of(answer)) == (422, True)
    assert statuses(row_id) == ["open"]


def test_all_that_match_is_what_the_list_shows(olivia: Client) -> None:
    kiel = [warehouse(f"K{number}", city="Kiel") for number in range(60)]
    bremen = warehouse("B", city="Bremen")
    result = carried_out(olivia, "close", {"all_matching": "1", "list": "city=Kiel"}, reason="Sold")
    assert set(statuses(*kiel)) == {"closed"}
    assert statuses(bremen) == ["open"]
    undone(olivia, result)
    assert set(statuses(*kiel)) == {"open"}


def test_a_warehouse_changed_since_the_preview_is_left_alone(olivia: Client) -> None:
    ids = [warehouse("A"), warehouse("B")]
    preview = planned(olivia, "close", ticked(ids))
    olivia.post(f"{LIST}{ids[0]}/edit", {"version": "1", "city": "Kiel"})
    done = olivia.post(preview, {"reason": "Winter"})
    assert "1 left alone: changed by somebody since." in text_of(
        olivia.get(done.headers["Location"])
    )
    assert statuses(*ids) == ["open", "closed"]


def test_command_line_previews_and_then_runs(
    cast: Cast, stage: Stage, run: Callable[..., Any]
) -> None:
    hamburg = [warehouse("A", city="Hamburg"), warehouse("B", city="Hamburg", pallets=1)]
    other = warehouse("C", city="Kiel")
    typed = [shlex.split(command) for command in commands() if "backoffice act" in command]
    assert len(typed) == 2
    settings = {"BACKOFFICE_ENV": "test", "DATABASE_URL": stage.settings.database_url}
    for arguments, after in zip(typed, (["open", "open"], ["closed", "open"]), strict=True):
        command = [str(Path(sys.executable).parent / "flask"), *arguments[1:]]
        done = subprocess.run(
            command, env=os.environ | settings, check=False, capture_output=True, text=True
        )
        assert "Close 1 warehouse" in done.stdout, done.stderr
        assert "B still holds pallets." in done.stdout
        assert statuses(*hamburg) == after
    assert statuses(other) == ["open"]
    assert (
        "No row matches."
        in run("backoffice", "act", "warehouses.close", "--where", "city=Nowhere").output
    )
    assert run("backoffice", "verify-events").exit_code == 0

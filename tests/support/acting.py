"""What people do on screens, in one call: act on rows, edit a row, add one, undo a run."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, true
from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from tests.support.client import Client, settle
from tests.support.html import read

MODELS: dict[str, Any] = {"users": User, "groups": Group, "client-tags": ClientTag}


def previewed(client: Client, screen: str, action: str, *rows: int, **data: Any) -> TestResponse:
    """Ask for the preview over ticked rows, or with all_matching="1" over a filter."""
    ticked = {"row": list(rows)} if rows else {}
    return client.post(f"/admin/{screen}/actions/{action}", {**ticked, **data})


def confirmed(client: Client, screen: str, action: str, preview: TestResponse, reason: str = "") -> TestResponse:
    """Press the button of a preview, with the reason and whatever has to be typed.

    Where nothing would be done there is no button; whoever attacks sends the token all the same.
    """
    settle()
    offered = [e["value"] for e in read(preview).all("input", name="selection")]
    chosen = BulkRun.token == UUID(offered[0]) if offered else true()
    planned = db.session.scalars(select(BulkRun).where(chosen).order_by(BulkRun.id.desc()).limit(1)).one()
    done = planned.counts.get("done", 0)
    assert bool(done) == bool(offered)
    words = {"reason": reason or "They asked for it", "confirm": f"{action.replace('-', '_')} {done}"}
    return client.post(f"/admin/{screen}/actions/{action}", {"selection": str(planned.token), **words})


def act(client: Client, screen: str, action: str, *rows: int, reason: str = "", **data: Any) -> BulkRun:
    """Preview and run; the run as the database then has it. Fails unless the product lets it happen."""
    preview = previewed(client, screen, action, *rows, **data)
    assert preview.status_code == 200, preview.get_data(as_text=True)[:3000]
    answer = confirmed(client, screen, action, preview, reason)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    return run_at(answer)


def handed_over(client: Client, person_id: int) -> str:
    """Give somebody a temporary password; what the page shows this once."""
    answer = confirmed(
        client, "users", "temporary-password", previewed(client, "users", "temporary-password", person_id)
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)[:3000]
    return read(answer).one("output").text


def run_at(answer: TestResponse) -> BulkRun:
    """The run that an answer leads to."""
    settle()
    return db.session.get_one(BulkRun, int(answer.location.rpartition("/")[2]))


def undo(client: Client, run: BulkRun) -> TestResponse:
    """Press Undo."""
    return client.post(f"/admin/bulk-runs/{run.id}/undo")


def outcome(run: BulkRun, row_id: int) -> tuple[str, str]:
    """What became of a row, and the rule that refused it."""
    item = db.session.get_one(BulkItem, (run.id, row_id))
    return item.outcome, item.rule


def edit(client: Client, screen: str, row_id: int, /, **values: Any) -> TestResponse:
    """Send the edit form with these fields, at the row's present version."""
    settle()
    version = values.pop("version", None) or db.session.get_one(MODELS[screen], row_id).version
    return client.post(f"/admin/{screen}/{row_id}/edit", {"version": version, **values})


def add(client: Client, screen: str, /, **values: Any) -> TestResponse:
    """Send the form of a new row."""
    return client.post(f"/admin/{screen}/new", values)


def group(key: str) -> Group:
    """A shipped group, read afresh."""
    settle()
    return db.session.scalars(select(Group).where(Group.key == key)).one()


def groups_of(person: User) -> set[str]:
    """The names of a person's groups, read afresh."""
    settle()
    return {each.name for each in db.session.get_one(User, person.id).groups}


def status_of(person: User) -> str:
    """A person's status, read afresh."""
    settle()
    return db.session.get_one(User, person.id).status


def everything() -> Mapping[str, list[Any]]:
    """Every row of every table, to compare or to search."""
    settle()
    tables = db.metadata.sorted_tables
    return {table.name: [tuple(row) for row in db.session.execute(select(table)).all()] for table in tables}

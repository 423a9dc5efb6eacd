"""What people do on screens, in one call: act on rows, edit a row, add one, undo a run."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from backoffice.actions.engine.action import find
from backoffice.extensions import db
from backoffice.models.base import records
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.client import Client, settle
from tests.support.html import read

MODELS: dict[str, Any] = {model.__tablename__.replace("_", "-"): model for model in records()}


def asked_for(screen: str, action: str, *rows: int, **filters: Any) -> tuple[str, dict[str, Any]]:
    """Return the address and the form that ask a list for the preview of an action.

    The form names ticked rows, or with all_matching="1" everything that the list shows.
    """
    path = f"/admin/{screen}/actions/{action}"
    if rows:
        return path, {"row": list(rows)}
    every = {"all_matching": filters.pop("all_matching", "")}
    return path, {**every, "list": urlencode(filters, doseq=True)}


def previewed(client: Client, screen: str, action: str, *rows: int, **data: Any) -> TestResponse:
    """Ask for a preview, choose its parameters if it has any, and return its page.

    `data` are the parameters, and with all_matching="1" the filters of the list.
    """
    declared = find(f"{MODELS[screen].__tablename__}.{action.replace('-', '_')}")
    names = [*declared.parameters] if declared else []
    chosen = {f"with.{name}": data.pop(name) for name in names if name in data}
    url, form = asked_for(screen, action, *rows, **data)
    answer = client.post(url, form)
    if answer.status_code == HTTPStatus.SEE_OTHER and chosen:
        answer = client.post(answer.location, {"step": "choose", **chosen})
    return followed(client, answer)


def followed(client: Client, answer: TestResponse) -> TestResponse:
    """Follow an answer through previews and step-up, and return the page at the end."""
    while answer.status_code == HTTPStatus.SEE_OTHER and re.search(
        "/actions/|/confirm", answer.location
    ):
        answer = client.get(answer.location)
    return answer


def token_of(answer: TestResponse) -> UUID:
    """Return the token of the preview that was asked for, or that the answer leads to."""
    addresses = unquote(f"{answer.location} {answer.request.url}")
    return UUID(re.findall(r"/actions/[^/]+/([0-9a-f-]{36})", addresses)[0])


def confirmed(
    client: Client, screen: str, action: str, preview: TestResponse, reason: str = ""
) -> TestResponse:
    """Press the button of a preview, with the reason and the text that has to be typed.

    A preview that would do nothing has no button. The form is sent nevertheless, as an attacker
    would send it.
    """
    settle()
    planned = db.session.scalars(select(BulkRun).where(BulkRun.token == token_of(preview))).one()
    done = planned.counts.get("done", 0)
    offered = [e for e in read(preview).all("input", name="step") if e["value"] == "run"]
    assert bool(done) == bool(offered)
    return decided(
        client,
        screen,
        action,
        planned.token,
        reason=reason,
        confirm=f"{action.replace('-', '_')} {done}",
    )


def decided(
    client: Client, screen: str, action: str, token: UUID | str, **words: str
) -> TestResponse:
    """Send the form of a preview, whatever its page shows.

    If the reason is refused, the answer is the page with the message.
    """
    words = {"reason": "They asked for it"} | {name: text for name, text in words.items() if text}
    answer = client.post(f"/admin/{screen}/actions/{action}/{token}", {"step": "run", **words})
    led_back = answer.status_code == HTTPStatus.SEE_OTHER and str(token) in unquote(answer.location)
    return followed(client, answer) if led_back else answer


def act(
    client: Client, screen: str, action: str, *rows: int, reason: str = "", **data: Any
) -> BulkRun:
    """Preview and run an action, and return the run as the database then has it.

    Fails unless the product allows it.
    """
    preview = previewed(client, screen, action, *rows, **data)
    assert preview.status_code == 200, preview.get_data(as_text=True)[:3000]
    answer = confirmed(client, screen, action, preview, reason)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    return run_at(answer)


def handed_over(client: Client, person_id: int) -> str:
    """Give a person a temporary password, and return what the page shows this once."""
    preview = previewed(client, "users", "temporary-password", person_id)
    return shown_once(client, confirmed(client, "users", "temporary-password", preview))


def shown_once(client: Client, answer: TestResponse) -> str:
    """Return the secret on the page that an answer leads to."""
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    page = client.get(answer.location)
    assert page.status_code == 200, page.get_data(as_text=True)[:3000]
    return read(page).one("output").text


def run_at(answer: TestResponse) -> BulkRun:
    """Return the run that the request of this answer carried out."""
    settle()
    return db.session.scalars(select(BulkRun).where(BulkRun.token == token_of(answer))).one()


def undo(client: Client, run: BulkRun) -> TestResponse:
    """Press Undo, and the button of its preview."""
    answer = client.post(f"/admin/bulk-runs/{run.id}/undo")
    if answer.status_code != HTTPStatus.SEE_OTHER:
        return answer
    preview = followed(client, answer)
    if preview.status_code != HTTPStatus.OK:
        return preview
    _, screen, _, action, _ = answer.location.strip("/").split("/")
    return confirmed(client, screen, action, preview)


def outcome(run: BulkRun, row_id: int) -> tuple[str, str]:
    """Return the outcome of a row, and the rule that refused it."""
    item = db.session.get_one(BulkItem, (run.id, row_id))
    return item.outcome, item.rule


def edit(client: Client, screen: str, row_id: int, /, **values: Any) -> TestResponse:
    """Send the edit form with these fields, at the row's present version.

    Where its changes are to be reviewed, they are confirmed.
    """
    settle()
    version = values.pop("version", None) or db.session.get_one(MODELS[screen], row_id).version
    address, form = f"/admin/{screen}/{row_id}/edit", {"version": version, **values}
    answer = client.post(address, form)
    digest = review_of(answer)
    return client.post(address, {**form, "reviewed": digest}) if digest else answer


def review_of(answer: TestResponse) -> str:
    """Return what confirms the changes that the answer asks to review, or ''."""
    fields = read(answer).all("input", name="reviewed") if answer.status_code == 200 else []
    return str(fields[0]["value"]) if fields else ""


def add(client: Client, screen: str, /, **values: Any) -> TestResponse:
    """Send the form of a new row."""
    return client.post(f"/admin/{screen}/new", values)


def group(key: str) -> Group:
    """Return a shipped group, read afresh."""
    settle()
    return db.session.scalars(select(Group).where(Group.key == key)).one()


def groups_of(person: User) -> set[str]:
    """Return the names of a person's groups, read afresh."""
    settle()
    return {each.name for each in db.session.get_one(User, person.id).groups}


def status_of(person: User) -> str:
    """Return a person's status, read afresh."""
    settle()
    return db.session.get_one(User, person.id).status


def everything() -> Mapping[str, list[Any]]:
    """Return every row of every table, to compare or to search."""
    settle()
    tables = db.metadata.sorted_tables
    return {
        table.name: [tuple(row) for row in db.session.execute(select(table)).all()]
        for table in tables
    }

"""What a walk through the tutorial's result needs: rows, pages to read, and forms to send."""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any

from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.models.warehouse import Warehouse  # the tutorial writes it
from backoffice.testing.client import Client, settle

LIST = "/admin/warehouses/"
ROW = re.compile(r'data-menu-url="/admin/warehouses/(\d+)/menu"')


def warehouse(name: str, **values: Any) -> int:
    """Add a warehouse, and return its id."""
    row = Warehouse(name=name, **values)
    db.session.add(row)
    db.session.flush()
    row_id = row.id
    settle()
    return int(row_id)


def stored(row_id: int) -> Any:
    """Return the warehouse as it is now, or None."""
    settle()
    row = db.session.get(Warehouse, row_id, populate_existing=True)
    db.session.commit()
    return row


def text_of(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def ids_on(answer: TestResponse) -> list[int]:
    """Return the ids of the rows of a list page, in order."""
    assert answer.status_code == 200, text_of(answer)[:3000]
    return [int(number) for number in ROW.findall(text_of(answer))]


def found(client: Client, query: str) -> list[int]:
    """Return the ids of the rows that a list query finds."""
    return sorted(ids_on(client.get(f"{LIST}?{query}")))


def link(answer: TestResponse, rel: str) -> str | None:
    """Return the address of the page's link with this `rel`."""
    match = re.search(
        rf'<a [^>]*href="([^"]+)"[^>]*rel="{rel}"|<a [^>]*rel="{rel}"[^>]*href="([^"]+)"',
        text_of(answer),
    )
    return unescape(match[1] or match[2]) if match else None


def hidden(answer: TestResponse, name: str) -> str:
    """Return the value of a hidden input."""
    match = re.search(rf'name="{name}" value="([^"]*)"', text_of(answer))
    assert match, f"no {name} on the page:\n{text_of(answer)[:5000]}"
    return unescape(match[1])


def ticked(ids: Iterable[int]) -> dict[str, Any]:
    return {"row": [str(row_id) for row_id in ids]}


def carried_out(client: Client, action: str, chosen: dict[str, Any], **words: str) -> str:
    """Preview an action, run it, and return the address of its result."""
    done = client.post(planned(client, action, chosen), words)
    assert (done.status_code, "/actions/" in done.location) == (303, False), text_of(done)[:3000]
    return result_of(client, done)


def planned(client: Client, action: str, chosen: dict[str, Any]) -> str:
    """Return the address of the preview that was asked for."""
    asked = client.post(f"{LIST}actions/{action}", chosen)
    assert asked.status_code == 303, text_of(asked)[:3000]
    assert client.get(asked.location).status_code == 200
    return asked.location


def result_of(client: Client, done: TestResponse) -> str:
    """Return the address of the result, which is linked from the page that people come back to."""
    match = re.search(r'"(/admin/bulk-runs/\d+)"', text_of(client.get(done.location)))
    assert match, text_of(done)
    return match[1]


def undone(client: Client, result: str) -> None:
    """Press Undo, and the button of its preview."""
    asked = client.post(f"{result}/undo")
    assert client.get(asked.location).status_code == 200
    assert client.post(asked.location).status_code == 303

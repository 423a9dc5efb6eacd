"""What a walk through the tutorial's result needs: rows to look at, pages to read, forms to send."""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any

from werkzeug.test import TestResponse

from backoffice.extensions import db
from backoffice.models.warehouse import Warehouse  # the tutorial writes it
from tests.support.client import Client, settle

LIST = "/admin/warehouses/"
ROW = re.compile(r'data-menu-url="/admin/warehouses/(\d+)/menu"')


def warehouse(name: str, **values: Any) -> int:
    """A warehouse that is there; its number."""
    row = Warehouse(name=name, **values)
    db.session.add(row)
    db.session.flush()
    row_id = row.id
    settle()
    return int(row_id)


def stored(row_id: int) -> Any:
    """The warehouse as it is now, or None."""
    settle()
    row = db.session.get(Warehouse, row_id, populate_existing=True)
    db.session.commit()
    return row


def text_of(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def ids_on(answer: TestResponse) -> list[int]:
    """The numbers of the rows of a list page, in order."""
    assert answer.status_code == 200, text_of(answer)[:3000]
    return [int(number) for number in ROW.findall(text_of(answer))]


def found(client: Client, query: str) -> list[int]:
    """The numbers of the rows that a list query finds."""
    return sorted(ids_on(client.get(f"{LIST}?{query}")))


def link(answer: TestResponse, rel: str) -> str | None:
    """The address of the page's link with this `rel`."""
    match = re.search(
        rf'<a [^>]*href="([^"]+)"[^>]*rel="{rel}"|<a [^>]*rel="{rel}"[^>]*href="([^"]+)"', text_of(answer)
    )
    return unescape(match[1] or match[2]) if match else None


def hidden(answer: TestResponse, name: str) -> str:
    """The value of a hidden input."""
    match = re.search(rf'name="{name}" value="([^"]*)"', text_of(answer))
    assert match, f"no {name} on the page:\n{text_of(answer)[:5000]}"
    return unescape(match[1])


def ticked(ids: Iterable[int]) -> dict[str, Any]:
    return {"row": [str(row_id) for row_id in ids]}


def carried_out(client: Client, action: str, chosen: dict[str, Any], **words: str) -> str:
    """Preview an action, run it, and answer the address of its result."""
    url = f"{LIST}actions/{action}"
    preview = client.post(url, chosen)
    assert preview.status_code == 200, text_of(preview)[:3000]
    done = client.post(url, {"selection": hidden(preview, "selection"), **words})
    assert done.status_code == 303, text_of(done)[:3000]
    return str(done.headers["Location"])

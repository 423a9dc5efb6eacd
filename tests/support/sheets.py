"""Sheets of groups: as they are downloaded, edited by hand, and sent."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

from werkzeug.test import TestResponse

from backoffice.testing.client import Client
from tests.support.html import hidden, read

UPLOAD = "/admin/groups/sheet"
MODES = ("create", "merge", "replace")


def downloaded(client: Client) -> bytes:
    """Return the sheet of all groups, as the page of groups gives it."""
    answer = client.get("/admin/groups/sheet.json")
    assert answer.status_code == 200
    return bytes(answer.data)


def edited(sheet: bytes, edit: Callable[[dict[str, dict[str, Any]]], Any]) -> bytes:
    """Return the sheet after `edit` was called with its groups by key, which it may change."""
    value = json.loads(sheet)
    groups = {group["key"]: group for group in value["groups"]}
    edit(groups)
    return sheet_of(*groups.values())


def sheet_of(*groups: object, **others: object) -> bytes:
    """Return a sheet with these groups."""
    value = {"format": "backoffice-groups", "version": 1, "groups": groups, **others}
    return json.dumps(value).encode()


def send(client: Client, sheet: bytes, mode: str = "merge", name: str = "g.json") -> TestResponse:
    """Send a sheet, and return the answer."""
    return client.post(UPLOAD, {"sheet": (BytesIO(sheet), name), "mode": mode})


def previewed(client: Client, sheet: bytes, mode: str = "merge") -> str:
    """Send a sheet that has no problem, and return the address of its preview."""
    answer = send(client, sheet, mode)
    assert answer.status_code == 303, problems(answer)
    return str(answer.location)


def problems(answer: TestResponse) -> list[tuple[str, str]]:
    """Return what is wrong with a sheet, as (place, sentence)."""
    (listed,) = read(answer).all("div", id="problems") or [None]
    if listed is None:
        return []
    found = []
    for item in listed.all("li"):
        places = [code.text for code in item.all("code")]
        sentences = [span.text for span in item.all("span")]
        found.append(("".join(places), "".join(sentences) or item.text))
    return found


def apply(client: Client, address: str) -> TestResponse:
    """Press the button of a preview, and return the answer."""
    return client.post(address, {"plan": hidden(client.get(address), "plan")})


def imported(client: Client, sheet: bytes, mode: str = "merge") -> str:
    """Send a sheet, apply it, and return the address of the result."""
    address = previewed(client, sheet, mode)
    assert apply(client, address).status_code == 303
    assert "is applied" in client.get(address).text
    return address


def undo(client: Client, address: str) -> TestResponse:
    """Undo an import, and return the answer."""
    return apply(client, f"{address}/undo")


def says_nothing_to_change(client: Client, sheet: bytes, mode: str) -> bool:
    """Tell whether the preview of a sheet says that there is nothing to change."""
    page = client.get(previewed(client, sheet, mode))
    return "There is nothing to change." in page.text and not read(page).all("input", name="plan")

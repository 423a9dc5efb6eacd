"""The product itself, as it is usually run."""

import base64
import json
from typing import ClassVar
from urllib.parse import quote

from benchmarks.client import Client
from benchmarks.data import OLIVIA, PASSWORD, settings
from benchmarks.peer import Ids, Peer, Rows


class Ours(Peer):
    """The product, with Olivia as its administrator."""

    name = "ours"
    title = "Backoffice"
    target = "app:create_app()"
    start = "/sign-in"
    sizes = "/admin/users/?size={size}"
    paths: ClassVar = {
        "first": "/admin/users/",
        "middle": "/admin/users/?after={cursor}",
        "filter": "/admin/users/?status=blocked",
        "sort": "/admin/users/?sort=-last_login_at",
        "search": "/admin/users/?search={search}",
        "edit": "/admin/users/{id}/edit",
        "pick": "/admin/users/lookup/created_by?search={search}",
        "export": "/admin/users/export.csv",
    }

    def environment(self, url: str, port: int) -> dict[str, str]:
        configured = settings(url, port)
        return {
            "BACKOFFICE_ENV": configured.environment,
            "DATABASE_URL": url,
            "SECRET_KEY": configured.secret_key,
            "BASE_URL": configured.base_url,
            "TWO_FACTOR_GROUPS": "",
        }

    def sign_in(self, client: Client) -> None:
        token = client.get("/sign-in").token
        account = [("identifier", OLIVIA), ("password", PASSWORD)]
        client.post("/sign-in", [("csrf_token", token), *account])
        self.token = client.get("/admin/users/").token

    def path(self, measure: str, rows: Rows, *, size: int = 50) -> str:
        """Return the address for a measure, with a cursor instead of a page in the middle."""
        if measure != "middle":
            return super().path(measure, rows, size=size)
        place = json.dumps([rows.middle, rows.middle]).encode()
        cursor = quote(base64.urlsafe_b64encode(place).decode().rstrip("="))
        return f"/admin/users/?after={cursor}"

    def block(self, client: Client, ids: Ids) -> None:
        """Block these people in three requests: plan the preview, look at it, and run it."""
        self._act(client, [("row", number) for number in ids])

    def block_invited(self, client: Client) -> None:
        self._act(client, [("all_matching", 1), ("list", "status=invited")])

    def _act(self, client: Client, chosen: list[tuple[str, object]]) -> None:
        token = ("csrf_token", self.token)
        preview = client.post("/admin/users/actions/block", [token, *chosen]).headers["location"]
        client.get(preview)
        client.post(preview, [token, ("reason", "benchmark")])


PEER = Ours()

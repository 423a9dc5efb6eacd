"""The product itself, as anybody runs it."""

import base64
import json
from typing import ClassVar
from urllib.parse import quote

from benchmarks.client import Client
from benchmarks.data import OLIVIA, PASSWORD, settings
from benchmarks.peer import Ids, Peer, Rows


class Ours(Peer):
    name = "ours"
    title = "Backoffice"
    target = "app:create_app()"
    start = "/sign-in"
    sizes = "/admin/users/?size={size}"
    paths: ClassVar = {
        "first": "/admin/users/", "middle": "/admin/users/?after={cursor}", "filter": "/admin/users/?status=blocked",
        "sort": "/admin/users/?sort=-last_login_at", "search": "/admin/users/?search={search}",
        "edit": "/admin/users/{id}/edit", "pick": "/admin/users/lookup/created_by?search={search}",
        "export": "/admin/users/export.csv",
    }  # fmt: skip

    def environment(self, url: str, port: int) -> dict[str, str]:
        configured = settings(url, port)
        return {
            "BACKOFFICE_ENV": configured.environment, "DATABASE_URL": url, "SECRET_KEY": configured.secret_key,
            "BASE_URL": configured.base_url, "TWO_FACTOR_GROUPS": "",
        }  # fmt: skip

    def sign_in(self, client: Client) -> None:
        token = client.get("/sign-in").token
        client.post(
            "/sign-in", [("csrf_token", token), ("identifier", OLIVIA), ("password", PASSWORD)]
        )
        self.token = client.get("/admin/users/").token

    def path(self, measure: str, rows: Rows, *, size: int = 50) -> str:
        place = json.dumps([rows.middle, rows.middle]).encode()
        cursor = quote(base64.urlsafe_b64encode(place).decode().rstrip("="))
        return (
            super().path(measure, rows, size=size)
            if measure != "middle"
            else f"/admin/users/?after={cursor}"
        )

    def block(self, client: Client, ids: Ids) -> None:
        """Three requests: the preview is planned, looked at, and run."""
        self._act(client, [("row", number) for number in ids])

    def block_invited(self, client: Client) -> None:
        self._act(client, [("all_matching", 1), ("list", "status=invited")])

    def _act(self, client: Client, chosen: list[tuple[str, object]]) -> None:
        token = ("csrf_token", self.token)
        preview = client.post("/admin/users/actions/block", [token, *chosen]).headers["location"]
        client.get(preview)
        client.post(preview, [token, ("reason", "benchmark")])


PEER = Ours()

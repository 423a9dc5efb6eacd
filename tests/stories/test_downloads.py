"""A download is either a file or a page.

Readers who have to sign in or confirm first land on a page that offers the file afterwards.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from backoffice import clock
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client
from tests.support.acting import act
from tests.support.factors import visitor
from tests.support.html import read
from views.web.downloads import page_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=6)


def addresses(client: Client, cast: Cast) -> list[tuple[str, str]]:
    """Return every kind of download, each with the page that offers it."""
    run = act(client, "users", "unblock", cast.eve.id)
    return [
        ("/admin/users/export.csv?status=active&search=a", "/admin/users/?status=active&search=a"),
        ("/admin/groups/export.json", "/admin/groups/"),
        (f"/admin/bulk-runs/{run.id}/items.csv", f"/admin/bulk-runs/{run.id}"),
    ]


def test_whoever_has_to_confirm_first_finds_the_file_on_the_page_that_offers_it(
    app: Flask, client: Client, cast: Cast
) -> None:
    with clock.at(NOW):
        known = addresses(client.sign_in("olivia"), cast)
    for file, page in known:
        with clock.at(NOW):
            olivia = visitor(app).sign_in("olivia")
        with clock.at(LATER):
            asked = olivia.get(file)
            assert urlsplit(asked.location).path == "/account/confirm"
            (to,) = parse_qs(urlsplit(asked.location).query)["confirm_to"]
            done = olivia.post("/account/confirm", {"confirm_password": PASSWORD, "confirm_to": to})
            assert (done.status_code, done.location) == (303, page)
            said = read(olivia.get(page)).one("div", class_="flashes")
            (link,) = [link["href"] for link in said.all("a") if "Download" in link.text]
            assert link == file
            assert "attachment" in olivia.get(link).headers["Content-Disposition"]


def test_whoever_has_to_sign_in_first_comes_to_the_page(
    app: Flask, client: Client, cast: Cast
) -> None:
    client.sign_in("olivia")
    stranger = visitor(app)
    for file, page in addresses(client, cast):
        asked = stranger.get(file)
        assert parse_qs(urlsplit(asked.location).query)["next"] == [page]


def test_no_link_of_a_page_saves_whatever_comes_as_a_file(client: Client, cast: Cast) -> None:
    """With a `download` attribute a browser would save the password page as the file."""
    client.sign_in("olivia")
    run = act(client, "users", "unblock", cast.eve.id)
    for path in ("/admin/users/", f"/admin/bulk-runs/{run.id}", "/admin/events/"):
        links = read(client.get(path)).all("a")
        assert [link["href"] for link in links if "download" in link.attributes] == []


def test_every_file_is_offered_by_a_page(app: Flask, client: Client, cast: Cast) -> None:
    """Files are found by their answers, so a new download that no page offers fails here."""
    run = act(client.sign_in("olivia"), "users", "unblock", cast.eve.id)
    urls = app.url_map.bind("")
    given = {"ending": "csv", "row_id": run.id}
    paths = [
        urls.build(rule.endpoint, {name: given[name] for name in rule.arguments})
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and given.keys() >= rule.arguments
    ]
    answers = {path: client.get(path, buffered=True) for path in paths}
    files = [
        path
        for path, a in answers.items()
        if "attachment" in a.headers.get("Content-Disposition", "")
    ]
    assert len(files) >= len(app.extensions["screens"]) - 1
    with app.test_request_context():
        assert [path for path in files if not page_of(path)] == []


@pytest.mark.parametrize(
    "path",
    ["/", "/admin/users/", "/nowhere", "//evil.example/export.csv", "/admin/users/export.exe"],
)
def test_other_addresses_are_no_downloads(app: Flask, path: str) -> None:
    with app.test_request_context():
        assert page_of(path) is None

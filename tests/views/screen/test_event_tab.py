"""Every details page has a tab with the events about its row, for those who see events."""

from flask import Flask

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from backoffice.testing.stage import Stage
from tests.support import world
from tests.support.acting import edit, group
from tests.support.html import read

WITH_A_PAGE_OF_ITS_OWN = ("bulk_runs", "events")


def test_every_screen_has_it(app: Flask, client: Client, staff: list[str], stage: Stage) -> None:
    rows = world.build(stage.settings).rows
    client.sign_in("administrators")
    for screen in app.extensions["screens"]:
        if screen.endpoint in WITH_A_PAGE_OF_ITS_OWN:
            continue
        path = f"/admin/{screen.slug}/{rows[screen.model][0]}?tab={screen.events_tab[0]}"
        page = read(client.get(path))
        assert page.one("a", href=path.replace("%3D", "="))["aria-current"] == "page", path


def test_it_tells_the_events_of_its_row_alone(client: Client, cast: Cast) -> None:
    db.session.add_all([ClientTag(name="Gold"), ClientTag(name="Silver")])
    db.session.commit()
    client.sign_in("olivia")
    edit(client, "client-tags", 1, version=1, name="Golden")
    edit(client, "client-tags", 2, version=1, name="Silvery")
    feed = read(client.get("/admin/client-tags/1?tab=events")).one("ol", class_="feed")
    assert "Olivia Owen changed Name of Golden" in feed.text
    assert "Name: Gold → Golden" in feed.text
    assert "Silver" not in feed.text
    (every,) = [
        each["href"]
        for each in read(client.get("/admin/client-tags/1?tab=events")).all("a")
        if each.text == "All events in the log"
    ]
    assert len(read(client.get(every)).one("tbody").all("tr")) == 1


def test_without_the_permission_there_is_no_tab(app: Flask, client: Client, cast: Cast) -> None:
    found = db.session.get_one(Group, group("viewers").id)
    found.permissions = ["users.view"]
    settle()
    vera = app.test_client().sign_in("vera")
    path = f"/admin/users/{cast.max.id}"
    assert "tab=events" not in vera.get(path).text
    assert vera.get(f"{path}?tab=events").status_code == 404

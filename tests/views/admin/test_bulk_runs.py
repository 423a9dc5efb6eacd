"""The rows of a bulk run as a file; every download is logged."""

from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from backoffice import events
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act


def test_a_downloaded_run_is_an_event_with_its_count(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    done = act(client, "users", "block", cast.max.id)
    answer = client.get(f"/admin/bulk-runs/{done.id}/items.csv")
    assert answer.status_code == 200
    assert "Max Mander,done" in answer.text
    event = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert event.action == "bulk_runs.export"
    assert event.actor_id == cast.olivia.id
    assert event.after == {"rows": 1}
    assert events.verify() == []


def test_the_rows_of_others_need_the_permission_and_all_are_counted(
    app: Flask, client: Client, cast: Cast, app_with: Callable[..., Flask]
) -> None:
    done = act(client.sign_in("olivia"), "users", "block", cast.max.id)
    address = f"/admin/bulk-runs/{done.id}/items.csv"
    vera = app.test_client().sign_in("vera")
    assert vera.get(address).status_code == 403
    assert "items.csv" not in vera.get(f"/admin/bulk-runs/{done.id}").text
    olivia = app_with(exports_per_hour=2).test_client().sign_in("olivia")
    assert [olivia.get(address).status_code for _ in range(3)] == [200, 200, 429]


def test_what_a_run_was_limited_to_is_not_told_to_those_who_see_no_groups(
    app: Flask, client: Client, cast: Cast
) -> None:
    """The filter is the number of a group, and the run's rows are its members."""
    client.sign_in("olivia")
    group = cast.max.groups[0].id
    act(client, "users", "end-sessions", all_matching="1", groups=str(group))
    reader = db.session.scalars(select(Group).where(Group.key == "viewers")).one()
    reader.permissions = ["users.view", "bulk_runs.view", "bulk_runs.export"]
    settle()
    vera = app.test_client().sign_in("vera")
    (run,) = vera.get("/admin/bulk-runs/export.json").json
    assert run["selection"] == {}

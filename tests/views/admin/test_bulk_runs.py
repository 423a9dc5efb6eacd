"""The rows of a bulk run as a file; every download is logged."""

from sqlalchemy import select

from backoffice import events
from backoffice.extensions import db
from backoffice.models.event import Event
from tests.support.acting import act
from tests.support.cast import Cast
from tests.support.client import Client


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

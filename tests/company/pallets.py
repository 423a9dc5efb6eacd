"""Depots, pallets and crates, for the walks that `test_company_package.py` runs."""

from typing import Any

from acme.models.depot import Depot, Pallet
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.testing.client import Client, settle


def company() -> None:
    """Create two open depots and a closed one, and four pallets in the first."""
    north, south = Depot(name="North"), Depot(name="South")
    db.session.add_all([north, south, Depot(name="Closed", is_active=False)])
    for number in range(1, 5):
        pallet = Pallet(code=f"P{number}", goods=f"Tea {number}", weight=number, pieces=number)
        pallet.depot = north
        db.session.add(pallet)
    settle()


def pallets() -> list[Pallet]:
    settle()
    return list(db.session.scalars(select(Pallet).order_by(Pallet.id)))


def ids() -> list[int]:
    return [pallet.id for pallet in pallets()]


def depot(name: str) -> int:
    return db.session.scalars(select(Depot.id).where(Depot.name == name)).one()


def allow(key: str, *codes: str) -> None:
    """Give a shipped group exactly these permissions."""
    group = db.session.scalars(select(Group).where(Group.key == key)).one()
    group.permissions = list(codes)
    settle()


def plan(client: Client, action: str, rows: list[int], screen: str = "pallets") -> str:
    """Ask for the preview of an action, and return its address."""
    answer = client.post(f"/admin/{screen}/actions/{action}", {"row": rows})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
    return answer.location


def choose(client: Client, address: str, **parameters: Any) -> Any:
    """Choose the parameters, and return the preview's page."""
    sent = {f"with.{name}": value for name, value in parameters.items()}
    assert client.post(address, {"step": "choose", **sent}).location == address
    return client.get(address)


def run(client: Client, address: str, **words: str) -> Any:
    """Press the button of a preview, and return the answer."""
    return client.post(address, {"step": "run", **words})


def done(client: Client, action: str, rows: list[int], **parameters: Any) -> None:
    """Carry an action out on rows."""
    address = plan(client, action, rows)
    if parameters:
        assert choose(client, address, **parameters).status_code == 200
    answer = run(client, address)
    assert answer.location != address, client.get(address).get_data(as_text=True)[:6000]


def undone(client: Client) -> None:
    """Undo the newest run."""
    page = client.get("/admin/pallets/")
    run_id = newest_event().bulk_run_id
    answer = client.post(f"/admin/bulk-runs/{run_id}/undo")
    assert answer.status_code == 303, page
    assert run(client, answer.location).status_code == 303


def newest_event() -> Event:
    settle()
    return db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()

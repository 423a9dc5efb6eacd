"""Rows of existing tables, written beside the product as an ERP does."""

from typing import Any

from sqlalchemy import select, text

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.testing.client import Client, settle
from tests.support.html import read

ODD = "A/1 ä?#%~,'<"

KEY = "~A~2F1~20~C3~A4~3F~23~25~7E~2C~27~3C"
HREF = f"/admin/kunden/{KEY}"


def begin() -> None:
    """Write two customers, two orders and two positions."""
    customer(ODD, "Odd")
    customer("B2", "Beta", STATUS="shut", TOTAL="123456789012345.67", CLASS="AB")
    order(7, ODD)
    order(8)
    position(7, 1, "Tea", 3)
    position(7, 2, "Salt", 4)


def sql(statement: str, **values: Any) -> None:
    """Run a statement in a transaction of its own."""
    settle()
    db.session.execute(text(statement), values)
    settle()


def customer(number: str, name: str, **others: Any) -> None:
    values = {"KDNR": number, "NAME1": name, **others}
    names = ", ".join(f'"{key}"' for key in values)
    given = ", ".join(f":{key}" for key in values)
    sql(f'INSERT INTO "KUNDEN" ({names}) VALUES ({given})', **values)


def order(number: int, customer_no: str | None = None) -> None:
    sql('INSERT INTO "ORDERS" ("ORDERNO", "KDNR") VALUES (:no, :kdnr)', no=number, kdnr=customer_no)


def position(number: int, place: int, item: str, amount: int = 1) -> None:
    sql(
        'INSERT INTO "POSITIONS" VALUES (:no, :place, :item, :amount)',
        no=number,
        place=place,
        item=item,
        amount=amount,
    )


def value(column: str, table: str, where: str = "1 = 1") -> Any:
    """Return the value of a column in the first row that meets the condition."""
    settle()
    found = db.session.execute(text(f'SELECT "{column}" FROM "{table}" WHERE {where}')).scalar()
    settle()
    return found


def allow(key: str, *codes: str) -> None:
    """Give a shipped group exactly these permissions."""
    group = db.session.scalars(select(Group).where(Group.key == key)).one()
    group.permissions = list(codes)
    settle()


def plan(client: Client, screen: str, action: str, keys: list[str]) -> str:
    """Ask for the preview of an action, and return its address."""
    answer = client.post(f"/admin/{screen}/actions/{action}", {"row": keys})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
    return str(answer.location)


def choose(client: Client, address: str, **parameters: str) -> None:
    """Choose the parameters of a preview."""
    sent = {f"with.{name}": value for name, value in parameters.items()}
    client.post(address, {"step": "choose", **sent})
    page = client.get(address)
    assert page.status_code == 200, page.get_data(as_text=True)


def press(client: Client, address: str, **words: str) -> Any:
    """Press the button of a preview, and return the answer."""
    client.get(address)
    answer = client.post(address, {"step": "run", **words})
    assert answer.location != address, client.get(address).get_data(as_text=True)
    return answer


def act(client: Client, screen: str, action: str, *keys: str, **parameters: str) -> str:
    """Carry an action out, and return the address of its run."""
    address = plan(client, screen, action, list(keys))
    if parameters:
        choose(client, address, **parameters)
    press(client, address)
    return newest_run()


def undo(client: Client, run: str) -> None:
    planned = client.post(f"{run}/undo")
    assert planned.status_code == 303, planned.get_data(as_text=True)
    press(client, planned.location)


def newest_run() -> str:
    return f"/admin/bulk-runs/{newest_event().bulk_run_id}"


def newest_event() -> Event:
    settle()
    return db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()


def sent(client: Client, address: str, **changed: str) -> Any:
    """Open a form and send it back with changed values."""
    return client.post(address, {"version": version(client, address), **changed})


def version(client: Client, address: str) -> str:
    return str(read(client.get(address)).one("input[name=version]")["value"])

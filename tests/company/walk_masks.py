"""Columns that say a mask are masked on every page; `test_company_package.py` runs this."""

from collections.abc import Callable

import pytest
from acme.models.driver import Driver
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company import pallets

SECRETS = ("Karenina", "+49 30 55501234", "493055501234", "KA-77-X")
LIST = "/admin/drivers/"


@pytest.fixture
def driver(cast: Cast, signed_in: Callable[[str], Client]) -> int:
    """Olivia has hired a driver; Max sees personal data masked."""
    given = {"name": "Anna Karenina", "phone": "+493055501234", "licence": "KA-77-X", "truck": "T1"}
    assert signed_in("olivia").post(f"{LIST}new", given).status_code == 303
    cast.max.mask_data = True
    settle()
    return db.session.scalars(select(Driver.id)).one()


@pytest.fixture
def masked(driver: int, client: Client) -> Client:
    return client.sign_in("max")


def test_every_page_shows_the_masks(masked: Client, driver: int) -> None:
    pages = ("", f"{driver}", f"{driver}/edit", f"{driver}?tab=events", f"new?_from={driver}")
    for address in (*pages, f"{driver}/menu", "export.csv", "export.json", "?search=T1"):
        answer = masked.get(LIST + address)
        assert answer.status_code == 200, address
        assert [secret for secret in SECRETS if secret in answer.text] == [], address
    assert "A***** K*****" in masked.get(LIST).text
    assert "+49 *** ** 34" in masked.get(LIST).text
    assert "Karenina" not in masked.get("/find?q=T1").text


def test_nothing_compares_what_is_masked(masked: Client, driver: int) -> None:
    for address in ("?name=Anna", "?sort=name", "?sort=licence", "?phone=49"):
        assert masked.get(LIST + address).status_code == 400, address
    assert f"value={driver}" not in masked.get(f"{LIST}?search=Karenina").text
    preview = pallets.plan(masked, "change-field", [driver], "drivers")
    chosen = {"with.field": "licence", "with.licence": "KA-77-X"}
    refused = masked.post(preview, {"step": "choose", **chosen}, follow_redirects=True)
    assert refused.status_code in (403, 422)
    assert "would not change" not in refused.text


def test_what_is_masked_is_not_written_until_it_is_revealed(masked: Client, driver: int) -> None:
    sent = {"version": 1, "name": "A***** K*****", "phone": "", "truck": "T2"}
    assert masked.post(f"{LIST}{driver}/edit", sent).status_code == 303
    settle()
    row = db.session.get_one(Driver, driver)
    assert (row.name, row.phone, row.truck) == ("Anna Karenina", "+493055501234", "T2")
    address = pallets.plan(masked, "reveal", [driver], "drivers")
    assert pallets.run(masked, address, reason="She is late").status_code == 303
    page = masked.get(f"{LIST}{driver}").text
    assert "Karenina" in page
    assert "You see the full data until" in page
    settle()
    event = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (event.action, event.subject_id, event.reason) == (
        "drivers.reveal",
        driver,
        "She is late",
    )

"""Everything that a company's screens answer, to everybody; `test_company_package.py` runs this."""

import pytest
from acme.models.depot import Crate, Depot, Pallet, Shelf
from acme.models.driver import Driver
from acme.models.parcel import Keepsake, Parcel
from acme.models.tank import Tank
from flask import Flask
from playwright.sync_api import Page

from backoffice.testing import access, rows, walk
from backoffice.testing.asking import World
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client


@pytest.fixture
def there(staff: list[str]) -> World:
    north, south = Depot(name="North"), Depot(name="South")
    shelves = [Shelf(name="A"), Shelf(name="B")]
    north.shelves = shelves
    pallets = [Pallet(code=code, depot=north) for code in ("P1", "P2")]
    crates = [Crate(name=name) for name in ("Apples", "Pears")]
    drivers = [Driver(name=name) for name in ("Ann", "Bob")]
    tanks = [Tank(name=name, code=name) for name in ("T1", "T2")]
    parcels = [Parcel(name=name) for name in ("Small", "Large")]
    owner = Cast().vera.id
    keepsakes = [Keepsake(name=name, user_id=owner) for name in ("Ring", "Watch")]
    return rows.stored(
        north, south, *shelves, *pallets, *crates, *drivers, *tanks, *parcels, *keepsakes
    )


@pytest.mark.parametrize("key", [None, *access.EVERYBODY])
def test_every_address_answers_what_the_policy_says(
    app: Flask, client: Client, there: World, key: str | None
) -> None:
    assert access.faults(app, client, key, there) == []


@pytest.mark.browser
@pytest.mark.one_engine("sqlite", reason="a page looks the same on both")
def test_every_page_of_every_screen_fits_and_has_names(
    app: Flask, page: Page, there: World
) -> None:
    assert walk.faults(page, app, there) == []

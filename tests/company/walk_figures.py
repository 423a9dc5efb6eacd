"""See on home what a package declares; `test_company_package.py` runs this with the package."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from backoffice import clock
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company import pallets
from tests.support.html import Element, read, row_ids


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    """Sign Olivia in; two pallets move, one is fragile, and one is of three days ago."""
    pallets.company()
    first, second, third, fourth = pallets.pallets()
    first.status = second.status = "moving"
    fourth.is_fragile = True
    third.created_at = clock.now() - timedelta(days=3)
    third.due = clock.now().date()
    settle()
    return client.sign_in("olivia")


def section(page: Element, heading: str) -> Element:
    (found,) = [e for e in page.all("section") if e.all("h2") and e.one("h2").text == heading]
    return found


def counted(text: str) -> int:
    found = re.search(r"\d+", text)
    assert found
    return int(found[0])


HEADINGS = ("Figures", "Pallets: Status", "Pallets: Is fragile", "Pallets per day", "Due")


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_number_is_that_of_the_list_it_leads_to(olivia: Client, heading: str) -> None:
    part = section(read(olivia.get("/")), heading)
    links = [e for e in part.all("a") if e["href"].startswith("/admin/")]
    assert links
    for link in links:
        assert counted(link.text) == len(row_ids(olivia.get(link["href"]))), link["href"]


def test_parts_say_what_they_count(olivia: Client) -> None:
    page = read(olivia.get("/"))
    tiles = [e.text for e in section(page, "Figures").all("a")]
    ours = ["0 KYC cases that wait", "0 Blocked clients"]
    assert tiles == [*ours, "2 Pallets on the move", "2 Large pallets", "4 Rated five"]
    (warned,) = section(page, "Figures").all("a", class_="tile-warns")
    assert warned.text == "2 Pallets on the move"
    shares = [e.text for e in section(page, "Pallets: Status").one("ul", class_="legend").all("li")]
    assert shares == ["2 On the spot 50 %", "2 Moving 50 %"]
    days = [e.text for e in section(page, "Pallets per day").one("tbody").all("td")]
    assert days == ["3", "0", "0", "1", "0", "0", "0"]
    assert len(section(page, "Latest pallets").all("li")) == 3
    assert "Closed" not in section(page, "New depots").text


def test_nobody_is_told_of_rows_or_columns_they_may_not_see(olivia: Client, app: Flask) -> None:
    vera = app.test_client()
    pallets.allow("viewers", "pallets.view")
    vera.sign_in("vera")  # type: ignore[attr-defined]  # it is our client
    page = read(vera.get("/"))
    assert [e.text for e in section(page, "Figures").all("a")] == [
        "2 Pallets on the move",
        "2 Large pallets",
    ]
    assert "New depots" not in page.text
    pallets.allow("viewers", "users.view")
    page = read(vera.get("/"))
    assert "Figures" not in page.text
    assert "Latest pallets" not in page.text

"""On a phone no page of a client is wider than the screen, in German either."""

import pytest
from playwright.sync_api import Page, expect

from backoffice import events
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.client_tag import ClientTag
from backoffice.models.kyc_case import KycCase
from backoffice.policy.actor import system
from backoffice.testing.browser import sign_in
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.clients import added

FILE = f"passport.pdf (636 bytes, SHA-256 {'0123456789abcdef' * 4})"

pytestmark = pytest.mark.one_engine("sqlite", reason="where things are shown does not depend on it")


@pytest.fixture
def anna(cast: Cast) -> Client:
    """Add Anna with long words in every column, and a document in her KYC case."""
    cast.olivia.language = "de"
    anna = added(
        "Anna-Friederike",
        last_name="Donaudampfschifffahrtsgesellschaft",
        email="anna-friederike.donaudampfschifffahrtsgesellschaft@example.com",
        client_group="legal_merchant_staff",
        country="BA",
        tags=[ClientTag(name="Kraftfahrzeughaftpflichtversicherung")],
    )
    case = KycCase(client_id=anna.id, level=1)
    db.session.add(case)
    db.session.flush()
    events.record(
        actor=system(),
        action="kyc_cases.edit",
        subject=("kyc_cases", case.id),
        before={"documents": ""},
        after={"documents": FILE},
    )
    settle()
    return anna


@pytest.mark.parametrize("width", [375, 320])
def test_no_page_is_wider_than_the_phone(page: Page, anna: Client, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, "olivia")
    columns = "id,email,name,client_group,country,tags,kyc_state,two_factor,joined_at"
    for address in (
        f"/admin/clients/?columns={columns}",
        f"/admin/clients/{anna.id}",
        f"/admin/clients/{anna.id}/edit",
        "/admin/kyc-cases/1?tab=events",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == width, address


def test_a_file_is_told_in_the_language_of_the_reader(page: Page, anna: Client) -> None:
    sign_in(page, "olivia")
    page.goto("/admin/kyc-cases/1?tab=events")
    expect(page.locator(".changes")).to_contain_text("passport.pdf (636 Byte, SHA-256")


def test_words_of_cards_stay_whole_where_they_fit(page: Page, anna: Client) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    sign_in(page, "olivia")
    page.goto("/admin/clients/?columns=name,country")
    lines = page.locator("[data-label]").evaluate_all(
        """cells => cells.map(cell => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            return [cell.textContent, range.getClientRects().length];
        })"""
    )
    assert lines == [["Bosnien und Herzegowina", 1]]

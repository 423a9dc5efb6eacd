"""The details and the form of a client: what is verified, what a change ends, what stays."""

import pytest

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.client_groups import DESCRIPTIONS
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import edit
from tests.support.clients import added
from tests.support.html import read

VOIDS = "It ends the client's sessions in your product."


@pytest.fixture
def anna(client: Client, cast: Cast) -> Customer:
    """Add Anna with a verified address and a number that is not, and sign Olivia in."""
    client.sign_in("olivia")
    return added("Anna", email_verified_at=clock.now(), phone="+4915112345678", external_id="C-1")


def facts(client: Client, address: str) -> dict[str, str]:
    """Return the values of a page by their labels."""
    page = read(client.get(address))
    pairs = [each for dl in page.all("dl") for each in dl.all("div") if each.all("dt")]
    return {each.one("dt").text: each.one("dd").text for each in pairs}


def test_info_says_what_is_verified(client: Client, anna: Customer) -> None:
    shown = facts(client, f"/admin/clients/{anna.id}")
    assert shown["E-mail"] == "anna@example.com Verified"
    assert shown["Phone"].endswith("Not verified")
    bare = facts(client, f"/admin/clients/{added('Bela', email=None).id}")
    assert "erified" not in bare["E-mail"] + bare["Phone"]


def test_the_present_group_is_explained_and_the_others_on_request(
    client: Client, anna: Customer
) -> None:
    page = read(client.get(f"/admin/clients/{anna.id}"))
    first, others = page.all("dl", class_="meanings")
    assert [each.text for each in first.all("dt")] == ["E-mail not verified"]
    assert len(others.all("dt")) == len(DESCRIPTIONS) - 1
    (hidden,) = page.all("details", class_="other-meanings")
    assert "open" not in hidden.attributes
    assert len(hidden.all("dt")) == len(DESCRIPTIONS) - 1


def test_the_form_says_what_a_new_address_ends(client: Client, anna: Customer) -> None:
    assert VOIDS in read(client.get(f"/admin/clients/{anna.id}/edit")).one("main").text
    assert VOIDS not in read(client.get("/admin/clients/new")).one("main").text


def test_an_external_id_stays_once_it_is_set(client: Client, anna: Customer) -> None:
    page = read(client.get(f"/admin/clients/{anna.id}/edit"))
    assert not page.all("input", name="external_id")
    assert "Your product knows the client by it" in page.one("main").text
    assert edit(client, "clients", anna.id, external_id="C-2").status_code == 303
    bela = added("Bela")
    assert edit(client, "clients", bela.id, external_id="C-3").status_code == 303
    settle()
    stored = [db.session.get_one(Customer, each.id).external_id for each in (anna, bela)]
    assert stored == ["C-1", "C-3"]

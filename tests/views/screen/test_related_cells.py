"""A related row is a link where it has a page, and is called by its number where it has none."""

import pytest
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.wallet import Wallet
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act
from tests.support.clients import added
from tests.support.html import read


@pytest.fixture
def wallets(cast: Cast) -> tuple[Customer, Customer]:
    """Add Anna and somebody without a name, with a wallet each."""
    anna, nobody = added("Anna"), added("", email=None, external_id="7")
    for number, each in enumerate((anna, nobody)):
        db.session.add(Wallet(client_id=each.id, name=f"Wallet {number}", currency="EUR"))
    settle()
    return anna, nobody


def links(client: Client, address: str) -> dict[str, str]:
    """Return the links in the body of a page, by their texts."""
    main = read(client.get(address)).one("main")
    return {each.text: each["href"] for each in main.all("a")}


def test_a_deleted_client_is_no_link(client: Client, wallets: tuple[Customer, Customer]) -> None:
    anna, nobody = wallets
    wallet = db.session.scalars(select(Wallet.id).where(Wallet.client_id == anna.id)).one()
    client.sign_in("olivia")
    assert links(client, "/admin/wallets/")["Anna"] == f"/admin/clients/{anna.id}"
    act(client, "clients", "delete", anna.id)
    for address in ("/admin/wallets/", f"/admin/wallets/{wallet}"):
        page = client.get(address)
        assert f"Client {anna.id}" in page.text
        assert f'href="/admin/clients/{anna.id}"' not in page.text
    shown = links(client, "/admin/wallets/")
    assert shown[f"Client {nobody.id}"] == f"/admin/clients/{nobody.id}", "who is there has a page"


def test_what_has_no_name_is_called_by_its_number_in_the_readers_language(
    client: Client, cast: Cast, wallets: tuple[Customer, Customer]
) -> None:
    anna, nobody = wallets
    client.sign_in("olivia")
    act(client, "clients", "delete", anna.id)
    cast.olivia.language = "de"
    settle()
    assert f"Kunde {anna.id}" in client.get("/admin/wallets/").text
    assert f"Kunde {nobody.id}" in links(client, "/admin/wallets/")
    assert f"Kunde {nobody.id}" in links(client, "/admin/clients/")
    assert f"Kunde {nobody.id}" in client.get(f"/admin/clients/{nobody.id}").text

"""Lists of clients, and of what belongs to them, say how much of it the reader sees."""

import pytest
from flask import Flask

from backoffice.models.client_tag import ClientTag
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group
from tests.support.html import read

LISTS = ("clients", "wallets", "kyc-cases", "client-sign-ins", "client-tokens", "wallet-members")
MASKED = "Names, e-mail addresses and phones are masked for you: they are not searched."
PART = "You see a part of the clients: "


@pytest.fixture
def max_(client: Client, cast: Cast) -> Client:
    """Limit Max to two tags and keep two countries from him, and sign him in."""
    cast.max.client_tags_mode = "only"
    cast.max.client_tags = [ClientTag(name="Silver"), ClientTag(name="Gold")]
    cast.max.countries_mode, cast.max.countries = "except", ["US", "CA"]
    settle()
    return client.sign_in("max")


def said(client: Client, address: str) -> str:
    """Return what the page says in quiet lines."""
    main = read(client.get(address)).one("main")
    return " ".join(each.text for each in main.all("p", class_="muted"))


def test_a_part_is_said_above_every_list_and_above_none_that_is_whole(
    app: Flask, max_: Client
) -> None:
    olivia = app.test_client().sign_in("olivia")
    for name in (*LISTS, "companies"):
        expected = f"{PART}tags Gold, Silver; all countries but Canada, United States."
        assert expected in said(max_, f"/admin/{name}/")
        assert PART not in said(olivia, f"/admin/{name}/")
    assert PART in said(max_, "/admin/clients/?email=nobody"), "where nothing matches too"
    assert PART not in said(max_, "/admin/users/")


def test_of_many_values_the_first_are_named(max_: Client, cast: Cast) -> None:
    cast.max.countries = ["AT", "BE", "BG", "CA", "CH", "DE", "US"]
    settle()
    assert "Germany and 2 more" in said(max_, "/admin/clients/")


def test_who_sees_no_tags_reads_none(max_: Client) -> None:
    managers = group("managers")
    managers.permissions = [code for code in managers.permissions if "client_tags" not in code]
    settle()
    words = said(max_, "/admin/clients/")
    assert "by their tags" in words
    assert "Gold" not in words


def test_masked_people_read_that_it_is_masked(app: Flask, client: Client, cast: Cast) -> None:
    cast.max.mask_data = True
    settle()
    client.sign_in("max")
    for name in LISTS:
        assert MASKED in said(client, f"/admin/{name}/")
    assert MASKED not in said(client, "/admin/companies/")
    assert MASKED not in said(app.test_client().sign_in("olivia"), "/admin/clients/")


def test_how_to_see_more_is_said_to_those_who_may(client: Client, cast: Cast) -> None:
    cast.max.mask_data = True
    managers = group("managers")
    managers.permissions = [code for code in managers.permissions if code != "clients.reveal"]
    settle()
    client.sign_in("max")
    assert "for some minutes" not in said(client, "/admin/clients/")
    managers = group("managers")
    managers.permissions = [*managers.permissions, "clients.reveal"]
    settle()
    assert "for some minutes" in said(client, "/admin/clients/")

"""The page that asks about one row names it, with what it has now of what is set."""

from typing import Any

import pytest
from flask import Flask

from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.client_tag import ClientTag
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import previewed
from tests.support.clients import added
from tests.support.html import read


@pytest.fixture
def anna(cast: Cast) -> Customer:
    """Add Anna of Germany, who has one of three client tags."""
    gold = ClientTag(name="Gold")
    db.session.add_all([ClientTag(name="Silver"), ClientTag(name="Bronze")])
    return added("Anna", country="DE", tags=[gold], extra_permissions=["transfers.approve"])


def present(page: Any) -> dict[str, str]:
    """Return what the form of a preview says of its row."""
    form = next(each for each in read(page).all("form") if each.all("input", value="choose"))
    facts = [each for dl in form.all("dl") for each in dl.all("div")]
    return {each.one("dt").text: each.one("dd").text for each in facts}


def test_it_names_the_row_and_what_it_has(client: Client, anna: Customer) -> None:
    client.sign_in("olivia")
    country = previewed(client, "clients", "set-country", anna.id)
    assert present(country) == {"Client": "Anna", "Country now": "Germany"}
    group = previewed(client, "clients", "set-group", anna.id)
    assert present(group) == {"Client": "Anna", "Group now": "E-mail not verified"}
    tags = previewed(client, "clients", "add-tags", anna.id)
    assert present(tags) == {"Client": "Anna", "Tags now": "Gold"}
    codes = previewed(client, "clients", "take-permissions", anna.id)
    assert present(codes) == {"Client": "Anna", "Extra permissions now": "transfers.approve"}
    password = previewed(client, "clients", "temporary-password", anna.id)
    assert present(password)["Client"] == "Anna"


def test_of_several_rows_it_names_none(client: Client, anna: Customer) -> None:
    client.sign_in("olivia")
    both = previewed(client, "clients", "set-country", anna.id, added("Bela").id)
    assert present(both) == {}


def test_masked_people_read_the_name_as_everywhere(
    client: Client, cast: Cast, anna: Customer
) -> None:
    cast.max.mask_data = True
    settle()
    client.sign_in("max")
    page = previewed(client, "clients", "set-country", anna.id)
    assert present(page)["Client"] == "A*****"
    assert "Anna" not in page.text


def test_a_row_that_is_out_of_sight_by_now_is_not_named(
    app: Flask, client: Client, cast: Cast, anna: Customer
) -> None:
    client.sign_in("max")
    page = previewed(client, "clients", "set-country", anna.id)
    cast.max.countries_mode, cast.max.countries = "except", ["DE"]
    settle()
    assert present(client.get(page.request.path)) == {}


def test_tags_to_remove_are_those_that_one_of_the_rows_has(client: Client, anna: Customer) -> None:
    client.sign_in("olivia")
    page = previewed(client, "clients", "remove-tags", anna.id)
    offered = {
        each.text for each in read(page).one("form", enctype="multipart/form-data").all("option")
    }
    assert "Gold" in page.text
    assert "Silver" not in page.text
    assert not offered & {"Silver", "Bronze"}

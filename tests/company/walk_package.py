"""See what a package brings besides entities, screens and actions.

`test_company_package.py` runs this with the package.
"""

import pytest
from acme.jobs import counting
from flask import Flask
from flask_babel import force_locale, gettext

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.company import pallets
from tests.support.html import read


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    pallets.company()
    return client.sign_in("olivia")


def test_a_template_of_its_own_is_drawn(olivia: Client) -> None:
    page = olivia.get(f"/admin/depots/{pallets.depot('North')}?tab=sign")
    assert "Sign over the door: NORTH" in read(page).text


def test_a_template_of_the_product_stays_its_own(olivia: Client) -> None:
    assert "not this one" not in olivia.get("/admin/depots/").text


def test_texts_are_translated_by_both_catalogues(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert gettext("Sign over the door") == "Schild über der Tür"
        assert gettext("Actions") == "Aktionen"


def test_a_job_is_done_under_the_name_of_its_package(app: Flask) -> None:
    app.extensions["jobs"].tasks["acme.counting"].call_local()
    assert counting.counted == ["tonight"]
    counting.counted.clear()

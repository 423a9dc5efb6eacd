"""Home says how many KYC cases wait and how many clients are blocked, as far as one sees them."""

import pytest
from flask import Flask

from backoffice import limits
from backoffice.extensions import db
from backoffice.models.kyc_case import KycCase
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.clients import added
from tests.support.html import read, row_ids

WAIT, BLOCKED = "KYC cases that wait", "Blocked clients"


@pytest.fixture
def company(cast: Cast) -> Cast:
    """Two clients in Germany and one in Norway: two are blocked, and two wait for KYC."""
    clara = added("Clara", country="DE", status="blocked")
    boris = added("Boris", country="DE")
    nora = added("Nora", country="NO", status="blocked")
    db.session.add_all(KycCase(client=each) for each in (boris, nora))
    db.session.add(KycCase(client=clara, state="approved"))
    settle()
    return cast


def tiles(client: Client) -> dict[str, tuple[str, str]]:
    """Return the number and the address of each tile by its words."""
    found = read(client.get("/")).all("a", class_="tile")
    return {e.one("span").text: (e.one("strong").text, e["href"]) for e in found}


def test_each_number_leads_to_the_list_that_it_counts(company: Cast, client: Client) -> None:
    shown = tiles(client.sign_in("vera"))
    for words in (WAIT, BLOCKED):
        number, href = shown[words]
        assert number == "2"
        assert len(row_ids(client.get(href))) == 2


def test_whoever_sees_some_clients_reads_their_number(
    company: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    max_ = db.session.get_one(User, company.max.id)
    max_.countries_mode, max_.countries = "only", ["NO"]
    settle()
    shown = tiles(client.sign_in("max"))
    assert (shown[WAIT][0], shown[BLOCKED][0]) == ("1", "1")
    monkeypatch.setattr(limits, "COUNTED_OF_PART", 0)
    assert tiles(client)[BLOCKED][0] == "0+", "no further than lists count"


def test_whoever_sees_no_clients_is_told_no_number(
    app: Flask, company: Cast, staff: list[str], client: Client
) -> None:
    assert not {WAIT, BLOCKED} & set(tiles(client.sign_in("employee")))

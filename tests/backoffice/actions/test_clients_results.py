"""What previews, results and events say about actions on clients, and about their undo."""

from typing import Any

import pytest

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.client_tag import ClientTag
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, followed, previewed, undo
from tests.support.clients import added
from tests.support.html import read
from tests.support.told import flashed


@pytest.fixture
def max_(client: Client, cast: Cast) -> Client:
    return client.sign_in("max")


def said(max_: Client, clara: Customer) -> str:
    """Return the sentence of the latest event about the client."""
    page = read(max_.get(f"/admin/clients/{clara.id}?tab=operation-log"))
    return page.one("main").text


FACTOR = "restored the second factor of"
UNDONE = [
    ("enable-2fa", {"two_factor": "disabled"}, FACTOR),
    ("disable-2fa", {"two_factor": "totp"}, FACTOR),
    ("verify-email", {"email_verified_at": None}, "the e-mail address of Clara Quarrel as not"),
    ("verify-phone", {"phone_verified_at": None}, "the phone of Clara Quarrel as not"),
]


@pytest.mark.parametrize("case", UNDONE)
def test_the_event_of_an_undo_says_what_happened(
    max_: Client, case: tuple[str, dict[str, Any], str]
) -> None:
    action, values, sentence = case
    values = {"email_verified_at": clock.now(), "phone": "+491701234567", **values}
    clara = added(last_name="Quarrel", **values)
    run = act(max_, "clients", action, clara.id)
    assert sentence not in said(max_, clara)
    undo(max_, run)
    assert sentence in said(max_, clara)
    Cast().max.language = "de"
    settle()
    german = "wiederhergestellt" if sentence == FACTOR else "als nicht bestätigt markiert"
    assert german in said(max_, clara)


@pytest.mark.parametrize(
    "action, chosen, sentence",
    [
        ("set-group", {"client_group": "merchant_owner"}, "1 client moved to Merchant owner."),
        ("set-country", {"country": "CA"}, "1 client given the country Canada."),
        ("give-permissions", {"permissions": "a.b"}, "1 client given the permissions a.b."),
        ("ask-for-kyc", {"level": "1"}, "1 client asked for KYC: Level 1: identity."),
    ],
)
def test_a_result_says_what_was_chosen(
    max_: Client, action: str, chosen: dict[str, str], sentence: str
) -> None:
    clara = added()
    preview = previewed(max_, "clients", action, clara.id, **chosen)
    assert sentence in flashed(max_, confirmed(max_, "clients", action, preview))


def test_a_result_names_the_tags(max_: Client) -> None:
    tag = ClientTag(name="VIP")
    db.session.add(tag)
    settle()
    preview = previewed(max_, "clients", "add-tags", added().id, tags=str(tag.id))
    answer = confirmed(max_, "clients", "add-tags", preview)
    assert "1 client given the tags VIP." in flashed(max_, answer)


def test_the_preview_of_an_undo_says_what_comes_back(max_: Client) -> None:
    clara = added(last_name="Quarrel", country="DE")
    run = act(max_, "clients", "set-country", clara.id, country="CA")
    page = followed(max_, max_.post(f"/admin/bulk-runs/{run.id}/undo"))
    (row,) = read(page).one("details", class_="outcome").all("li")
    assert "Clara Quarrel" in row.text
    assert "Country: Germany" in row.text


def test_nobody_is_promised_that_asking_for_kyc_is_undone(max_: Client) -> None:
    preview = previewed(max_, "clients", "ask-for-kyc", added().id, level="1")
    assert "A case that was asked for is not withdrawn: reject it." in preview.text

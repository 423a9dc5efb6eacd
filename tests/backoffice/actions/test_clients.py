"""Clients are deactivated, activated and deleted, by those who see them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.actions.clients import DeleteClients
from backoffice.actions.engine.action import find
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.event import Event
from backoffice.models.kyc_case import KycCase
from backoffice.models.message import Message
from backoffice.models.wallet import Wallet
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, edit, everything, outcome, previewed, undo
from tests.support.clients import added
from tests.support.html import is_asked, read
from tests.support.told import Told, told

pytestmark = pytest.mark.usefixtures("still")


@pytest.fixture
def max_(client: Client, cast: Cast) -> Client:
    return client.sign_in("max")


@pytest.fixture
def clara(cast: Cast) -> Customer:
    """Add Clara with a token of a program that never ends, and an open link."""
    clara = added(last_name="Quarrel", country="DE")
    soon = clock.now() + timedelta(hours=1)
    for purpose, expires_at in (("api", None), ("password", soon)):
        token = ClientToken(client=clara, at=clock.now(), purpose=purpose, expires_at=expires_at)
        token.recipient = "c***@e***.com"
        db.session.add(token)
    settle()
    return clara


def states(client: Customer) -> list[str]:
    settle()
    return list(
        db.session.scalars(select(ClientToken.state).where(ClientToken.client_id == client.id))
    )


# --- the switch ---


def test_a_deactivated_client_has_no_tokens_and_no_sessions(max_: Client, clara: Customer) -> None:
    preview = previewed(max_, "clients", "deactivate", clara.id)
    assert told(preview) == Told(
        "Deactivate 1 client",
        headline=("Voids 2 tokens.",),
        irreversible=("Sessions and tokens of clients stay ended.",),
        rows=("Will be deactivated 1",),
        reason=True,
        danger=True,
    )
    assert confirmed(max_, "clients", "deactivate", preview, "Fraud").status_code == 303
    settle()
    assert (clara.status, clara.sessions_valid_from) == ("blocked", clock.now())
    assert states(clara) == ["revoked", "revoked"]
    again = act(max_, "clients", "deactivate", clara.id)
    assert outcome(again, clara.id) == ("unchanged", "")


def test_the_switch_is_undone_by_its_opposite(max_: Client, clara: Customer) -> None:
    off = act(max_, "clients", "deactivate", clara.id, reason="Fraud")
    assert undo(max_, off).status_code == 303
    settle()
    assert clara.status == "active"
    assert states(clara) == ["revoked", "revoked"], "what is void stays void"
    act(max_, "clients", "deactivate", clara.id)
    on = act(max_, "clients", "activate", clara.id)
    undo(max_, on)
    settle()
    assert clara.status == "blocked"
    log = max_.get(f"/admin/events/?subject=clients:{clara.id}").text
    assert "deactivated" in log
    assert "activated" in log


def test_without_a_reason_nobody_is_deactivated(max_: Client, clara: Customer) -> None:
    preview = previewed(max_, "clients", "deactivate", clara.id)
    answer = max_.post(preview.request.path, {"step": "run", "reason": " "})
    assert answer.status_code == 303
    assert max_.get(answer.location).status_code == 422
    settle()
    assert clara.status == "active"


# --- who may ---


ACTIONS = (
    "deactivate",
    "activate",
    "delete",
    "temporary-password",
    "send-password-link",
    "enable-2fa",
    "disable-2fa",
    "verify-email",
    "verify-phone",
    "set-group",
    "add-tags",
    "remove-tags",
    "set-country",
    "give-permissions",
    "take-permissions",
)


def test_vera_only_looks_and_nobody_acts_beyond_their_limits(
    app: Flask, cast: Cast, clara: Customer
) -> None:
    """Max sees the clients of France alone, Clara lives in Germany."""
    cast.max.countries_mode, cast.max.countries = "only", ["FR"]
    settle()
    before = everything()["clients"]
    vera, max_ = app.test_client().sign_in("vera"), app.test_client().sign_in("max")
    for name in ACTIONS:
        path = f"/admin/clients/actions/{name}"
        assert vera.post(path, {"row": clara.id}).status_code == 403
        assert max_.post(path, {"row": clara.id}).status_code == 404
        assert app.test_client().post(path, {"row": clara.id}).status_code in (302, 303)
    assert everything()["clients"] == before


def test_a_preview_is_void_where_the_client_changed_or_left_ones_sight(
    app: Flask, max_: Client, cast: Cast, clara: Customer
) -> None:
    stale = previewed(max_, "clients", "deactivate", clara.id)
    edit(app.test_client().sign_in("olivia"), "clients", clara.id, first_name="Claire")
    confirmed(max_, "clients", "deactivate", stale)
    unseen = previewed(max_, "clients", "deactivate", clara.id)
    cast.max.countries_mode, cast.max.countries = "except", ["DE"]
    settle()
    confirmed(max_, "clients", "deactivate", unseen)
    settle()
    assert clara.status == "active"


# --- the end ---


@pytest.fixture
def known(app: Flask, clara: Customer) -> Customer:
    """Give Clara a history: a wallet, a KYC case, sign-ins, events, a mail and a company."""
    company = Company(business_name="Harbour")
    clara.company, clara.phone, clara.external_id = company, "+4915112345678", "crm-17"
    clara.ip_whitelist, clara.extra_permissions = ["192.0.2.77/32"], ["quarrel.approve"]
    db.session.add_all(
        [
            Wallet(client=clara, name="Main", currency="EUR"),
            KycCase(client=clara, reason="Quarrel's passport is blurred"),
            ClientSignIn(
                client=clara, at=clock.now(), result="ok", ip="192.0.2.77", device="Quarrel's Mac"
            ),
            Message(client=clara, purpose="client_password_link", address="clara@example.com"),
        ]
    )
    settle()
    olivia = app.test_client().sign_in("olivia")
    edit(olivia, "clients", clara.id, first_name="Claire", email="claire.quarrel@example.com")
    act(
        olivia,
        "clients",
        "deactivate",
        all_matching="1",
        search="quarrel",
        reason="Quarrel asked for it",
    )
    previewed(olivia, "clients", "activate", all_matching="1", search="quarrel")
    return clara


NAMES = ("quarrel", "clara", "claire", "4915112345678", "192.0.2.77")


def remains() -> list[str]:
    return [
        f"{table}: {value!r}"
        for table, rows in everything().items()
        for row in rows
        for value in row
        if any(name in str(value).casefold() for name in NAMES)
    ]


def test_nothing_that_names_a_deleted_client_remains(max_: Client, known: Customer) -> None:
    tables = {line.partition(":")[0] for line in remains()}
    assert tables >= {"clients", "events", "bulk_runs", "messages", "client_sign_ins", "kyc_cases"}
    preview = previewed(max_, "clients", "delete", known.id)
    assert told(preview).phrase == "delete 1"
    assert confirmed(max_, "clients", "delete", preview).status_code == 303
    assert remains() == []
    settle()
    assert (known.status, known.external_id, known.company_id) == ("deleted", "crm-17", None)
    assert set(states(known)) == {"revoked"}
    assert max_.get(f"/admin/clients/{known.id}").status_code == 404


def test_wallets_and_events_of_a_deleted_client_stay(
    app: Flask, max_: Client, known: Customer
) -> None:
    act(max_, "clients", "delete", known.id)
    assert f"Client {known.id}" in max_.get("/admin/wallets/").text
    about = select(Event).where(Event.subject_type == "clients", Event.subject_id == known.id)
    done = [event.action for event in db.session.scalars(about.order_by(Event.id))]
    assert done == ["clients.edit", "clients.deactivate", "clients.delete"]
    result = app.test_cli_runner().invoke(args=["backoffice", "verify-events"])
    assert result.exit_code == 0, result.output


def test_the_deletion_of_a_client_ends_their_pending_case_and_says_what_stays(
    max_: Client, clara: Customer
) -> None:
    waiting = KycCase(client=clara)
    clara.kyc_state = "pending"
    money = {"balance": Decimal("12.5"), "currency": "EUR", "client": clara}
    closed = Wallet(name="Old", status="closed", **money)
    db.session.add_all([waiting, Wallet(name="Main", **money), closed])
    db.session.add(Wallet(client=clara, name="Empty", currency="EUR"))
    settle()
    preview = previewed(max_, "clients", "delete", clara.id)
    assert told(preview) == Told(
        "Delete 1 client",
        headline=(
            "Voids 2 tokens.",
            "1 pending KYC case ends.",
            "1 active wallet, still with money, stays.",
        ),
        irreversible=("Personal data is erased for good; number, wallets and events stay.",),
        rows=("Will be deleted 1",),
        reason=True,
        phrase="delete 1",
        danger=True,
    )
    confirmed(max_, "clients", "delete", preview)
    settle()
    assert (waiting.state, waiting.reason, waiting.decided_at) == (
        "expired",
        "Client deleted",
        clock.now(),
    )
    assert clara.kyc_state == "expired"
    assert waiting.decided_by_id == Cast().max.id
    (event,) = db.session.scalars(select(Event).where(Event.subject_type == "kyc_cases"))
    assert (event.action, event.subject_id) == ("kyc_cases.expire", waiting.id)
    assert (event.before, event.after) == ({"state": "pending"}, {"state": "expired"})
    for language, reason in (("en", "Client deleted"), ("de", "Kunde gelöscht")):
        Cast().max.language = language
        settle()
        assert reason in max_.get("/admin/events/").text


def test_the_deletion_of_a_client_asks_for_a_recent_proof(max_: Client, clara: Customer) -> None:
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert is_asked(previewed(max_, "clients", "delete", clara.id))


def test_no_other_way_deletes_a_client(max_: Client, known: Customer) -> None:
    assert isinstance(find("clients.delete"), DeleteClients)
    assert find("wallets.delete") is None
    company_id = known.company_id
    assert company_id
    preview = previewed(max_, "companies", "delete", company_id)
    assert "Harbour has clients: move or delete them first." in read(preview).one("main").text
    confirmed(max_, "companies", "delete", preview)
    settle()
    assert db.session.get(Company, company_id)
    act(max_, "clients", "delete", known.id)
    act(max_, "companies", "delete", company_id)
    settle()
    assert db.session.get(Company, company_id) is None


def test_only_the_product_closes_a_wallet(max_: Client, known: Customer) -> None:
    wallet = db.session.scalars(select(Wallet)).one()
    assert edit(max_, "wallets", wallet.id, name="Main", status="closed").status_code == 422
    assert edit(max_, "wallets", wallet.id, name="Main", status="blocked").status_code == 303

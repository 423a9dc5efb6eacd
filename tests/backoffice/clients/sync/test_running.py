"""A company's product feeds its clients each night: what it says is there, and nothing twice."""

import json
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import events, limits
from backoffice.clients.sync import running
from backoffice.clients.sync.lines import Result
from backoffice.clients.sync.tables import TABLES
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.event import Event
from backoffice.models.kyc_case import KycCase
from backoffice.models.wallet import Wallet, WalletMember
from backoffice.testing.client import settle
from backoffice.transactions import alone
from tests.support import mmdb

COMPANY = {"table": "company", "external_id": "B1", "business_name": "Harbour Tickets"}
CLIENT = {
    "table": "client",
    "external_id": "C1",
    "email": "Clara@Example.com",
    "first_name": "Clara",
    "phone": "+49 30 1234567",
    "country": "de",
    "company": "B1",
    "company_owner": True,
    "ip_whitelist": ["198.51.100.7", "::ffff:192.0.2.1"],
    "joined_at": "2026-01-31T10:00:00+01:00",
}
WALLET = {
    "table": "wallet",
    "external_id": "W1",
    "client": "C1",
    "name": "Main",
    "currency": "EUR",
    "balance": 12.1,
}
MEMBER = {"table": "wallet_member", "wallet": "W1", "client": "C1", "role": "owner"}
CASE = {"table": "kyc_case", "external_id": "K1", "client": "C1", "state": "approved"}
SIGN_IN = {
    "table": "sign_in",
    "external_id": "S1",
    "client": "C1",
    "at": "2026-02-01T10:00:00Z",
    "ip": "203.0.113.7",
    "result": "ok",
}
TOKEN = {
    "table": "token",
    "external_id": "T1",
    "client": "C1",
    "at": "2026-02-01T10:00:00Z",
    "purpose": "email_code",
    "recipient": "clara@example.com",
}
EVERYTHING = (COMPANY, CLIENT, WALLET, MEMBER, CASE, SIGN_IN, TOKEN)


def written(*lines: dict[str, object] | bytes) -> bytes:
    parts = (each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines)
    return b"\n".join(parts)


def taken(*lines: dict[str, object] | bytes, check: bool = False) -> list[Result]:
    """Return what became of each line."""
    results: list[Result] = []
    running.run(file=BytesIO(written(*lines)), report=results.append, check=check)
    settle()
    return results


def outcomes(results: list[Result]) -> list[str]:
    return [result.outcome for result in results]


def client(external_id: str = "C1") -> Client:
    return db.session.scalars(select(Client).where(Client.external_id == external_id)).one()


def number(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_file_brings_every_table_and_its_words_are_stored_as_those_of_forms(app: Flask) -> None:
    assert outcomes(taken(*EVERYTHING)) == ["created"] * len(TABLES)
    clara = client()
    assert (clara.email, clara.email_key) == ("Clara@example.com", "clara@example.com")
    assert (clara.phone, clara.phone_key, clara.country) == ("+49301234567", "49301234567", "DE")
    assert clara.joined_at.isoformat() == "2026-01-31T09:00:00+00:00"
    assert "clara" in clara.search_key
    assert (clara.company and clara.company.business_name) == "Harbour Tickets"
    assert clara.kyc_state == "approved"
    assert db.session.scalar(select(Wallet.balance)) == Decimal("12.1")
    assert db.session.scalar(select(WalletMember.role)) == "owner"
    assert db.session.scalar(select(ClientToken.recipient)) == "c***@e***.com"
    assert [number(model) for model in (Company, KycCase, ClientSignIn)] == [1, 1, 1]
    assert events.verify() == []


@pytest.mark.parametrize(
    "given, kept",
    [
        ("clara*k@karenina.example", "c***@k***.example"),
        ("c•••@karenina.example", "c***@k***.example"),
        ("+49 30 1234567", "+49 *** ** 67"),
        ("+49 *** ** 67", "+49 *** ** 67"),
        ("12345", "*****"),
        ("Clara *", "*****"),
        ("", ""),
    ],
)
def test_recipients_of_tokens_are_kept_masked(app: Flask, given: str, kept: str) -> None:
    taken(CLIENT | {"company": None}, TOKEN | {"recipient": given})
    assert db.session.scalar(select(ClientToken.recipient)) == kept
    assert outcomes(taken(TOKEN | {"recipient": given})) == ["unchanged"]


def test_the_same_file_again_changes_nothing(app: Flask) -> None:
    taken(*EVERYTHING)
    before = client().version, client().updated_at, number(Event)
    assert outcomes(taken(*EVERYTHING)) == ["unchanged"] * len(TABLES)
    assert (client().version, client().updated_at, number(Event)) == before


def test_a_change_says_which_fields_and_is_told_by_one_event(app: Flask) -> None:
    taken(*EVERYTHING)
    version, told = client().version, number(Event)
    (result,) = taken(CLIENT | {"first_name": "Klara", "company": None})
    assert (result.outcome, set(result.fields)) == ("updated", {"first_name", "company"})
    assert (client().version, number(Event)) == (version + 1, told + 1)
    event = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (event.action, event.actor_id, event.request_id) == ("clients.edit", None, running.NAME)
    assert event.before["first_name"] == "Clara"
    assert event.before["company"]["label"] == "Harbour Tickets"
    assert event.after == {"first_name": "Klara", "company": None}


def test_a_new_address_is_not_confirmed_unless_the_line_says_so(app: Flask) -> None:
    confirmed = {"email_verified_at": "2026-01-31T09:00:00Z"}
    taken(COMPANY, CLIENT | confirmed)
    (result,) = taken(CLIENT | {"email": "clara@example.org"})
    assert result.fields == ("email", "email_verified_at")
    assert client().email_verified_at is None
    taken(CLIENT | {"email": "clara@example.net"} | confirmed)
    assert client().email_verified_at is not None


def test_what_a_line_does_not_name_stays(app: Flask) -> None:
    taken(*EVERYTHING)
    taken({"table": "client", "external_id": "C1", "status": "blocked"})
    assert (client().status, client().first_name) == ("blocked", "Clara")


@pytest.mark.parametrize(
    "line, field, sentence",
    [
        (b"{", "", "no JSON"),
        (b"[1]", "", "no JSON object"),
        (b"\xff{}", "", "no UTF-8"),
        (b'{"table": "wallet", "balance": NaN}', "", "JSON has no NaN"),
        (b'{"table": "client", "table": "wallet"}', "table", "twice"),
        (b"[" * 60_000, "", "no JSON"),
        (b'{"a": "' + b"x" * limits.SYNC_LINE + b'"}', "", "longer than"),
        (CLIENT | {"table": "user"}, "table", "no such table"),
        (CLIENT | {"external_id": ""}, "external_id", "Fill this in"),
        (CLIENT | {"colour": "red"}, "colour", "no such field"),
        (CLIENT | {"password_hash": "x"}, "password_hash", "no such field"),
        (CLIENT | {"password_state": "usable"}, "password_state", "no such field"),
        (CLIENT | {"kyc_state": "approved"}, "kyc_state", "no such field"),
        (CLIENT | {"status": "deleted"}, "status", "offered values"),
        (CLIENT | {"client_group": "kings"}, "client_group", "offered values"),
        (CLIENT | {"email": "nobody"}, "email", "no"),
        (CLIENT | {"email": "eve@example.com"}, "email", "has this already"),
        (CLIENT | {"first_name": "x" * 101}, "first_name", "at most"),
        (CLIENT | {"first_name": 12}, "first_name", "Write a text"),
        (CLIENT | {"first_name": "Jo\ud800"}, "", "cannot be stored"),
        (CLIENT | {"company_owner": "yes"}, "company_owner", "true or false"),
        (CLIENT | {"ip_whitelist": "198.51.100.1"}, "ip_whitelist", "list of texts"),
        (CLIENT | {"joined_at": "yesterday"}, "joined_at", "Write the time"),
        (CLIENT | {"company": "B9"}, "company", "no company with this external ID"),
        (CLIENT | {"company": 1}, "company", "as a text"),
        (CLIENT | {"company": None, "client_group": "api"}, "company", "belongs to a company"),
        (WALLET | {"currency": "EUX"}, "currency", "offered values"),
        (WALLET | {"balance": "1E-900"}, "balance", "number"),
        (WALLET | {"balance": True}, "balance", "Write a number"),
        (WALLET | {"client": "C9"}, "client", "no client with this external ID"),
        ({**WALLET, "name": None}, "name", "Fill this in"),
        ({"table": "wallet", "external_id": "W2", "client": "C0"}, "name", "A new row needs this"),
        (TOKEN | {"value_hash": "x"}, "value_hash", "no such field"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_and_the_others_are_kept(
    app: Flask, line: Any, field: str, sentence: str
) -> None:
    eve = {"table": "client", "external_id": "C0", "email": "eve@example.com"}
    after = {"table": "client", "external_id": "C2", "first_name": "Cid"}
    results = taken(COMPANY, eve, line, after)
    assert outcomes(results) == ["created", "created", "refused", "created"]
    assert (results[2].number, results[2].field) == (3, field)
    assert sentence in results[2].reason


def test_a_row_that_the_file_has_twice_is_refused_the_second_time(app: Flask) -> None:
    results = taken(COMPANY, COMPANY | {"business_name": "Other"})
    assert outcomes(results) == ["created", "refused"]
    assert db.session.scalar(select(Company.business_name)) == "Harbour Tickets"


def test_a_client_who_was_deleted_here_does_not_come_back(app: Flask) -> None:
    taken(*EVERYTHING)
    client().status = "deleted"
    db.session.commit()
    results = taken(CLIENT | {"first_name": "Back"}, WALLET | {"external_id": "W2"})
    assert outcomes(results) == ["refused", "refused"]
    assert client().first_name == "Clara"


def test_logs_stay_as_they_were_written_but_for_what_becomes_of_a_token(app: Flask) -> None:
    taken(*EVERYTHING)
    told = number(Event)
    results = taken(SIGN_IN | {"result": "failed"}, TOKEN | {"state": "used"})
    assert outcomes(results) == ["refused", "updated"]
    assert db.session.scalar(select(ClientSignIn.result)) == "ok"
    assert number(Event) == told


def test_the_kyc_state_of_a_client_is_that_of_the_latest_case(app: Flask) -> None:
    taken(*EVERYTHING)
    early = CASE | {"external_id": "K0", "state": "rejected", "submitted_at": "2020-01-01"}
    late = CASE | {"external_id": "K2", "state": "pending", "submitted_at": "2099-01-01"}
    second = CASE | {"external_id": "K3", "state": "pending"}
    results = taken(early, late, second)
    assert outcomes(results) == ["created", "created", "refused"]
    assert client().kyc_state == "pending"


def test_an_address_that_is_free_by_then_can_be_taken(app: Flask) -> None:
    taken(COMPANY, CLIENT)
    other = {"table": "client", "external_id": "C2", "email": "clara@example.com"}
    results = taken(CLIENT | {"email": "new@example.com"}, other)
    assert outcomes(results) == ["updated", "created"]


def test_a_check_says_the_same_and_keeps_nothing(app: Flask) -> None:
    assert outcomes(taken(*EVERYTHING, check=True)) == ["created"] * len(TABLES)
    assert number(Client) == number(Event) == 0


def test_a_run_that_was_killed_is_completed_by_the_next(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SYNC_BATCH", 2)

    def killed(result: Result) -> None:
        if result.number == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.run(file=BytesIO(written(*EVERYTHING)), report=killed)
    db.session.rollback()
    assert outcomes(taken(*EVERYTHING)) == ["unchanged"] * 4 + ["created"] * 3
    assert events.verify() == []


def test_two_runs_do_not_mix(app: Flask, command: Callable[..., Any]) -> None:
    with alone(running.NAME) as is_alone:
        assert is_alone
        answer = command(COMPANY)
    assert (answer.exit_code, number(Company)) == (1, 0)
    assert "Another run takes in clients now" in answer.output
    assert command(COMPANY).exit_code == 0


@pytest.fixture
def command(app: Flask) -> Callable[..., Any]:
    def run(*lines: dict[str, object] | bytes, options: tuple[str, ...] = ()) -> Any:
        arguments = ["backoffice", "clients", "sync", "-", *options]
        answer = app.test_cli_runner().invoke(args=arguments, input=written(*lines))
        settle()
        return answer

    return run


def test_the_command_lists_what_it_refused_and_ends_with_1(command: Callable[..., Any]) -> None:
    answer = command(COMPANY, CLIENT | {"table": "king\x1b[2J"})
    assert answer.exit_code == 1
    assert "Line 1, company B1: created" in answer.output
    assert "Line 2" in answer.output
    assert "refused: 1" in answer.output
    again = command(COMPANY, options=("--json",))
    line, summary = map(json.loads, again.output.splitlines())
    assert (again.exit_code, line["result"], summary["unchanged"]) == (0, "unchanged", 1)


def test_a_sign_in_without_a_place_gets_that_of_its_address(
    app_with: Callable[..., Flask], tmp_path: Path
) -> None:
    berlin = {"city": {"names": {"en": "Berlin"}}, "country": {"iso_code": "DE"}}
    file = mmdb.write(tmp_path / "city.mmdb", "203.0.113.0/24", berlin)
    said = SIGN_IN | {"external_id": "S2", "place": "Potsdam, DE"}
    with app_with(geoip_database=str(file)).app_context():
        taken(COMPANY, CLIENT, SIGN_IN, said)
        places = db.session.scalars(select(ClientSignIn.place).order_by(ClientSignIn.id))
        assert list(places) == ["Berlin, DE", "Potsdam, DE"]
        assert outcomes(taken(SIGN_IN)) == ["unchanged"]

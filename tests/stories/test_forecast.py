"""Before administrators could be locked out, pages say who could still sign in, and how."""

from typing import Any

import pytest
from flask import Flask

from backoffice.auth.attempts import Key, Origin, record
from backoffice.data import records
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.people import forecast
from backoffice.people.forecast import Change
from backoffice.policy import rules
from backoffice.policy.actor import system
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group, previewed
from tests.support.races import at_once
from tests.support.told import told

ALONE = "Olivia Owen (password alone)"


@pytest.fixture
def two(cast: Cast) -> None:
    """Olivia and Eve are the administrators; Eve has an app."""
    cast.eve.status, cast.eve.two_factor = "active", "totp"
    settle()


@pytest.fixture
def olivia(client: Client, two: None) -> Client:
    return client.sign_in("olivia")


def signed_in_from(person: User, ip: str) -> None:
    record(Key.of_account(person), person, "ok", "", Origin(ip))
    settle()


def test_blocking_an_administrator_says_who_is_left(olivia: Client) -> None:
    page = previewed(olivia, "users", "block", Cast().eve.id)
    assert f"Afterwards 1 administrator could sign in: {ALONE}." in told(page).headline


def test_blocking_anybody_else_says_nothing_of_it(olivia: Client) -> None:
    page = previewed(olivia, "users", "block", Cast().max.id)
    assert "administrator" not in " ".join(told(page).headline)


@pytest.mark.parametrize(
    "action, chosen, left",
    [
        ("revoke", {}, ALONE),
        ("delete", {}, ALONE),
        ("remove-from-group", {"group": True}, ALONE),
        ("set-membership-end", {"group": True, "ends_at": "2099-01-01T10:00"}, ALONE),
        ("disable-2fa", {}, f"{ALONE}, Eve Evers (password alone)"),
    ],
)
def test_every_action_that_could_lock_out_foretells(
    olivia: Client, action: str, chosen: dict[str, Any], left: str
) -> None:
    if "group" in chosen:
        chosen = chosen | {"group": group("administrators").id}
    headline = told(previewed(olivia, "users", action, Cast().eve.id, **chosen)).headline
    assert any(f"could sign in: {left}." in each for each in headline), headline


def test_the_command_line_foretells_too(two: None, run: Any) -> None:
    answer = run("backoffice", "act", "users.block", "--id", str(Cast().eve.id))
    assert f"Afterwards 1 administrator could sign in: {ALONE}." in answer.output


def test_a_required_app_is_foretold_before_the_setting_is_changed(two: None, run: Any) -> None:
    answer = run("backoffice", "forecast", "--two-factor-groups", "administrators")
    assert answer.exit_code == 0
    assert "Olivia Owen (password, and then has to set up an app)" in answer.output
    assert "Eve Evers (password and app)" in answer.output


def test_the_command_fails_where_nobody_could(cast: Cast, run: Any) -> None:
    cast.olivia.status = "blocked"
    settle()
    answer = run("backoffice", "forecast")
    assert answer.exit_code == 1
    assert "No administrator can sign in." in answer.output
    answer = run("backoffice", "forecast", "--two-factor-groups", "administrators")
    assert "Afterwards no administrator could sign in." in answer.output


def whitelisted(*places: str) -> User:
    """Set Olivia's whitelist as the product itself does."""
    settle()
    person = Cast().olivia
    return records.update(
        actor=system(),
        model=User,
        row_id=person.id,
        version=person.version,
        values={"ip_whitelist": list(places)},
    )


def test_a_whitelist_that_leaves_nobody_is_refused_at_its_field(cast: Cast) -> None:
    """Olivia, the only administrator, signed in from 192.0.2.7 last."""
    signed_in_from(cast.olivia, "192.0.2.7")
    with pytest.raises(RuleBroken) as refused:
        whitelisted("203.0.113.0/24")
    assert refused.value.field == "ip_whitelist"
    assert "no administrator could sign in from where they signed in last" in str(
        refused.value.message
    )
    assert whitelisted("192.0.2.0/24").ip_whitelist == ["192.0.2.0/24"]


def test_where_nobody_could_before_a_whitelist_may_change(cast: Cast) -> None:
    signed_in_from(cast.olivia, "192.0.2.7")
    cast.olivia.ip_whitelist = ["203.0.113.0/24"]
    settle()
    assert whitelisted("198.51.100.0/24").ip_whitelist == ["198.51.100.0/24"]


def test_an_unknown_place_counts_as_let_in(cast: Cast) -> None:
    change = Change(whitelist=(cast.olivia.alone(), ["203.0.113.0/24"]))
    foretold = forecast.forecast(system(), change)
    assert [(each.name, each.places) for each in foretold.could] == [
        ("Olivia Owen", ["203.0.113.0/24"])
    ]


def test_the_forms_say_who_can_sign_in_besides(olivia: Client) -> None:
    besides = "Administrators who can sign in whatever is changed here"
    of_eve = olivia.get(f"/admin/users/{Cast().eve.id}/edit").text
    assert f"{besides}: {ALONE}." in of_eve
    assert besides not in olivia.get(f"/admin/users/{Cast().max.id}/edit").text
    of_group = olivia.get(f"/admin/groups/{group('viewers').id}/edit").text
    assert f"{besides}: {ALONE}, Eve Evers (password and app)." in of_group


def test_it_names_only_whom_the_reader_sees(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve, usual = Cast().eve.id, rules._narrower[User]
    monkeypatch.setitem(rules._narrower, User, lambda actor: usual(actor) & (User.id != eve))
    page = olivia.get(f"/admin/groups/{group('viewers').id}/edit").text
    assert f"{ALONE}, Person {eve} (password and app)." in page
    assert "Eve Evers" not in page


def test_ten_thousand_administrators_are_counted_as_far_as_they_are_looked_at(cast: Cast) -> None:
    administrators = group("administrators")
    hashed = Cast().olivia.password_hash
    for number in range(forecast.LOOKED_AT + 5):
        person = User(groups=[administrators], password_hash=hashed, password_state="usable")
        person.set_email(f"admin{number}@example.com")
        db.session.add(person)
    settle()
    foretold = forecast.forecast(system(), Change())
    assert (foretold.all_looked_at, foretold.nobody) == (False, False)
    (sentence,) = forecast.sentences(system(), Change())
    assert f"{forecast.LOOKED_AT - 1}+ administrators can sign in" in sentence
    assert sentence.count("@") == forecast.NAMED - 1


def test_two_whitelists_at_once_leave_one_administrator(app: Flask, two: None) -> None:
    """Each would lock the other out; the second finds that they are locked out themselves."""
    cast = Cast()
    clients = {"olivia": "eve", "eve": "olivia"}
    cast.eve.two_factor = "disabled"
    settle()
    visitors = {name: app.test_client().sign_in(name) for name in clients}
    ids = {name: getattr(cast, other).id for name, other in clients.items()}
    at_once([lambda name=name: edit_quietly(visitors[name], ids[name]) for name in clients])
    settle()
    assert sorted(bool(getattr(Cast(), name).ip_whitelist) for name in clients) == [False, True]


def edit_quietly(visitor: Any, row_id: int) -> int:
    form = {"version": 1, "ip_whitelist": "203.0.113.9"}
    status: int = visitor.post(f"/admin/users/{row_id}/edit", form).status_code
    return status

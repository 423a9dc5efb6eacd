"""A value that another client has is refused without a word of which one, or of whom."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice.data import comparable
from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import add, edit
from tests.support.clients import added
from tests.support.html import error_at
from tests.support.masked import fiona

NOTHING = "These values cannot be saved together."
SAYS_WHICH = "Another client has this already."
TAKEN = ({"email": "fleur@example.com"}, {"external_id": "EXT-7"})


@pytest.fixture
def clients(cast: Cast) -> tuple[Customer, Customer]:
    """Return a client in Germany and one in France."""
    return added("Dora", country="DE"), added("Fleur", country="FR", external_id="EXT-7")


def limited(client: Client) -> Client:
    """Return Max, who sees clients in Germany alone."""
    max_ = Cast().max
    max_.countries_mode, max_.countries = "only", ["DE"]
    settle()
    return client.sign_in("max")


def masked(app: Flask, client: Client) -> Client:
    fiona(app.extensions["settings"], "managers")
    return client.sign_in("fiona")


def refused(client: Client, client_id: int, taken: dict[str, str]) -> list[str]:
    """Return what is said at the top of the form for a new client, and of one that is changed."""
    new = {"first_name": "New", "country": "DE", "type": "merchant"}
    answers = [add(client, "clients", **new, **taken), edit(client, "clients", client_id, **taken)]
    assert all(SAYS_WHICH not in each.text for each in answers)
    return [NOTHING for each in answers if each.status_code == 422 and NOTHING in each.text]


def lookups() -> list[Event]:
    settle()
    found = select(Event).where(Event.action == "clients.find_exact").order_by(Event.id)
    return list(db.session.scalars(found))


def test_whoever_sees_some_clients_is_not_told_which_value_another_has(
    client: Client, clients: tuple[Customer, Customer]
) -> None:
    max_ = limited(client)
    for taken in TAKEN:
        assert refused(max_, clients[0].id, taken) == [NOTHING, NOTHING]
    assert lookups() == []


def test_a_value_that_is_masked_and_taken_is_a_look_up_that_was_refused(
    app: Flask, client: Client, clients: tuple[Customer, Customer]
) -> None:
    masked_ = masked(app, client)
    new = {"first_name": "New", "type": "merchant"}
    for number, taken in enumerate(TAKEN, start=1):
        answer = add(masked_, "clients", **new, **taken)
        assert (answer.status_code, NOTHING in answer.text) == (422, True)
        assert SAYS_WHICH not in answer.text
        event = lookups()[-1]
        assert (len(lookups()), event.result, event.subject_id) == (number, "denied", None)
        assert not any(value in repr((event.reason, event.after)) for value in taken.values())
    assert "refused" in masked_.get("/admin/events/").text
    assert add(masked_, "clients", **new, email="nobody@example.com").status_code == 303
    assert len(lookups()) == 2


def test_whoever_sees_everything_is_told_at_the_field(
    client: Client, clients: tuple[Customer, Customer]
) -> None:
    client.sign_in("max")
    for taken in TAKEN:
        answer = edit(client, "clients", clients[0].id, **taken)
        assert error_at(answer, *taken) == SAYS_WHICH


def test_actions_tell_no_more(app: Flask, clients: tuple[Customer, Customer]) -> None:
    dora, fleur = (each.id for each in clients)
    fiona(app.extensions["settings"], "managers")
    max_ = Cast().max
    max_.countries_mode, max_.countries = "only", ["DE"]
    settle()
    for name, error in (("max", RuleBroken), ("fiona", GrantExceeded)):
        for column in (Customer.external_id, Customer.email_key):
            db.session.execute(update(Customer).where(Customer.id == fleur).values({column: "x"}))
            change = update(Customer).where(Customer.id == dora).values({column: "x"})
            with (
                pytest.raises(error, match=NOTHING) as refusal,
                comparable.refusing(Cast().actor(name), Customer),
            ):
                db.session.execute(change)
            assert (type(refusal.value), refusal.value.field) == (error, None)
            db.session.rollback()

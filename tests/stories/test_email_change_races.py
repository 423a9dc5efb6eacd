"""Races over e-mail addresses: two people want one address, or one link is used in two windows."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import events
from backoffice.auth import tokens
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.email_change import addresses, link_to
from tests.support.factors import visitor
from tests.support.races import ROUNDS, PutBack, at_once
from views.web.actor import SESSION_KEY


def session_of(client: Client, value: str = "") -> str:
    """Return the value of the browser's session, after replacing it if `value` is given."""
    with client.session_transaction(base_url=client.application.config["TEST_BASE_URL"]) as cookie:
        if value:
            cookie[SESSION_KEY] = value
        return str(cookie[SESSION_KEY])


def _link_value(person: User) -> str:
    """Issue a link that changes the person's address to the one that both want."""
    return tokens.issue(
        user=person,
        purpose="email_change",
        valid=timedelta(hours=1),
        sent_to="one@example.org",
        version=person.credential_version,
    ).value


@pytest.mark.slow
def test_of_two_people_who_confirm_one_address_at_once_one_has_it(app: Flask, cast: Cast) -> None:
    people = {name: visitor(app).sign_in(name) for name in ("max", "vera")}
    for each in people.values():
        each.token()
    before = PutBack(cast.max, cast.vera)
    values = {name: session_of(client) for name, client in people.items()}
    for round_ in range(ROUNDS):
        issued = {name: _link_value(getattr(cast, name)) for name in people}
        acts = [
            partial(client.post, client.get(f"/account/email/{issued[name]}").location)
            for name, client in people.items()
        ]
        statuses = sorted(answer.status_code for answer in at_once(acts))
        assert statuses == [303, 422], f"round {round_}"
        assert sorted(addresses().values()).count("one@example.org") == 1
        before.now()
        for name, client in people.items():
            session_of(client, values[name])
    assert events.verify() == []


def test_a_link_confirmed_twice_at_once_counts_once(app: Flask, client: Client, cast: Cast) -> None:
    vera, other = client.sign_in("vera"), visitor(app).sign_in("vera")
    link = link_to(app, vera)
    for each in (vera, other):
        each.token()
        each.here = str(each.get(link).location)
    statuses = sorted(answer.status_code for answer in at_once([vera.send, other.send]))
    assert statuses in ([303, 410], [303, 303])  # the slower one may have been signed out by then
    settle()
    changes = select(Event).where(Event.action == "account.change_email")
    assert len(db.session.scalars(changes).all()) == 1

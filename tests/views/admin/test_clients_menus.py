"""Menus of clients: daily acts first, what belongs together side by side, Delete last."""

import pytest
from flask import Flask

from backoffice.actions.engine.action import actions_of
from backoffice.models.client import Client as Customer
from backoffice.testing.client import Client
from tests.support.clients import added
from tests.support.html import read
from views.admin.clients import Clients


@pytest.fixture
def max_(client: Client, cast: None) -> Client:
    return client.sign_in("max")


def test_every_action_on_clients_has_its_place(app: Flask) -> None:
    named = [name for names in Clients.action_groups for name in names]
    assert sorted(named) == sorted(action.name for action in actions_of(Customer))


def test_the_menu_of_a_client_ends_with_delete(max_: Client) -> None:
    clara = added(phone="+491701234567")
    menu = read(max_.get(f"/admin/clients/{clara.id}/menu"))
    labels = [e.text for e in menu.all("button", class_="menu-item") if not e["aria-disabled"]]
    assert labels[:3] == ["Ask for KYC", "Add tags", "Move to group"]
    assert labels[-1] == "Delete"
    assert labels.index("Delete") - labels.index("Deactivate") > 1
    groups = max_.get(f"/admin/clients/{clara.id}/menu").text.split("<hr>")
    (of_delete,) = [group for group in groups if ">Delete<" in group]
    assert of_delete.count("<form") == 1


def test_daily_acts_are_the_buttons_below_the_list(max_: Client) -> None:
    added()
    bar = read(max_.get("/admin/clients/")).one("div", class_="action-buttons")
    labels = [button.text for button in bar.all("button")]
    assert labels[:3] == ["Ask for KYC", "Add tags", "Move to group"]
    give = labels.index("Give extra permissions")
    assert labels[give + 1] == "Take away extra permissions"
    assert labels[-1] == "Delete"

"""Filters offer the chosen rows and the first others, and every code."""

from flask import Flask

from backoffice.data import offered
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import edit


def tags(*names: str) -> list[int]:
    rows = [ClientTag(name=name) for name in names]
    db.session.add_all(rows)
    settle()
    return [row.id for row in rows]


def test_the_chosen_rows_come_before_the_first_others(app: Flask, cast: Cast) -> None:
    _first, _second, third = tags("Gold", "Silver", "Bronze")
    found = offered.choices(
        actor=cast.actor("olivia"),
        model=User,
        names=("client_tags", "status"),
        chosen={"client_tags": [third]},
        limit=2,
    )
    assert [label for _value, label in found["client_tags"]] == ["Bronze", "Gold", "Silver"]
    assert "status" not in found, "its values are known without a query"


def test_every_code_is_offered(cast: Cast, client: Client) -> None:
    edit(client.sign_in("olivia"), "users", cast.vera.id, phone="+49301234567")
    found = offered.choices(
        actor=cast.actor("olivia"), model=Event, names=("action",), chosen={}, limit=9
    )
    assert ("users.edit", "users.edit") in found["action"]

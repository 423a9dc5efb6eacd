"""Who acts: what stands for people without a picture, and what commands are called."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.policy.actor import Actor, initials, system
from backoffice.policy.reach import Reach
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import read


@pytest.mark.parametrize(
    "name, letters",
    [
        ("Max Mander", "MM"),
        ("Ann Mary Bell", "AB"),
        ("max", "M"),
        ("a b", "AB"),
        ("öl ähre", "ÖÄ"),
        ("(Ann) Bell", "B"),
        ("Bell (Ann)", "B"),
        ("7 Up", "7U"),
        ("…", "?"),
        ("", "?"),
        ("max@example.com", "M"),
    ],
)
def test_one_or_two_letters_stand_for_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_they_stand_beside_ones_name(client: Client, cast: Cast) -> None:
    bar = read(client.sign_in("max").get("/")).one("summary", class_="account")
    assert "MM" in bar.text


def test_an_actor_may_nothing_unless_it_is_said() -> None:
    """Whoever makes one must name each right, and each thing that is known about the person."""
    nobody = Actor(7, "Nobody")
    assert nobody == Actor(
        7, "Nobody", "", frozenset(), False, frozenset(), (), "all", frozenset(), "all",
            frozenset(), 1, Reach(), False, False, {}, "", "", None,
        False, False, False, "disabled", "en", "UTC", None, {},
    )  # fmt: skip
    assert (nobody.is_authenticated, nobody.is_active, nobody.is_anonymous) == (True, True, False)
    assert system() == Actor(
        None, "Command line", "Command line", all_permissions=True, request_id="command"
    )
    assert system(request_id="night").request_id == "night"


def test_events_of_commands_have_no_person_and_say_that_it_was_a_command(
    app: Flask, client: Client, cast: Cast, run: Callable[..., Any]
) -> None:
    assert run("backoffice", "create-administrator", "ivan@example.com").exit_code == 0
    settle()
    made = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (made.actor_id, made.request_id) == (None, "command")
    page = read(client.sign_in("olivia").get(f"/admin/events/{made.id}")).one("main").text
    assert "ommand" in page

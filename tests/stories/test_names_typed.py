"""No name takes invisible characters, except those that scripts and emoji need."""

from typing import Any

import pytest
from flask import Flask

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import confirmed, edit, previewed
from tests.support.html import error_at, hidden, value_of
from tests.support.links import WORDS, invited, link_to, newcomer

PERSIAN = "علی\u200cرضا"
HIDDEN = {
    "Ve\u200bra": "U+200B",
    "Ve\u202era": "U+202E",
    "Ve\u00adra": "U+00AD",
    "Ve\nra": "a line break",
}


def profile(client: Client, **values: Any) -> Any:
    """Send the form of one's own profile."""
    version = hidden(client.get("/account/"), "version")
    return client.post("/account/", {"version": version, **values})


@pytest.mark.parametrize("name", HIDDEN)
def test_a_name_with_something_hidden_is_refused_where_it_is_typed(
    app: Flask, cast: Cast, name: str
) -> None:
    vera, olivia = app.test_client().sign_in("vera"), app.test_client().sign_in("olivia")
    for answer, field in (
        (profile(vera, first_name=name), "first_name"),
        (edit(olivia, "users", cast.max.id, last_name=name), "last_name"),
        (
            olivia.post("/admin/users/new", {"email": "new@example.com", "first_name": name}),
            "first_name",
        ),
        (olivia.post("/admin/client-tags/new", {"name": name}), "name"),
    ):
        assert answer.status_code == 422
        assert f"{HIDDEN[name]}" in error_at(answer, field)
        assert "at place 3: leave it out." in error_at(answer, field)
    settle()
    assert cast.vera.first_name == "Vera"


def test_an_invited_person_is_told_too_and_the_link_still_works(app: Flask, cast: Cast) -> None:
    link = link_to(app, "invitation", invited(app, cast.olivia))
    visitor = newcomer(app)
    visitor.here = str(visitor.get(link).location)
    answer = visitor.send({**WORDS, "first_name": "I\u2066van"})
    assert "a direction mark (U+2066) at place 2" in error_at(answer, "first_name")
    assert visitor.send({**WORDS, "first_name": PERSIAN}).status_code == 303
    settle()
    assert Cast().ivan.first_name == PERSIAN


def test_what_copying_brings_is_taken_off_and_what_scripts_need_stays(
    client: Client, cast: Cast
) -> None:
    client.sign_in("vera")
    answer = profile(
        client, first_name=f"\ufeff\u202a{PERSIAN}\u202c\u00a0", last_name="Vance 👩\u200d💻"
    )
    assert answer.status_code == 303
    settle()
    assert (cast.vera.first_name, cast.vera.last_name) == (PERSIAN, "Vance 👩\u200d💻")


def test_a_name_that_is_older_than_the_rule_hinders_nobody(client: Client, cast: Cast) -> None:
    cast.max.first_name = "M\u200bax"
    settle()
    client.sign_in("olivia")
    kept = value_of(client.get(f"/admin/users/{cast.max.id}/edit"), "first_name")
    assert edit(client, "users", cast.max.id, first_name=kept, last_name="Other").status_code == 303
    settle()
    assert (cast.max.first_name, cast.max.last_name) == ("M\u200bax", "Other")


def test_a_reason_may_have_lines_but_no_direction_marks(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    preview = previewed(client, "users", "block", cast.vera.id)
    confirmed(client, "users", "block", preview, reason="They \u202eliated em")
    assert "a direction mark (U+202E) at place 6" in client.get(preview.request.path).text
    settle()
    assert cast.vera.status == "active"
    preview = previewed(client, "users", "block", cast.vera.id)
    assert confirmed(client, "users", "block", preview, reason="One.\r\n\tTwo.").status_code == 303
    settle()
    assert cast.vera.status_reason == "One.\n\tTwo."


def test_a_command_says_it_as_well(run: Any, app: Flask) -> None:
    answer = run(
        "backoffice", "create-administrator", "ada@example.com", "--first-name", "A\u200bda"
    )
    assert answer.exit_code == 1
    assert "an invisible character (U+200B) at place 2" in answer.output

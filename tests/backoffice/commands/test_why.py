"""flask backoffice why: says yes, no or that the question makes no sense, and the exit code too."""

from collections.abc import Callable
from typing import Any

import pytest

from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.acting import group

Run = Callable[..., Any]
GIVERS = ("Company administrator", "Main administrator", "Administrators")


def asked(run: Run, *words: object) -> tuple[int, list[str]]:
    settle()
    result = run("backoffice", "why", *map(str, words))
    return result.exit_code, result.output.splitlines()


def test_yes_names_the_groups_that_give_it(run: Run, cast: Cast) -> None:
    code, lines = asked(run, "max@example.com", "client_tags.create")
    assert (code, lines) == (
        0, ["Yes: Max Mander may do this.", "Add client tags (client_tags.create): Managers"],
    )  # fmt: skip


def test_no_names_the_permission_and_the_groups_that_would_give_it(run: Run, cast: Cast) -> None:
    code, lines = asked(run, cast.max.id, "users.block", cast.vera.id)
    assert code == 1
    assert lines == [
        "No: Max Mander lacks the permission users.block (“Block and unblock people”).",
        f"One of these groups would give it: {', '.join(GIVERS)}.",
    ]


def test_no_names_the_first_rule_that_refuses(run: Run, cast: Cast) -> None:
    assert asked(run, "olivia@example.com", "users.block", "Olivia Owen") == (
        1,
        [
            "No: Olivia Owen would be told: “You cannot do this to your own account.”",
            "Somebody else can do it.",
        ],
    )


def test_what_would_change_nothing_is_allowed(run: Run, cast: Cast) -> None:
    code, lines = asked(run, "olivia@example.com", "users.block", "eve@example.com")
    assert code == 0
    assert "It would change nothing: Eve Evers is that already." in lines


def test_who_cannot_sign_in_may_nothing(run: Run, cast: Cast) -> None:
    assert asked(run, "eve@example.com", "users.view") == (
        1, ["No: Eve Evers is not active, and cannot sign in."],
    )  # fmt: skip


@pytest.mark.parametrize(
    "words, sentence",
    [
        (("nobody@example.com", "users.view"), "There is no such person"),
        (("olivia@example.com", "users.fly"), "There is no action or permission users.fly."),
        (("olivia@example.com", "users.fly", "1"), "There is no"),
        (("olivia@example.com", "users.block", "4711"), "There is no such person"),
        (("olivia@example.com", "bulk.run", "1"), "This is about no rows."),
        (("", "users.view"), "Name a person."),
        (("olivia@example.com", "nothing.at_all", "1"), "This is about no rows."),
    ],
)
def test_a_question_without_sense_is_neither(
    run: Run, cast: Cast, words: tuple[str, ...], sentence: str
) -> None:
    code, lines = asked(run, *words)
    assert code == 2
    assert lines[-1].startswith(f"Error: {sentence}")


def test_a_part_of_a_name_is_enough_if_nobody_else_has_it(run: Run, cast: Cast) -> None:
    code, lines = asked(run, "olivia", "users.block", "Vance")
    assert (code, lines[0]) == (0, "Yes: Olivia Owen may do this to Vera Vance.")
    code, lines = asked(run, "olivia", "users.block", "example")
    assert (code, lines) == (2, ["Error: Several people are called like that: give the number."])


def test_several_rows_of_one_name_need_their_number(run: Run, cast: Cast) -> None:
    cast.vera.first_name, cast.vera.last_name = "Max", "Mander"
    code, lines = asked(run, "olivia@example.com", "users.block", "Max Mander")
    assert (code, lines) == (2, ["Error: Several people are called like that: give the number."])


def test_a_right_that_was_lost_is_lost_at_once(run: Run, cast: Cast) -> None:
    managers = group("managers")
    managers.permissions = [code for code in managers.permissions if code != "messages.retry"]
    assert asked(run, "max@example.com", "messages.retry")[0] == 1

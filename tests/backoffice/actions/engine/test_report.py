"""A run describes itself: its title, its rows in order, who was refused, what was chosen."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from backoffice.actions.engine import report
from backoffice.actions.engine.action import find
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, group, previewed, run_at, undo
from tests.support.html import read
from tests.support.told import fault


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


def page_of(client: Client, run: BulkRun) -> str:
    return read(client.get(f"/admin/bulk-runs/{run.id}")).one("main").text


def test_a_run_of_an_action_that_is_gone_says_so(olivia: Client) -> None:
    """A company's own area was taken out; its runs are still there."""
    done = act(olivia, "users", "block", Cast().employee.id)
    db.session.execute(update(BulkRun).values(action="users.polish"))
    settle()
    answer = olivia.get(f"/admin/bulk-runs/{done.id}/items.csv")
    assert answer.status_code == 404
    assert fault(answer) == "This action no longer exists."
    assert fault(olivia.get(f"/admin/bulk-runs/{done.id}")) == "This action no longer exists."


def test_rows_stand_in_the_order_of_their_numbers_page_by_page(olivia: Client) -> None:
    cast = Cast()
    people = sorted([cast.employee.id, cast.dispatcher.id, cast.viewers.id, cast.olivia.id])
    act(olivia, "users", "end-sessions", cast.max.id, cast.vera.id)  # rows of another run
    run = act(olivia, "users", "block", *reversed(people))
    block = find("users.block")
    assert block
    actor = cast.actor("olivia")

    def rows(**others: Any) -> list[int]:
        return [item.row_id for item in report.items(actor, run, block, **others)]

    assert rows() == people
    assert rows(limit=2) == people[:2]
    assert rows(limit=2, after=people[1]) == people[2:]
    assert rows(outcome="refused") == [cast.olivia.id]
    assert rows(outcome="done") == [each for each in people if each != cast.olivia.id]
    assert report.items(actor, run, block, outcome="refused") == [
        report.Item(
            cast.olivia.id,
            cast.olivia.id,
            "Olivia Owen",
            "refused",
            "You cannot do this to your own account.",
        )
    ]


def test_who_is_deleted_is_a_number(olivia: Client) -> None:
    person = Cast().employee.id
    run = act(olivia, "users", "block", person)
    act(olivia, "users", "delete", person)
    assert f"Person {person}" in page_of(olivia, run)
    assert "employee" not in page_of(olivia, run)


def test_a_rule_names_the_first_whom_it_refused(olivia: Client) -> None:
    """Of 1,002 people without access, the one with the lowest number is named."""
    people = [User(first_name=f"No {number:04}", status="revoked") for number in range(1002)]
    for number, person in enumerate(people):
        person.set_email(f"no{number}@example.com")
    db.session.add_all(people)
    settle()
    run = act(olivia, "users", "block", all_matching="1", search="No 0")
    assert run.counts == {"refused": 1000}
    block = find("users.block")
    assert block
    assert report.refusals(Cast().actor("olivia"), run, block) == [
        "1,000 refused: No 0000 has no access any more. (and 999 more)"
    ]


def test_what_was_chosen_is_told_to_those_who_see_it(app: Flask, olivia: Client) -> None:
    tags = [ClientTag(name="Silver"), ClientTag(name="Gold")]
    db.session.add_all(tags)
    person = Cast().employee
    person.client_tags_mode = "only"
    settle()
    run = act(olivia, "users", "add-client-tags", person.id, tags=[tag.id for tag in tags])
    action = find("users.add_client_tags")
    assert action
    assert report.chosen(Cast().actor("olivia"), run, action) == [
        ("Client tags", ["Silver", "Gold"])
    ]
    title = "Give 1 person the client tags Silver, Gold"
    assert report.title(Cast().actor("olivia"), run, action) == title
    employee = Cast().actor("employee")
    assert report.chosen(employee, run, action) == []
    assert report.title(employee, run, action) == "Give 1 person the client tags …"


def test_the_parts_of_a_brief(olivia: Client) -> None:
    block = find("users.block")
    assert block
    counts = {"done": 1234, "unchanged": 2345, "refused": 3456, "stale": 4567}
    olivia_ = Cast().actor("olivia")
    assert report.brief(olivia_, BulkRun(counts=counts, parameters={}), block) == (
        "1,234 people blocked. 2,345 unchanged. 3,456 refused."
        " 4,567 left alone: changed by somebody since."
    )
    assert report.brief(olivia_, BulkRun(counts={}, parameters={}), block) == "0 people blocked."


# The same, at the command line.


@pytest.fixture
def said(staff: list[str], run: Callable[..., Any]) -> Callable[..., str]:
    """Return what `flask backoffice act` says."""
    return lambda *arguments: str(run("backoffice", "act", *arguments).output)


def test_a_command_shows_the_title_and_the_outcomes(said: Callable[..., str]) -> None:
    cast = Cast()
    numbers = [f"--id={number}" for number in (cast.max.id, cast.eve.id)]
    assert said("users.block", *numbers) == (
        "Block 1 person\n  done: 1\n  unchanged: 1\nRunning it needs a reason: add --reason.\n"
    )
    told = said("users.block", *numbers, "--reason=Left", "--yes")
    assert told.startswith("Block 1 person\n  done: 1\n  unchanged: 1\nDone, as bulk run ")
    settle()
    assert db.session.get_one(User, cast.max.id).status == "blocked"


@pytest.mark.parametrize(
    "given, sentence",
    [
        (["--with=group=x"], "There is no group “x”."),
        ([f"--with=group={'y' * 50}"], f"There is no group “{'y' * 40}”."),
        (["--with=group=999999"], "There is no group with the number 999999."),
        (["--with=group="], "Choose a group."),
        ([], "Choose a group."),
        (["--with=group=1", "--with=group=2"], "Choose a group."),
    ],
)
def test_a_command_is_told_what_is_wrong_with_its_choice(
    said: Callable[..., str], given: list[str], sentence: str
) -> None:
    person = f"--id={Cast().max.id}"
    assert said("users.add_to_group", person, *given) == f"Error: {sentence}\n"


def test_a_command_adds_to_a_group(said: Callable[..., str]) -> None:
    """Vera is in the group already, which the preview knows although nobody chose on a page."""
    number, people = group("viewers").id, (Cast().max.id, Cast().vera.id)
    arguments = [*(f"--id={each}" for each in people), f"--with=group={number}"]
    preview = "Add 1 person to Viewers\n  done: 1\n  unchanged: 1\n"
    assert said("users.add_to_group", *arguments) == preview
    assert said("users.add_to_group", *arguments, "--yes").startswith(preview)
    settle()
    names = {each.name for each in db.session.get_one(User, Cast().max.id).groups}
    assert names == {"Managers", "Viewers"}


# What a person reads before and after an action on one row, and on two.
SENTENCES = {
    "client_tags.delete": ("Delete 1 client tag", "Delete 2 client tags", "2 client tags deleted."),
    "groups.delete": ("Delete 1 group", "Delete 2 groups", "2 groups deleted."),
    "messages.retry": (
        "Try to send 1 message again",
        "Try to send 2 messages again",
        "2 messages handed over for sending.",
    ),
    "sessions.end": ("End 1 session", "End 2 sessions", "2 sessions ended."),
    "users.add_to_group": (
        "Add 1 person to X",
        "Add 2 people to X",
        "2 people added to the group.",
    ),
    "users.block": ("Block 1 person", "Block 2 people", "2 people blocked."),
    "users.delete": ("Delete 1 person", "Delete 2 people", "2 people deleted."),
    "users.remove_from_group": (
        "Remove 1 person from X",
        "Remove 2 people from X",
        "2 people removed from the group.",
    ),
    "users.revoke": (
        "Revoke the access of 1 person",
        "Revoke the access of 2 people",
        "2 people revoked.",
    ),
    "users.revoke_invitation": (
        "Revoke the invitation of 1 person",
        "Revoke the invitation of 2 people",
        "2 people no longer invited.",
    ),
    "users.unblock": ("Unblock 1 person", "Unblock 2 people", "2 people unblocked."),
}


@pytest.mark.parametrize("code", SENTENCES)
def test_an_action_says_what_it_will_do_and_what_it_has_done(app: Flask, code: str) -> None:
    action = find(code)
    assert action
    with app.test_request_context():
        said = (action.titled(1, "X"), action.titled(2, "X"), action.resulted(2))
    assert said == SENTENCES[code]


def test_outcomes_have_words(app: Flask) -> None:
    assert {code: str(word) for code, word in report.LABELS.items()} == {
        "done": "Done",
        "unchanged": "Unchanged",
        "refused": "Refused",
        "stale": "Changed since",
        "failed": "Failed",
    }


def test_who_was_in_that_state_already_is_told_apart_afterwards(olivia: Client) -> None:
    cast = Cast()
    page = previewed(olivia, "users", "block", cast.employee.id, cast.eve.id)
    done = confirmed(olivia, "users", "block", page)
    result = read(olivia.get(f"/admin/bulk-runs/{run_at(done).id}")).text
    assert "1 did not change: already blocked." in result


def test_an_undo_is_called_after_what_it_undoes(olivia: Client) -> None:
    back = run_at(undo(olivia, act(olivia, "users", "block", Cast().employee.id)))
    heading = read(olivia.get(f"/admin/bulk-runs/{back.id}")).one("h1")
    assert heading.text == "Undo: Unblock 1 person"

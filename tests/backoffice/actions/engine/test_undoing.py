"""An undo brings back what the run took, as far as it is there, and says what it leaves out."""

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from backoffice.actions.engine import undoing
from backoffice.actions.engine.action import find
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from benchmarks.explaining import explained
from tests.support.acting import (
    act,
    confirmed,
    decided,
    followed,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    status_of,
    token_of,
    undo,
)
from tests.support.factors import visitor
from tests.support.html import read
from tests.support.told import Told, fault, flashed, problem, told

ROWS = 300
OVER = "This run cannot be undone, or was undone already."


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


def asked(client: Client, run: BulkRun) -> TestResponse:
    return client.post(f"/admin/bulk-runs/{run.id}/undo")


def shown(client: Client, run: BulkRun) -> Told:
    """Return what the preview of an undo says."""
    return told(followed(client, asked(client, run)))


def said(client: Client, answer: TestResponse) -> str:
    """Return the sentence of the page, or of what the page that it leads to says in passing."""
    return flashed(client, answer) if answer.status_code == 303 else fault(answer)


def state_of(run: BulkRun) -> str:
    settle()
    return db.session.get_one(BulkRun, run.id).state


def test_what_has_no_inverse_is_not_undone(olivia: Client) -> None:
    done = act(olivia, "users", "reset-password", Cast().employee.id)
    assert said(olivia, asked(olivia, done)) == OVER
    assert "Undo" not in read(olivia.get(f"/admin/bulk-runs/{done.id}")).one("main").text


def test_what_was_undone_is_not_undone_again(olivia: Client) -> None:
    done = act(olivia, "users", "block", Cast().employee.id)
    assert "Undo" in read(olivia.get(f"/admin/bulk-runs/{done.id}")).one("main").text
    assert run_at(undo(olivia, done)).counts == {"done": 1}
    assert state_of(done) == "undone"
    assert said(olivia, asked(olivia, done)) == OVER


def test_where_what_was_given_exists_no_more_there_is_nothing_to_undo(olivia: Client) -> None:
    spare = Group(name="Spare", permissions=[])
    db.session.add(spare)
    settle()
    done = act(olivia, "users", "add-to-group", Cast().employee.id, group=spare.id)
    act(olivia, "groups", "delete", spare.id)
    answer = asked(olivia, done)
    sentence = "What was given or taken then exists no more: there is nothing to undo."
    assert said(olivia, answer) == sentence


def test_rows_that_are_gone_are_counted_as_left_out(olivia: Client) -> None:
    cast = Cast()
    people = [cast.employee.id, cast.dispatcher.id, cast.viewers.id]
    done = act(olivia, "users", "block", *people)
    db.session.execute(update(User).where(User.id == people[0]).values(status="deleted"))
    settle()
    gone = "left out: no longer there, or not yours to see."
    assert shown(olivia, done).headline == (f"1 row {gone}",)
    db.session.execute(update(User).where(User.id == people[1]).values(status="deleted"))
    settle()
    assert shown(olivia, done).headline == (f"2 rows {gone}",)
    assert shown(olivia, done).title == "Undo: Unblock 1 person"


def test_where_all_rows_are_gone_nothing_is_previewed(olivia: Client) -> None:
    person = Cast().employee.id
    done = act(olivia, "users", "block", person)
    db.session.execute(update(User).where(User.id == person).values(status="deleted"))
    settle()
    assert said(olivia, asked(olivia, done)) == "None of these rows is there any more."


def test_tags_that_were_deleted_since_are_counted(olivia: Client) -> None:
    tags = [ClientTag(name=name) for name in ("Gold", "Silver", "Iron", "Tin")]
    db.session.add_all(tags)
    person = Cast().employee
    person.client_tags_mode, person.client_tags = "only", [tags[3]]
    settle()
    numbers = [tag.id for tag in tags]
    done = act(olivia, "users", "add-client-tags", person.id, tags=numbers[:3])
    act(olivia, "client-tags", "delete", numbers[0])
    assert shown(olivia, done).headline == ("1 client tag deleted since then: left out.",)
    act(olivia, "client-tags", "delete", numbers[1])
    assert shown(olivia, done).headline == ("2 client tags deleted since then: left out.",)
    assert shown(olivia, done).title == "Undo: Take the client tags Iron from 1 person"
    run_at(undo(olivia, done))
    settle()
    assert [tag.name for tag in db.session.get_one(User, person.id).client_tags] == ["Tin"]


def test_groups_that_were_deleted_since_are_counted_once(olivia: Client) -> None:
    """Both people were in them; each group is one."""
    spare = [Group(name=f"Spare {number}", permissions=[]) for number in range(2)]
    cast = Cast()
    for person in (cast.employee, cast.dispatcher):
        person.groups = [*person.groups, *spare]
    settle()
    numbers = [each.id for each in spare]
    done = act(olivia, "users", "revoke", cast.employee.id, cast.dispatcher.id)
    act(olivia, "groups", "delete", *numbers)
    assert shown(olivia, done).headline == ("2 groups deleted since then: left out.",)
    assert shown(olivia, done).irreversible == (
        "Ended sessions stay ended.",
        "Voided links stay void.",
        "A mail that left cannot be called back.",
    )
    assert run_at(undo(olivia, done)).counts == {"done": 2}
    assert (groups_of(cast.employee), groups_of(cast.dispatcher)) == ({"Employee"}, {"Dispatcher"})


def test_who_was_changed_since_is_left_alone_and_keeps_the_run_open(olivia: Client) -> None:
    cast = Cast()
    done = act(olivia, "users", "block", cast.employee.id, cast.dispatcher.id)
    person = cast.employee
    person.phone, person.version = "+49 30 1", person.version + 1
    settle()
    preview = shown(olivia, done)
    assert preview.title == "Undo: Unblock 1 person"
    assert "1 left alone: changed by somebody since." in preview.headline
    answer = undo(olivia, done)
    assert run_at(answer).counts == {"done": 1, "stale": 1}
    assert "1 person unblocked. 1 left alone: changed by somebody since." in flashed(olivia, answer)
    assert (status_of(cast.employee), status_of(cast.dispatcher)) == ("blocked", "active")
    assert state_of(done) == "undone", "nobody could bring back any more of it"
    page = read(olivia.get(f"/admin/bulk-runs/{done.id}")).text
    assert "This run was undone." in page or "Partly undone: 1 of 2 rows." in page


def test_who_was_changed_between_preview_and_press_is_left_alone(olivia: Client) -> None:
    cast = Cast()
    done = act(olivia, "users", "block", cast.employee.id, cast.dispatcher.id)
    page = followed(olivia, asked(olivia, done))
    person = cast.employee
    person.phone, person.version = "+49 30 1", person.version + 1
    settle()
    run = run_at(decided(olivia, "users", "unblock", token_of(page)))
    assert outcome(run, cast.employee.id) == ("stale", "")
    assert outcome(run, cast.dispatcher.id) == ("done", "")


def test_an_undo_can_be_undone_and_says_what_stays_then(olivia: Client) -> None:
    """Undoing an unblock blocks again; what stays is what an unblock cannot bring back: nothing."""
    person = Cast().eve
    done = act(olivia, "users", "unblock", person.id)
    preview = shown(olivia, done)
    assert preview.title == "Undo: Block 1 person"
    assert preview.irreversible == ()
    assert not preview.reason, "its reason is that it is an undo"
    undone = run_at(undo(olivia, done))
    assert status_of(person) == "blocked"
    assert shown(olivia, undone).title == "Undo: Unblock 1 person"
    assert run_at(undo(olivia, undone)).counts == {"done": 1}
    assert status_of(person) == "active"


def test_two_previews_of_one_undo_bring_back_once(olivia: Client) -> None:
    done = act(olivia, "users", "block", Cast().employee.id)
    first, second = (followed(olivia, asked(olivia, done)) for _ in range(2))
    assert confirmed(olivia, "users", "unblock", first).status_code == 303
    late = run_at(confirmed(olivia, "users", "unblock", second))
    assert late.counts == {"stale": 1}


# Who may.


@pytest.fixture
def helper(app: Flask, staff: list[str]) -> Client:
    """Vera, who may block people one by one, and undo it."""
    group("viewers").permissions = ["users.view", "users.block", "bulk.run", "bulk.undo"]
    group("employee").permissions = []
    group("viewers").grants = [group("employee"), group("viewers")]
    settle()
    return visitor(app).sign_in("vera")


def without(*codes: str) -> None:
    """Take permissions from Vera's group."""
    own = group("viewers")
    own.permissions = [code for code in own.permissions if code not in codes]
    settle()


def is_offered(client: Client, run: BulkRun) -> bool:
    page = read(client.get(f"/admin/bulk-runs/{run.id}")).one("main")
    return any(form["action"].endswith("/undo") for form in page.all("form"))


@pytest.mark.parametrize("code", ["bulk.undo", "users.block"])
def test_undo_takes_the_right_to_undo_and_the_right_of_the_inverse(
    helper: Client, code: str
) -> None:
    done = act(helper, "users", "block", Cast().employee.id)
    assert is_offered(helper, done)
    page = followed(helper, asked(helper, done))
    without(code)
    assert not is_offered(helper, done)
    refused = asked(helper, done)
    assert refused.status_code == 403
    assert f"You need the permission {code}" in refused.text
    assert status_of(Cast().employee) == "blocked"
    late = decided(helper, "users", "unblock", token_of(page))
    assert late.status_code in (403, 422), "nor with a preview from before"
    assert status_of(Cast().employee) == "blocked"


def test_who_may_not_is_told_so_and_not_what_became_of_the_rows(helper: Client) -> None:
    person = Cast().employee.id
    done = act(helper, "users", "block", person)
    without("users.block")
    db.session.execute(update(User).where(User.id == person).values(status="deleted"))
    settle()
    assert fault(asked(helper, done)).startswith("You need the permission users.block")


def test_undo_of_several_rows_takes_the_right_to_act_on_several(helper: Client) -> None:
    other = User(first_name="Person", status="active", groups=[group("employee")])
    other.set_email("person@example.com")
    db.session.add(other)
    settle()
    done = act(helper, "users", "block", Cast().employee.id, other.id)
    without("bulk.run")
    refused = asked(helper, done)
    assert refused.status_code == 403
    assert "You need the permission bulk.run (" in refused.text


def test_the_run_of_another_is_not_there_without_the_right_to_see_it(
    olivia: Client, helper: Client
) -> None:
    done = act(olivia, "users", "block", Cast().employee.id)
    assert asked(helper, done).status_code == 404
    assert helper.get(f"/admin/bulk-runs/{done.id}").status_code == 404
    group("viewers").permissions = [*group("viewers").permissions, "bulk_runs.view"]
    settle()
    assert helper.get(f"/admin/bulk-runs/{done.id}").status_code == 200
    assert run_at(undo(helper, done)).counts == {"done": 1}


def test_an_undo_whose_run_went_out_of_sight_is_not_run(olivia: Client, helper: Client) -> None:
    group("viewers").permissions = [*group("viewers").permissions, "bulk_runs.view"]
    settle()
    done = act(olivia, "users", "block", Cast().employee.id)
    page = followed(helper, asked(helper, done))
    without("bulk_runs.view")
    answer = decided(helper, "users", "unblock", token_of(page))
    assert answer.status_code == 422
    assert problem(answer) == OVER
    assert status_of(Cast().employee) == "blocked"


def test_a_preview_of_an_undo_is_none_of_a_run(olivia: Client) -> None:
    """Only what was run can be undone: not a preview, nor a run that does not exist."""
    page = previewed(olivia, "users", "block", Cast().employee.id)
    number = db.session.scalars(select(BulkRun.id).where(BulkRun.token == token_of(page))).one()
    assert olivia.post(f"/admin/bulk-runs/{number}/undo").status_code == 404
    assert olivia.post("/admin/bulk-runs/999999/undo").status_code == 404
    db.session.execute(delete(BulkRun).where(BulkRun.id == number))
    settle()


def test_a_run_knows_its_own_undos(olivia: Client) -> None:
    cast = Cast()
    one = act(olivia, "users", "block", cast.employee.id, cast.dispatcher.id)
    other = act(olivia, "users", "block", cast.viewers.id)
    first = run_at(undo(olivia, other))
    person = cast.employee
    person.groups = [*person.groups, group("administrators")]
    settle()
    boss = visitor(olivia.application).sign_in("main_administrator")
    second = run_at(undo(boss, one))
    assert second.counts == {"done": 1, "refused": 1}
    person = Cast().employee
    person.groups = [group("employee")]
    settle()
    third = run_at(undo(olivia, one))
    assert (undoing.undos(one), undoing.undos(other)) == ([second.id, third.id], [first.id])
    assert (undoing.taken_back(one), undoing.taken_back(other)) == (2, 1)
    assert undoing.undos(third) == []
    again = run_at(undo(olivia, third))
    assert state_of(third) == "undone"
    assert undoing.undos(third) == [again.id]
    assert undoing.undos(one) == [second.id, third.id], "whatever became of them since"
    assert undoing.partly_undone([one.id, other.id]) == set()


def test_what_was_only_previewed_or_brought_nothing_back_counts_as_no_undo(
    olivia: Client,
) -> None:
    done = act(olivia, "users", "block", Cast().managers.id, Cast().viewers.id)
    shown(olivia, done)
    assert undoing.undos(done) == []
    boss = visitor(olivia.application).sign_in("main_administrator")
    nothing = run_at(undo(boss, done))
    assert nothing.counts == {"refused": 2}
    assert undoing.undos(done) == [nothing.id]
    assert undoing.taken_back(done) == 0
    assert undoing.partly_undone([done.id]) == set()


@pytest.mark.one_engine("postgresql", reason="SQLite does not tell how many rows it read")
def test_what_was_brought_back_is_looked_up_row_by_row(olivia: Client) -> None:
    """No item of the run is compared with every item of the undo, whatever statistics there are."""
    done = act(olivia, "users", "block", Cast().employee.id)
    undone = run_at(undo(olivia, done))
    db.session.add_all(
        BulkItem(run_id=run.id, row_id=10**6 + number, outcome="done", version=1)
        for run in (done, undone)
        for number in range(ROWS)
    )
    settle()
    action = find(done.action)
    assert action
    with explained(db.engine) as reading:
        assert db.session.scalars(undoing.undoable(done, action)).all() == []
    assert reading.rows < 5 * ROWS

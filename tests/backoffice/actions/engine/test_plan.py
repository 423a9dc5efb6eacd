"""What cannot be planned is refused with a sentence that says what to do instead."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from backoffice import clock
from backoffice.actions.engine.plan import MAX_TICKED
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    asked_for,
    confirmed,
    decided,
    followed,
    group,
    outcome,
    previewed,
    run_at,
    status_of,
    token_of,
)
from tests.support.factors import visitor
from tests.support.html import error_at, read
from tests.support.told import fault, flashed, problem, told

NOBODY = 999_999


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


def asked(client: Client, action: str, *rows: int, **filters: str) -> TestResponse:
    """Ask for a preview as the list does, and return the first answer."""
    return client.post(*asked_for("users", action, *rows, **filters))


def planned() -> list[BulkRun]:
    settle()
    return list(db.session.scalars(select(BulkRun)))


def test_only_so_many_rows_are_ticked(olivia: Client) -> None:
    ids = list(range(1, MAX_TICKED + 2))
    answer = asked(olivia, "block", *ids)
    assert answer.status_code == 400
    assert fault(answer) == f"Tick at most {MAX_TICKED:,} rows, or take all that match."
    assert planned() == []
    page = followed(olivia, asked(olivia, "block", *ids[:-1]))
    assert page.status_code == 200, "as many as are allowed"


def test_rows_that_are_gone_are_counted(olivia: Client) -> None:
    page = previewed(olivia, "users", "block", Cast().max.id, NOBODY, NOBODY + 1)
    assert "2 of the chosen rows are no longer there." in told(page).headline
    twice = followed(olivia, asked(olivia, "block", Cast().max.id, Cast().max.id))
    assert told(twice).headline == (), "ticked twice is there once"


def test_where_no_row_is_left_it_is_said(olivia: Client) -> None:
    answer = asked(olivia, "block", NOBODY)
    assert answer.status_code == 404
    assert fault(answer) == "None of these rows is there any more."
    none = asked(olivia, "block", all_matching="1", search="nobody is called this")
    assert flashed(olivia, none) == "No row matches."
    assert planned() == []


def test_deleted_people_are_not_there_any_more(olivia: Client) -> None:
    person = Cast().employee.id
    act(olivia, "users", "delete", person)
    answer = asked(olivia, "block", person)
    assert (answer.status_code, "None of these rows" in answer.text) == (404, True)


def test_an_action_for_one_row_takes_no_two(olivia: Client) -> None:
    answer = asked(olivia, "temporary-password", Cast().max.id, Cast().vera.id)
    assert answer.status_code == 400
    assert fault(answer) == "Temporary password takes 1 row at a time."


@pytest.mark.parametrize(
    "chosen, sentence",
    [
        ([""], "Choose a group."),
        (["", "x"], "Choose one of the offered values."),
        (["", str(NOBODY)], f"There is no group with the number {NOBODY}."),
        (["", "1", "2"], "Choose only one."),
    ],
)
def test_a_choice_is_corrected_at_its_field(
    olivia: Client, chosen: list[str], sentence: str
) -> None:
    href = asked(olivia, "add-to-group", Cast().vera.id).location
    olivia.post(href, {"step": "choose", "with.group": chosen})
    page = olivia.get(href)
    assert (page.status_code, error_at(page, "with.group")) == (422, sentence)


def test_a_choice_of_the_same_twice_is_one(olivia: Client) -> None:
    viewers = str(group("viewers").id)
    href = asked(olivia, "add-to-group", Cast().max.id).location
    olivia.post(href, {"step": "choose", "with.group": [viewers, viewers]})
    assert told(olivia.get(href)).title == "Add 1 person to Viewers"


def test_the_choice_of_an_undo_stays_as_it_is(olivia: Client) -> None:
    done = act(olivia, "users", "add-to-group", Cast().vera.id, group=group("employee").id)
    href = olivia.post(f"/admin/bulk-runs/{done.id}/undo").location
    answer = olivia.post(href, {"step": "choose", "with.group": group("managers").id})
    page = followed(olivia, answer)
    assert problem(page) == "What was chosen for this run stays as it is."
    assert "Undo: Remove 1 person from Employee" in olivia.get(href).text


# Rights.


@pytest.fixture
def helper(app: Flask, staff: list[str]) -> Client:
    """Vera, who may block people one by one."""
    cast = Cast()
    group("employee").permissions = ["users.view", "users.block"]
    cast.vera.groups = [group("employee")]
    group("employee").grants = [group("dispatcher"), group("viewers")]
    group("viewers").permissions = group("dispatcher").permissions = []
    for number in range(3):
        newcomer(number)
    settle()
    return visitor(app).sign_in("vera")


def newcomer(number: int) -> User:
    person = User(first_name=f"Person {number}", status="active")
    person.set_email(f"person{number}@example.com")
    db.session.add(person)
    return person


def persons() -> list[int]:
    found = db.session.scalars(select(User.id).where(User.first_name.like("Person %")))
    return list(found)


def refusal(answer: TestResponse) -> str:
    assert answer.status_code == 403
    return read(answer).one("main").text


def test_one_row_needs_the_permission_of_the_action_alone(helper: Client) -> None:
    (first, second, _third) = persons()
    assert confirmed(
        helper, "users", "block", previewed(helper, "users", "block", first)
    ).location.startswith("/admin/users")
    assert "You need the permission bulk.run (“Act on several rows at once”)." in refusal(
        asked(helper, "block", first, second)
    )


def test_a_single_row_that_matches_is_no_several_but_all(helper: Client) -> None:
    """Acting on whatever matches has a permission of its own, even if one row does."""
    sentence = "bulk.run_all_matching (“Act on every row that matches a filter”)"
    assert sentence in refusal(asked(helper, "block", all_matching="1", search="Person 1"))
    group("employee").permissions = ["users.view", "users.block", "bulk.run_all_matching"]
    settle()
    assert asked(helper, "block", all_matching="1", search="Person 1").status_code == 303
    assert "bulk.run (" in refusal(asked(helper, "block", all_matching="1", search="Person"))
    group("employee").permissions = [
        "users.view", "users.block", "bulk.run_all_matching", "bulk.run",
    ]  # fmt: skip
    settle()
    page = followed(helper, asked(helper, "block", all_matching="1", search="Person"))
    assert told(page).title == "Block 3 people"


def test_the_right_to_act_on_all_that_match_is_looked_at_again(helper: Client) -> None:
    """It is taken away between the preview and the press of the button."""
    all_matching = ["users.view", "users.block", "bulk.run_all_matching"]
    group("employee").permissions = all_matching
    settle()
    page = followed(helper, asked(helper, "block", all_matching="1", search="Person 1"))
    group("employee").permissions = all_matching[:2]
    settle()
    answer = decided(helper, "users", "block", token_of(page))
    assert "You need the permission bulk.run_all_matching" in problem(answer)
    assert run_at(page).state == "planned"


def test_what_matches_at_the_preview_is_what_is_done(olivia: Client, helper: Client) -> None:
    """Whoever matches later is not acted on, and neither is who was not asked for."""
    page = previewed(olivia, "users", "block", all_matching="1", search="Person")
    later = newcomer(9)
    settle()
    run = run_at(confirmed(olivia, "users", "block", page))
    assert run.counts == {"done": 3}
    assert status_of(later) == "active"


def test_rows_that_one_may_no_longer_see_go_with_the_choice(olivia: Client) -> None:
    """Between the preview and the choice somebody was deleted: the preview has one row less."""
    gone = Cast().dispatcher.id
    page = previewed(olivia, "users", "add-to-group", Cast().employee.id, gone)
    db.session.get_one(User, gone).status = "deleted"
    settle()
    olivia.post(page.request.path, {"step": "choose", "with.group": group("viewers").id})
    assert told(olivia.get(page.request.path)).title == "Add 1 person to Viewers"
    settle()
    (run,) = planned()
    assert (run.planned, run.counts) == (1, {"done": 1})
    assert [item.row_id for item in db.session.scalars(select(BulkItem))] == [Cast().employee.id]


def test_rows_are_judged_anew_at_the_choice(olivia: Client) -> None:
    """Who was changed since the preview is not stale: the choice judges what is there then."""
    person = Cast().employee
    page = previewed(olivia, "users", "add-to-group", person.id, Cast().olivia.id)
    person.phone, person.version = "+49 30 123", person.version + 1
    settle()
    olivia.post(page.request.path, {"step": "choose", "with.group": group("viewers").id})
    run = run_at(decided(olivia, "users", "add-to-group", token_of(page)))
    assert outcome(run, person.id) == ("done", "")
    assert outcome(run, Cast().olivia.id) == ("refused", "oneself")


def test_a_rule_that_depends_on_the_choice_is_told_after_it(olivia: Client) -> None:
    """Before it nobody is refused, after it whoever would be left with nothing."""
    tag = ClientTag(name="Gold")
    person = Cast().employee
    person.client_tags_mode, person.client_tags = "only", [tag]
    settle()
    page = previewed(olivia, "users", "remove-client-tags", person.id)
    assert told(page).headline == ()
    olivia.post(page.request.path, {"step": "choose", "with.tags": tag.id})
    chosen = told(olivia.get(page.request.path))
    (refused,) = chosen.headline
    assert refused.endswith("would be left with no client tag.")
    assert chosen.title == "Take the client tags Gold from 0 people"


def test_a_preview_is_there_for_an_hour_and_a_run_for_ever(still: datetime, olivia: Client) -> None:
    previews = [previewed(olivia, "users", "block", Cast().max.id) for _ in range(2)]
    assert run_at(confirmed(olivia, "users", "block", previews[0])).state == "done"
    for age, expected in ((timedelta(hours=1), (303, 200)), (timedelta(hours=1.01), (303, 404))):
        with clock.at(still + age):
            olivia.sign_in("olivia")
            paths = [page.request.path for page in previews]
            assert tuple(olivia.get(path).status_code for path in paths) == expected


def test_a_preview_is_not_shown_to_whoever_lost_the_permission_since(
    app: Flask, olivia: Client
) -> None:
    cast = Cast()
    boss = visitor(app).sign_in("company_administrator")
    page = previewed(boss, "users", "block", cast.employee.id)
    assert page.status_code == 200
    group("company_administrator").permissions = ["users.view"]
    settle()
    assert boss.get(f"/admin/users/actions/block/{token_of(page)}").status_code == 403


def test_previews_that_were_never_run_go_when_others_come(
    app: Flask, olivia: Client, still: datetime
) -> None:
    cast = Cast()
    old = token_of(previewed(olivia, "users", "block", cast.employee.id))
    done = act(olivia, "users", "block", cast.managers.id)
    with clock.at(still + timedelta(minutes=59)):
        previewed(visitor(app).sign_in("olivia"), "users", "block", cast.dispatcher.id)
    assert old in {run.token for run in planned()}
    with clock.at(still + timedelta(minutes=61)):
        previewed(visitor(app).sign_in("olivia"), "users", "block", cast.dispatcher.id)
    assert old not in {run.token for run in planned()}
    assert done.token in {run.token for run in planned()}, "what was run stays"


def test_what_was_chosen_is_kept_with_the_preview(olivia: Client) -> None:
    cast = Cast()
    previewed(olivia, "users", "block", cast.employee.id, cast.eve.id)
    previewed(olivia, "users", "block", all_matching="1", status="active")
    ticked, matching = (run.selection for run in planned())
    assert ticked == {"ids": sorted([cast.employee.id, cast.eve.id])}
    assert matching == {"all_matching": True, "query": [["status", "active"]]}


def test_an_action_that_lacks_a_choice_says_what_to_choose(olivia: Client) -> None:
    page = previewed(olivia, "users", "add-to-group", Cast().employee.id)
    answer = olivia.post(page.request.path, {"step": "choose", "with.group": ""})
    assert error_at(followed(olivia, answer), "with.group") == "Choose a group."
    page = previewed(olivia, "users", "add-client-tags", Cast().employee.id)
    answer = olivia.post(page.request.path, {"step": "choose", "with.tags": ""})
    assert error_at(followed(olivia, answer), "with.tags") == "Choose client tags."

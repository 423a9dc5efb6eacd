"""Olivia opens an access review, Max decides about Vera, and Eve gets nowhere near it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.associations import user_groups
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    decided,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    token_of,
    undo,
)
from tests.support.html import error_at, read
from tests.support.races import at_once
from tests.support.reviews import (
    ENTRIES,
    REVIEWS,
    entry,
    let_max_give,
    next_week,
    open_review,
    typed,
)
from views.screen import parameter_forms

TAKE = "take-away"


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def max_(app: Flask, staff: list[str]) -> Client:
    let_max_give("viewers")
    return app.test_client().sign_in("max")


def test_max_takes_away_what_vera_should_not_have_and_brings_it_back(
    olivia: Client, max_: Client
) -> None:
    vera = Cast().vera
    open_review(olivia, groups=[group("viewers").id], reviewer=Cast().max.id)
    item = entry(vera, "Viewers")
    page = read(max_.get(f"/admin/{ENTRIES}/?state=waits")).one("tbody").text
    assert "Vera Vance" in page
    assert "Viewers" in page
    run = act(max_, ENTRIES, "take-away", item.id, reason="She works elsewhere now")
    assert outcome(run, item.id) == ("done", "")
    assert groups_of(vera) == set()
    item = entry(vera, "Viewers")
    assert (item.decision, item.note) == ("take_away", "She works elsewhere now")
    assert item.decided_by_id == Cast().max.id
    event = db.session.scalars(select(Event).where(Event.action == "users.remove_from_group")).one()
    assert (event.subject_id, event.actor_id) == (vera.id, Cast().max.id)
    assert event.reason == "She works elsewhere now"
    assert undo(max_, run).status_code == 303
    assert groups_of(vera) == {"Viewers"}
    item = entry(vera, "Viewers")
    assert (item.decision, item.note, item.decided_by_id) == ("undecided", "", None)


def taken(client: Client, item: AccessReviewItem) -> tuple[str, str]:
    """Try to take something away, and return what became of it."""
    preview = previewed(client, ENTRIES, TAKE, item.id)
    answer = confirmed(client, ENTRIES, TAKE, preview)
    return outcome(run_at(answer), item.id)


def test_each_sees_and_decides_what_is_theirs(app: Flask, olivia: Client) -> None:
    """One only reviews; Max and Vera see all reviews and decide in none of these."""
    reviewing = ["access_review_items.view", "access_review_items.decide", "users.view"]
    reviewer = Cast().dispatcher
    reviewer.groups = [Group(name="Reviewers", permissions=reviewing)]
    group("viewers").reviewer_id = reviewer.id
    settle()
    open_review(olivia, groups=[group("viewers").id, group("employee").id])
    own, other = entry(Cast().vera, "Viewers"), entry(Cast().employee, "Employee")
    assert (own.reviewer_id, other.reviewer_id) == (reviewer.id, Cast().olivia.id)
    client = app.test_client().sign_in("dispatcher")
    listed = read(client.get(f"/admin/{ENTRIES}/")).one("tbody").text
    assert "Vera Vance" in listed
    assert "Employee" not in listed
    assert client.get(f"/admin/{ENTRIES}/{other.id}").status_code == 404
    assert client.post(f"/admin/{ENTRIES}/actions/keep", {"row": other.id}).status_code == 404
    assert client.get(f"/admin/{REVIEWS}/").status_code == 403
    act(client, ENTRIES, "keep", own.id)
    max_ = app.test_client().sign_in("max")
    preview = previewed(max_, ENTRIES, "keep", other.id)
    assert "is for another reviewer" in read(preview).one("main").text
    vera = app.test_client().sign_in("vera")
    assert vera.post(f"/admin/{ENTRIES}/actions/keep", {"row": other.id}).status_code == 403
    assert vera.post(f"/admin/{REVIEWS}/actions/open").status_code == 403
    employee = app.test_client().sign_in("employee")
    for screen in (ENTRIES, REVIEWS):
        assert employee.get(f"/admin/{screen}/").status_code == 403
    assert app.test_client().get(f"/admin/{ENTRIES}/").status_code == 303


def test_nobody_reviews_their_own_access(olivia: Client, max_: Client) -> None:
    cast = Cast()
    open_review(olivia, reviewer=cast.max.id)
    assert entry(cast.vera, "Viewers").reviewer_id == cast.max.id
    assert entry(cast.max, "Managers").reviewer_id == cast.olivia.id
    open_review(olivia)
    own = entry(cast.olivia, "Administrators")
    assert own.reviewer_id is None
    for action in ("keep", "ask", TAKE):
        preview = previewed(olivia, ENTRIES, action, own.id)
        assert "Nobody reviews their own access" in read(preview).one("main").text


def test_a_group_has_a_reviewer_of_its_own(olivia: Client) -> None:
    viewers = group("viewers")
    form = {"name": viewers.name, "permissions": viewers.permissions, "grants": ""}
    answer = olivia.post(
        f"/admin/groups/{viewers.id}/edit",
        {"version": viewers.version, **form, "reviewer": Cast().max.id},
    )
    assert answer.status_code == 303
    open_review(olivia)
    assert entry(Cast().vera, "Viewers").reviewer_id == Cast().max.id
    assert entry(Cast().employee, "Employee").reviewer_id == Cast().olivia.id
    act(olivia, "users", "block", Cast().max.id)
    open_review(olivia)
    assert entry(Cast().vera, "Viewers").reviewer_id == Cast().olivia.id


def test_nobody_takes_away_what_they_may_not_give(app: Flask, olivia: Client) -> None:
    cast = Cast()
    open_review(olivia, groups=[group("viewers").id], reviewer=cast.max.id)
    item = entry(cast.vera, "Viewers")
    max_ = app.test_client().sign_in("max")
    assert taken(max_, item) == ("refused", "beyond")
    assert groups_of(cast.vera) == {"Viewers"}
    run = act(max_, ENTRIES, "ask", item.id, reason="Ask Olivia")
    assert outcome(run, item.id) == ("done", "")
    assert entry(cast.vera, "Viewers").decision == "ask"
    run = act(olivia, ENTRIES, "keep", item.id)
    assert entry(cast.vera, "Viewers").decision == "keep"
    assert undo(olivia, run).status_code == 303
    assert entry(cast.vera, "Viewers").note == "Ask Olivia"


def test_somebody_outranked_keeps_what_is_not_the_reviewers_to_give(
    olivia: Client, max_: Client
) -> None:
    vera = Cast().vera
    act(olivia, "users", "add-to-group", vera.id, group=group("dispatcher").id)
    open_review(olivia, reviewer=Cast().max.id)
    assert taken(max_, entry(vera, "Viewers")) == ("refused", "outranked")
    assert groups_of(vera) == {"Viewers", "Dispatcher"}


def test_a_right_that_ended_since_the_preview_takes_nothing(olivia: Client, max_: Client) -> None:
    open_review(olivia, groups=[group("viewers").id], reviewer=Cast().max.id)
    item = entry(Cast().vera, "Viewers")
    preview = previewed(max_, ENTRIES, TAKE, item.id)
    managers = group("managers")
    managers.grants = []
    settle()
    answer = confirmed(max_, ENTRIES, TAKE, preview)
    assert outcome(run_at(answer), item.id) == ("refused", "beyond")
    assert groups_of(Cast().vera) == {"Viewers"}


def test_whoever_is_not_among_the_first_is_looked_up_as_reviewer(
    app: Flask, olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parameter_forms, "MOST_OPTIONS", 2)
    page = previewed(olivia, REVIEWS, "open")
    picker = read(page).one("div", **{"data-name": "with.reviewer"})
    url = picker["data-lookup-url"]
    found = olivia.get(f"{url}?search=vera").json["options"]
    assert [option["label"] for option in found] == ["Vera Vance"]
    act(olivia, "users", "block", Cast().vera.id)
    assert olivia.get(f"{url}?search=vera").json["options"] == []
    assert olivia.get(url.replace("reviewer", "name")).status_code == 404
    assert app.test_client().sign_in("max").get(url).status_code == 403


def test_what_was_gone_already_is_said(olivia: Client, max_: Client) -> None:
    vera = Cast().vera
    open_review(olivia, groups=[group("viewers").id], reviewer=Cast().max.id)
    act(olivia, "users", "remove-from-group", vera.id, group=group("viewers").id)
    preview = previewed(max_, ENTRIES, TAKE, entry(vera, "Viewers").id)
    assert "1 of them is gone already." in read(preview).one("main").text
    run = run_at(confirmed(max_, ENTRIES, TAKE, preview))
    assert entry(vera, "Viewers").was_gone
    assert undo(max_, run).status_code == 303
    assert groups_of(vera) == set()


def test_an_extra_permission_is_taken_and_given_back_as_it_was(
    olivia: Client, max_: Client
) -> None:
    vera = Cast().vera
    given = {"permission": "users.view", "reason": "Leave of Max", "ends_at": next_week()}
    db.session.add(DirectGrant(user=vera, given_by=Cast().olivia, **given))
    settle()
    open_review(olivia, reviewer=Cast().max.id)
    run = act(max_, ENTRIES, TAKE, entry(vera, "users.view").id)
    settle()
    assert db.session.scalars(select(DirectGrant)).all() == []
    assert undo(max_, run).status_code == 303
    settle()
    grant = db.session.scalars(select(DirectGrant)).one()
    assert {name: getattr(grant, name) for name in given} == given
    assert (grant.user_id, grant.given_by_id) == (vera.id, Cast().olivia.id)


def test_several_are_taken_at_once_and_given_back(olivia: Client) -> None:
    cast = Cast()
    people = (cast.vera, cast.employee, cast.dispatcher)
    before = {person.id: groups_of(person) for person in people}
    open_review(olivia)
    names = ("Viewers", "Employee", "Dispatcher")
    ids = [entry(person, name).id for person, name in zip(people, names, strict=True)]
    run = act(olivia, ENTRIES, TAKE, *ids)
    assert run.counts == {"done": 3}
    assert [groups_of(person) for person in people] == [set(), set(), set()]
    assert undo(olivia, run).status_code == 303
    assert {person.id: groups_of(person) for person in people} == before


def test_what_two_reviews_ask_about_is_taken_and_given_back_once(olivia: Client) -> None:
    vera = Cast().vera
    ids = []
    for name in ("Spring", "Autumn"):
        open_review(olivia, name=name)
        ids.append(entry(vera, "Viewers").id)
    run = act(olivia, ENTRIES, TAKE, *ids)
    assert groups_of(vera) == set()
    assert run_at(undo(olivia, run)).counts == {"done": 2}
    assert groups_of(vera) == {"Viewers"}


def test_the_last_administrator_stays(app: Flask, olivia: Client) -> None:
    cast = Cast()
    membership = {"user_id": cast.max.id, "group_id": group("administrators").id}
    db.session.execute(insert(user_groups).values(**membership, ends_at=next_week()))
    settle()
    act(olivia, "users", "block", cast.administrators.id)
    open_review(olivia, groups=[group("administrators").id], reviewer=cast.max.id)
    max_ = app.test_client().sign_in("max")
    item = entry(cast.olivia, "Administrators")
    assert taken(max_, item) == ("refused", "last_administrator")
    assert groups_of(cast.olivia) == {"Administrators"}


def test_a_preview_says_which_administrators_would_be_left(olivia: Client) -> None:
    open_review(olivia, groups=[group("administrators").id])
    item = entry(Cast().administrators, "Administrators")
    preview = read(previewed(olivia, ENTRIES, TAKE, item.id)).one("main").text
    assert "Afterwards 1 administrator could sign in: Olivia Owen" in preview


def test_of_two_who_decide_at_once_one_decides(olivia: Client, max_: Client) -> None:
    vera = Cast().vera
    open_review(olivia, groups=[group("viewers").id], reviewer=Cast().max.id)
    item = entry(vera, "Viewers")
    keeping = token_of(previewed(olivia, ENTRIES, "keep", item.id))
    taking = token_of(previewed(max_, ENTRIES, TAKE, item.id))
    answers = at_once(
        [
            lambda: decided(olivia, ENTRIES, "keep", keeping),
            lambda: decided(max_, ENTRIES, TAKE, taking),
        ]
    )
    kept, took = (outcome(run_at(answer), item.id)[0] for answer in answers)
    assert {kept, took} == {"done", "stale"}
    assert entry(vera, "Viewers").decision == ("keep" if kept == "done" else "take_away")
    assert groups_of(vera) == ({"Viewers"} if kept == "done" else set())


def test_a_decision_and_the_end_of_its_review_do_not_pass_each_other(
    olivia: Client, max_: Client
) -> None:
    review = open_review(olivia, groups=[group("viewers").id], reviewer=Cast().max.id)
    item = entry(Cast().vera, "Viewers")
    closing = token_of(previewed(olivia, REVIEWS, "close", review.id))
    taking = token_of(previewed(max_, ENTRIES, TAKE, item.id))
    closed, took = at_once(
        [
            lambda: decided(olivia, REVIEWS, "close", closing),
            lambda: decided(max_, ENTRIES, TAKE, taking),
        ]
    )
    assert outcome(run_at(closed), review.id) == ("done", "")
    made = outcome(run_at(took), item.id)
    assert made in {("done", ""), ("refused", "over")}
    assert groups_of(Cast().vera) == (set() if made[0] == "done" else {"Viewers"})


def test_nothing_is_decided_once_the_review_is_over(olivia: Client, max_: Client) -> None:
    review = open_review(olivia, groups=[group("viewers").id], reviewer=Cast().max.id)
    item = entry(Cast().vera, "Viewers")
    act(olivia, REVIEWS, "close", review.id)
    assert taken(max_, item) == ("refused", "over")
    assert entry(Cast().vera, "Viewers").state == "left"
    with clock.at(next_week() + timedelta(minutes=1)):
        assert entry(Cast().vera, "Viewers").state == "left"


@pytest.mark.parametrize(
    "chosen, field",
    [
        ({"name": ""}, "with.name"),
        ({"ends_at": "2020-01-01T10:00"}, "with.ends_at"),
        ({"ends_at": "soon"}, "with.ends_at"),
        ({"people": "nobody"}, "with.people"),
        ({"groups": ["999"]}, "with.groups"),
        ({"reviewer": ["999"]}, "with.reviewer"),
    ],
)
def test_bad_terms_are_said_at_their_field(
    olivia: Client, chosen: dict[str, str], field: str
) -> None:
    asked = {"name": "Autumn", "people": "all", "ends_at": typed(next_week())} | chosen
    answer = previewed(olivia, REVIEWS, "open", **asked)
    assert error_at(answer, field)
    assert db.session.scalars(select(AccessReview)).all() == []


def test_a_reviewer_who_could_not_decide_is_refused(olivia: Client) -> None:
    asked = {"name": "Autumn", "people": "all", "ends_at": typed(next_week())}
    answer = previewed(olivia, REVIEWS, "open", **asked, reviewer=Cast().vera.id)
    assert "access_review_items.decide" in error_at(answer, "with.reviewer")


def test_a_review_of_nothing_is_not_opened(olivia: Client) -> None:
    asked = {"name": "Autumn", "people": "dormant", "ends_at": typed(next_week())}
    preview = previewed(olivia, REVIEWS, "open", **asked)
    answer = decided(olivia, REVIEWS, "open", token_of(preview))
    assert "None of these people has such access." in answer.text
    assert db.session.scalars(select(AccessReview)).all() == []


def test_a_preview_says_that_a_review_stays_and_what_ends_it(olivia: Client) -> None:
    asked = {"name": "Autumn", "people": "all", "ends_at": typed(next_week())}
    told = read(previewed(olivia, REVIEWS, "open", **asked)).one(".notice-warning").text
    assert "What undo cannot bring back" in told
    assert "“Close” ends it before its time" in told
    review = open_review(olivia, groups=[group("viewers").id], reviewer=Cast().max.id)
    event = db.session.scalars(select(Event).where(Event.action == "access_reviews.open")).one()
    assert event.subject_id == review.id
    told = read(olivia.get(f"/admin/{REVIEWS}/{review.id}?tab=events")).one("main").text
    assert "Olivia Owen opened Spring" in told
    for named in ("Viewers", "Max Mander", f"{next_week():%Y-%m-%d}"):
        assert named in told
    assert "Asked about Viewers" in read(olivia.get(f"/admin/{REVIEWS}/{review.id}")).text
    act(olivia, REVIEWS, "close", review.id)
    settle()
    assert db.session.scalars(select(AccessReview.state)).one() == "closed"

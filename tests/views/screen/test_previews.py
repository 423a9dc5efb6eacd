"""A preview has its own address: Back, reload and mistakes lose nothing.

Nobody else sees it.
"""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    decided,
    everything,
    followed,
    group,
    groups_of,
    previewed,
    run_at,
    status_of,
    token_of,
    undo,
)
from tests.support.html import error_at, hidden, link, read, row_ids, ticked, value_of

BLOCK = "/admin/users/actions/block"


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def planned(client: Client, *rows: int, **fields: Any) -> str:
    """Plan to block these people and return the preview's address."""
    answer = client.post(BLOCK, {"row": list(rows), **fields})
    assert answer.status_code == 303, answer.text[:2000]
    return answer.location


def bar(client: Client, path: str, **fields: Any) -> dict[str, Any]:
    """Return the fields that the action bar of a list sends, as rendered, plus `fields`."""
    form = read(client.get(path)).one("form", id="rows")
    sent = {e["name"]: e["value"] for e in form.all("input", type="hidden")}
    return {**sent, **fields}


def notice(client: Client, path: str) -> Any:
    """Return the live region of the page."""
    return read(client.get(path)).one("div", class_="flashes")


def test_a_preview_is_drawn_again_and_again_and_changes_nothing(olivia: Client, cast: Cast) -> None:
    href = planned(olivia, cast.max.id, cast.vera.id)
    before = everything()
    pages = [olivia.get(href) for _ in range(3)]
    assert {page.status_code for page in pages} == {200}
    assert all("Block 2 people" in page.text for page in pages)
    assert olivia.get(f"/admin/users/{cast.max.id}").status_code == 200
    assert everything() == before


def test_only_its_owner_sees_it(app: Flask, olivia: Client, cast: Cast) -> None:
    cast.eve.status = "active"  # another administrator
    href = planned(olivia, cast.max.id)
    eve = app.test_client().sign_in("eve")
    for method in (eve.get, eve.post):
        answer = method(href)
        assert answer.status_code == 404
        assert "kept for an hour" in answer.text
    assert app.test_client().get(href).location.startswith("/sign-in")
    assert olivia.get(href.replace("/block/", "/revoke/")).status_code == 404
    assert olivia.get(f"{href[:-4]}0000").status_code == 404


def test_it_is_kept_for_an_hour(olivia: Client, cast: Cast) -> None:
    href = planned(olivia, cast.max.id)
    now = clock.now()
    with clock.at(now + timedelta(minutes=25)):
        assert olivia.get(href).status_code == 200
    with db.session.no_autoflush:
        db.session.scalars(select(BulkRun)).one().created_at = now - timedelta(minutes=59)
    settle()
    assert olivia.get(href).status_code == 200
    db.session.scalars(select(BulkRun)).one().created_at = now - timedelta(minutes=61)
    settle()
    for method in (olivia.get, olivia.post):
        assert (answer := method(href)).status_code == 404
        assert "kept for an hour" in answer.text
    assert status_of(cast.max) == "active"


def test_what_was_run_leads_to_its_result(olivia: Client, cast: Cast) -> None:
    href = planned(olivia, cast.max.id)
    olivia.post(href, {"reason": "Left"})
    run_id = db.session.scalars(select(BulkRun.id)).one()
    for method in (olivia.get, olivia.post):
        assert method(href).location == f"/admin/bulk-runs/{run_id}"
    settle()
    assert cast.max.version == 2


def test_a_refused_run_keeps_what_was_typed_and_says_why(olivia: Client, cast: Cast) -> None:
    page = previewed(olivia, "users", "delete", cast.max.id)
    refused = decided(olivia, "users", "delete", token_of(page), confirm="delete 7")
    assert (refused.status_code, value_of(refused, "confirm")) == (422, "delete 7")
    assert error_at(refused, "confirm") == "Type “delete 1” to confirm."
    href = planned(olivia, cast.max.id)
    refused = followed(olivia, olivia.post(href, {"reason": "x" * 501}))
    assert (refused.status_code, value_of(refused, "reason")) == (422, "x" * 501)
    assert error_at(refused, "reason")
    again = olivia.get(href)
    assert value_of(again, "reason") == "x" * 501, "also after a look elsewhere"
    assert olivia.post(href, {"reason": "Left"}).location == "/admin/users/"
    settle()
    assert [
        run.draft for run in db.session.scalars(select(BulkRun).where(BulkRun.state == "done"))
    ] == [None]


def test_no_answer_to_a_form_of_the_flow_is_a_page(olivia: Client, cast: Cast) -> None:
    """Every answer is a redirect, so Back never meets a page that cannot be shown again."""
    href = planned(olivia, cast.max.id)
    forms: list[dict[str, Any]] = [
        {},
        {"reason": ""},
        {"step": "choose"},
        {"step": "x"},
        {"reason": "\0" * 600},
    ]
    assert {olivia.post(href, form).status_code for form in forms} == {303}
    listed = bar(olivia, "/admin/users/?status=active")
    assert olivia.post(BLOCK, listed).location == "/admin/users/?status=active"
    assert "Choose at least one row first." in notice(olivia, "/admin/users/?status=active").text


# --- parameters ---


def test_parameters_are_chosen_at_the_same_address_and_can_be_changed(
    olivia: Client, cast: Cast
) -> None:
    answer = olivia.post("/admin/users/actions/add-to-group", {"row": cast.vera.id})
    href = answer.location
    managers = group("managers").id
    employee = group("employee").id
    assert "Add 1 person to …" in olivia.get(href).text
    assert olivia.post(href, {"step": "choose", "with.group": ["", managers]}).location == href
    assert "Add 1 person to Managers" in olivia.get(href).text
    assert olivia.post(href, {"step": "choose", "with.group": ["", employee]}).location == href
    page = olivia.get(href)
    assert "Add 1 person to Employee" in page.text
    assert ticked(page, "with.group") == [str(employee)]
    assert olivia.post(href).location == "/admin/users/"
    assert groups_of(cast.vera) == {"Employee", "Viewers"}


@pytest.mark.parametrize("chosen", [[""], ["", "x"], ["\0"], ["", "999999"], ["", "1", "2"]])
def test_a_choice_that_makes_no_sense_is_said_at_its_field(
    olivia: Client, cast: Cast, chosen: list[str]
) -> None:
    href = olivia.post("/admin/users/actions/add-to-group", {"row": cast.vera.id}).location
    assert olivia.post(href, {"step": "choose", "with.group": chosen}).location == href
    page = olivia.get(href)
    assert page.status_code == 422
    assert error_at(page, "with.group")
    assert olivia.post(href).location == href, "nothing is run before it is chosen"
    assert groups_of(cast.vera) == {"Viewers"}


# --- afterwards ---


def test_after_the_run_the_list_is_as_it_was_and_says_what_was_done(
    olivia: Client, cast: Cast
) -> None:
    path = "/admin/users/?status=active&search=example&sort=-id&size=20"
    sent = bar(olivia, path, row=[cast.max.id, cast.olivia.id])
    href = olivia.post(BLOCK, sent).location
    page = olivia.get(href)
    assert dict(parse_qsl(link(page, "Back without changing anything").partition("?")[2])) == dict(
        parse_qsl(path.partition("?")[2])
    )
    done = olivia.post(href, {"reason": "Left"})
    assert parse_qsl(done.location.partition("?")[2]) == parse_qsl(path.partition("?")[2])
    said = notice(olivia, done.location)
    assert "1 person blocked. 1 refused." in said.text
    run_id = run_at(done).id
    assert [a["href"] for a in said.all("a")] == [f"/admin/bulk-runs/{run_id}"]
    assert said["role"] == "status"
    (form,) = said.all("form")
    assert form["action"] == f"/admin/bulk-runs/{run_id}/undo"
    undoing = olivia.post(form["action"], {"back": hidden_of(form, "back")})
    undone = olivia.post(undoing.location)
    assert parse_qsl(undone.location.partition("?")[2]) == parse_qsl(path.partition("?")[2])
    assert "1 person unblocked." in notice(olivia, undone.location).text
    assert notice(olivia, undone.location).text == "", "it is said once"


def hidden_of(form: Any, name: str) -> str:
    return str(form.one("input", name=name)["value"])


def test_undo_is_offered_to_those_who_may(app: Flask, olivia: Client, cast: Cast) -> None:
    own = group("main_administrator")
    own.permissions = [code for code in own.permissions if code != "bulk.undo"]
    cast.vera.groups, cast.max.groups = [own], [group("employee")]
    settle()
    vera = app.test_client().sign_in("vera")
    done = confirmed(vera, "users", "block", previewed(vera, "users", "block", cast.max.id))
    said = notice(vera, done.location)
    assert (said.text, said.all("form")) == ("1 person blocked. See the run", [])
    assert undo(vera, run_at(done)).status_code == 403
    assert status_of(cast.max) == "blocked"


def test_where_nothing_could_be_done_the_result_says_why(olivia: Client, cast: Cast) -> None:
    done = decided(
        olivia, "users", "block", token_of(previewed(olivia, "users", "block", cast.olivia.id))
    )
    assert done.location == f"/admin/bulk-runs/{run_at(done).id}"
    assert "You cannot do this to your own account." in olivia.get(done.location).text


def test_from_a_persons_page_one_comes_back_to_it_unless_it_is_gone(
    olivia: Client, cast: Cast
) -> None:
    card = f"/admin/users/{cast.max.id}?tab=groups"
    form = next(f for f in read(olivia.get(card)).all("form") if f["action"] == BLOCK)
    assert hidden_of(form, "back") == card
    assert olivia.post(planned(olivia, cast.max.id, back=card), {"reason": "Left"}).location == card
    deleting = olivia.post(
        "/admin/users/actions/delete", {"row": cast.max.id, "back": card}
    ).location
    assert olivia.post(deleting, {"confirm": "delete 1"}).location == "/admin/users/"
    assert olivia.get("/admin/users/").status_code == 200


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil", "javascript:1", "/a" * 4000]
)
def test_nobody_is_led_elsewhere(olivia: Client, cast: Cast, back: str) -> None:
    done = olivia.post(planned(olivia, cast.max.id, back=back), {"reason": "Left"})
    assert done.location == "/admin/users/" or (
        len(done.location) <= 4000 and done.location.startswith("/a")
    )


def test_a_page_whose_rows_match_no_more_is_the_first_one(olivia: Client, cast: Cast) -> None:
    """After an action on the last page there may be no row left to show on it."""
    cursor = base64.urlsafe_b64encode(json.dumps([10**6, 10**6]).encode()).decode().rstrip("=")
    for path in ("/admin/users/?sort=id", "/admin/users/?sort=id&status=active"):
        assert row_ids(olivia.get(f"{path}&after={cursor}")) == row_ids(olivia.get(path)) != []


# --- the counts that the list showed ---


def test_another_number_than_the_list_showed_is_said(olivia: Client, cast: Cast) -> None:
    sent = bar(olivia, "/admin/users/?search=example", all_matching="1")
    same = olivia.get(olivia.post(BLOCK, sent).location)
    assert "matched when you looked" not in same.text
    other = olivia.get(olivia.post(BLOCK, {**sent, "matched": "2"}).location)
    assert "2 matched when you looked, 4 match now." in other.text


# --- what is left behind ---


def test_the_draft_of_a_preview_goes_with_the_person_it_is_about(
    app: Flask, olivia: Client, cast: Cast
) -> None:
    person = cast.max.id
    sent = bar(olivia, "/admin/users/?search=mander", row=person)
    olivia.post(olivia.post(BLOCK, sent).location, {"reason": " "})
    href = olivia.post(BLOCK, sent).location
    olivia.post(href.replace("/block/", "/block/"), {"reason": "y" * 501})
    act(olivia, "users", "delete", person)
    settle()
    left = [
        (run.draft, run.selection)
        for run in db.session.scalars(select(BulkRun).where(BulkRun.state == "planned"))
    ]
    assert "mander" not in str(left)
    assert "yyy" not in str(left)


def test_a_denied_run_is_an_event(app: Flask, olivia: Client, cast: Cast) -> None:
    """Bulk rights were taken away after the preview: its page says so, and the event is kept."""
    cast.vera.groups = [
        db.session.scalars(select(Group).where(Group.key == "main_administrator")).one()
    ]
    settle()
    vera = app.test_client().sign_in("vera")
    people = [cast.max.id, cast.eve.id]
    page = previewed(vera, "users", "block", *people)
    changed = group("main_administrator")
    changed.permissions = [code for code in changed.permissions if code != "bulk.run"]
    settle()
    refused = decided(vera, "users", "block", token_of(page), reason="All of them")
    assert refused.status_code == 422
    assert "bulk.run" in refused.text
    settle()
    denied = db.session.scalars(select(Event).where(Event.result == "denied")).all()
    assert [(event.action, event.actor_id) for event in denied] == [("bulk.run", cast.vera.id)]
    assert undo(vera, BulkRun(id=2**40)).status_code == 404
    assert hidden(refused, "csrf_token")


def test_no_preview_keeps_an_endless_address(olivia: Client, cast: Cast) -> None:
    answer = olivia.post(BLOCK, {"row": cast.vera.id, "list": "search=" + "x" * 100_000})
    assert answer.status_code == 400
    assert db.session.scalars(select(BulkRun)).all() == []

"""Set columns of many rows, and give each row its former values back.

`test_company_package.py` runs this with the package.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from acme.models.depot import Crate, Depot, Hazard
from flask import Flask
from sqlalchemy import select

from backoffice.actions.engine.action import find
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company import pallets
from tests.company.pallets import choose, done, plan, run, undone
from tests.support.html import error_at, read
from tests.support.told import by_name


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    pallets.company()
    return client.sign_in("olivia")


def values(name: str) -> list[Any]:
    return [getattr(pallet, name) for pallet in pallets.pallets()]


def test_rows_are_moved_told_and_brought_back(olivia: Client) -> None:
    north, south = pallets.depot("North"), pallets.depot("South")
    done(olivia, "move", pallets.ids()[:3], depot=south)
    assert values("depot_id") == [south, south, south, north]
    assert values("version") == [2, 2, 2, 1]
    event = pallets.newest_event()
    moved = by_name(event.before), by_name(event.after)
    assert moved == ({"depot": "North"}, {"depot": "South"})
    undone(olivia)
    assert values("depot_id") == [north] * 4
    result = read(olivia.get(f"/admin/bulk-runs/{pallets.newest_event().bulk_run_id}")).text
    assert "3 pallets restored." in result
    assert "of 3 set" not in result
    undone(olivia)  # the undo itself
    assert values("depot_id") == [south, south, south, north]


def test_rows_that_have_the_value_are_unchanged_and_said_so(olivia: Client) -> None:
    address = plan(olivia, "set-weight", pallets.ids())
    page = choose(olivia, address, weight="3")
    assert "1 would not change: already set." in read(page).text
    assert read(page).one("h1").text == "Set weight: 3 kg (3 pallets)"
    assert run(olivia, address).status_code == 303
    assert values("weight") == [3, 3, 3, 3]
    undone(olivia)
    assert values("weight") == [1, 2, 3, 4]


def test_rows_changed_since_stay_as_they_are(olivia: Client) -> None:
    done(olivia, "set-weight", pallets.ids(), weight="9")
    second = pallets.pallets()[1]
    second.weight, second.version = 50, second.version + 1
    settle()
    undone(olivia)
    assert values("weight") == [1, 50, 3, 4]


@pytest.mark.parametrize("weight", ["-1", "1000.01", "1.234", "heavy"])
def test_the_bounds_of_the_column_and_of_the_action_both_hold(olivia: Client, weight: str) -> None:
    page = choose(olivia, plan(olivia, "set-weight", pallets.ids()), weight=weight)
    assert error_at(page, "with.weight")


def test_a_row_that_may_not_be_chosen_is_refused(olivia: Client) -> None:
    page = choose(olivia, plan(olivia, "move", pallets.ids()), depot=pallets.depot("Closed"))
    assert error_at(page, "with.depot") == "This depot is closed."


def test_a_choice_that_is_forbidden_meanwhile_is_refused_at_the_run(olivia: Client) -> None:
    address = plan(olivia, "move", pallets.ids())
    assert choose(olivia, address, depot=pallets.depot("South")).status_code == 200
    db.session.get_one(Depot, pallets.depot("South")).is_active = False
    settle()
    run(olivia, address)
    assert error_at(olivia.get(address), "with.depot") == "This depot is closed."
    assert set(values("depot_id")) == {pallets.depot("North")}


def test_what_a_row_belonged_to_may_be_gone_by_the_undo(olivia: Client) -> None:
    done(olivia, "move", pallets.ids(), depot=pallets.depot("South"))
    run_id = pallets.newest_event().bulk_run_id
    db.session.delete(db.session.get_one(Depot, pallets.depot("North")))
    settle()
    answer = olivia.post(f"/admin/bulk-runs/{run_id}/undo")
    assert "What P1 belonged to before exists no more." in olivia.get(answer.location).text
    run(olivia, answer.location)
    assert set(values("depot_id")) == {pallets.depot("South")}


def test_what_is_searched_is_found_by_its_new_text_and_again_by_the_old(olivia: Client) -> None:
    done(olivia, "rename", pallets.ids()[:2], goods="Coffee")
    assert "2 pallets" in read(olivia.get("/admin/pallets/?search=coffee")).one("h1").text
    undone(olivia)
    assert "0 pallets" in read(olivia.get("/admin/pallets/?search=coffee")).one("h1").text
    assert "1 pallet" in read(olivia.get("/admin/pallets/?search=tea+2")).one("h1").text


def test_what_needs_no_answer_is_set_at_once(olivia: Client) -> None:
    done(olivia, "empty", pallets.ids())
    assert (values("pieces"), values("weight")) == ([0] * 4, [None] * 4)
    undone(olivia)
    assert (values("pieces"), values("weight")) == ([1, 2, 3, 4], [1, 2, 3, 4])


def test_a_constraint_of_the_table_is_said_in_its_words(olivia: Client) -> None:
    done(olivia, "empty", pallets.ids()[:1])
    address = plan(olivia, "send", pallets.ids())
    run(olivia, address)
    assert "An empty pallet does not move." in read(olivia.get(address)).text
    assert set(values("status")) == {"here"}


AS_TYPED = {
    "code": ("P9", "P9"),
    "goods": ("", ""),
    "weight": ("12.5", Decimal("12.5")),
    "pieces": ("7", 7),
    "ratio": ("0.30000000000000004", 0.30000000000000004),
    "status": ("moving", "moving"),
    "hazard": ("FIRE", Hazard.FIRE),
    "is_fragile": (["", "y"], True),
    "due": ("2026-02-03", date(2026, 2, 3)),
    "at": ("2026-02-03T04:05:06", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
    "opens": ("07:30", time(7, 30)),
    "facts": ('{"a": [1, "b"]}', {"a": [1, "b"]}),
    "marks": ("one\r\ntwo", ["one", "two"]),
    "raw": ('{"a": [1, "b"]}', {"a": [1, "b"]}),
    "rating": ("7", 7),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000", UUID("123e4567-e89b-12d3-a456-426614174000")),
    "note": ("First\r\nSecond", "First\nSecond"),
}


@pytest.mark.parametrize("name", AS_TYPED)
def test_every_kind_of_field_is_changed_and_brought_back(olivia: Client, name: str) -> None:
    typed, value = AS_TYPED[name]
    first, second = pallets.pallets()[:2]
    setattr(first, name, value)  # this one needs no change
    settle()
    before = values(name)
    done(olivia, "change-field", pallets.ids()[:2], field=name, **{name: typed})
    assert values(name) == [value, value, *before[2:]]
    event = pallets.newest_event()
    assert (event.subject_id, [*event.after]) == (second.id, [name])
    undone(olivia)
    assert values(name) == before


def test_a_relation_is_changed_and_brought_back(olivia: Client) -> None:
    before = values("depot_id")
    done(olivia, "change-field", pallets.ids(), field="depot", depot=pallets.depot("South"))
    assert set(values("depot_id")) == {pallets.depot("South")}
    undone(olivia)
    assert values("depot_id") == before


def crates() -> list[Crate]:
    db.session.add_all(
        [Crate(name="Weak", strength=5), Crate(name="Strong"), Crate(name="Shut", locked=True)]
    )
    settle()
    return list(db.session.scalars(select(Crate).order_by(Crate.id)))


def test_what_is_checked_in_a_form_is_checked_for_each_row(olivia: Client) -> None:
    weak, strong, shut = crates()
    address = plan(olivia, "change-field", [weak.id, strong.id, shut.id], screen="crates")
    page = choose(olivia, address, field="weight", weight="8")
    assert "1 refused: This crate carries 5." in read(page).text
    assert "1 refused: This crate is locked." in read(page).text
    run(olivia, address)
    settle()
    found = db.session.scalars(select(Crate).order_by(Crate.id)).all()
    assert [crate.weight for crate in found] == [0, 8, 0]
    assert found[1].label_text == "8 of 10", "the check completes the values"
    (event,) = db.session.scalars(select(Event).where(Event.result == "done")).all()
    assert event.after == {"weight": 8, "label_text": "8 of 10"}
    pallets.undone(olivia)
    settle()
    strong = db.session.get_one(Crate, strong.id)
    assert (strong.weight, strong.label_text) == (0, "")
    assert [crate.version for crate in found] == [1, 3, 1]
    messages = db.session.scalars(
        select(BulkItem.message).order_by(BulkItem.run_id, BulkItem.row_id)
    ).all()
    assert [*messages] == ["This crate carries 5.", "", "This crate is locked.", ""]


def test_a_row_that_is_locked_meanwhile_is_refused_at_the_run_and_at_the_undo(
    olivia: Client,
) -> None:
    _weak, strong, _shut = crates()
    address = plan(olivia, "change-field", [strong.id], screen="crates")
    assert choose(olivia, address, field="weight", weight="8").status_code == 200
    db.session.get_one(Crate, strong.id).locked = True
    settle()
    run(olivia, address)
    settle()
    assert db.session.get_one(Crate, strong.id).weight == 0


def test_who_may_not_edit_may_not_set(cast: Cast, client: Client) -> None:
    pallets.company()
    vera = client.sign_in("vera")
    row = pallets.ids()[:1]
    for action in ("move", "set-weight", "change-field", "rename"):
        assert vera.post(f"/admin/pallets/actions/{action}", {"row": row}).status_code == 403


def test_a_list_of_texts_is_emptied(olivia: Client) -> None:
    pallets.pallets()[0].marks = ["one"]
    settle()
    done(olivia, "change-field", pallets.ids(), field="marks", marks="")
    assert values("marks") == [[]] * 4
    undone(olivia)
    assert values("marks") == [["one"], [], [], []]


def test_an_undo_touches_and_tells_what_was_changed_alone(olivia: Client) -> None:
    done(olivia, "change-field", pallets.ids()[:1], field="goods", goods="Coffee")
    undone(olivia)
    assert [*(pallets.newest_event().after or {})] == ["goods"]
    pallets.pallets()[0].depot_id = pallets.depot("South")  # without a new version
    settle()
    undone(olivia)  # the undo
    first = pallets.pallets()[0]
    assert (first.goods, first.depot_id) == ("Coffee", pallets.depot("South"))


def test_an_undo_asks_nobody_whether_the_depot_is_still_open(olivia: Client) -> None:
    done(olivia, "move", pallets.ids(), depot=pallets.depot("South"))
    run_id = pallets.newest_event().bulk_run_id
    db.session.get_one(Depot, pallets.depot("South")).is_active = False
    settle()
    answer = olivia.post(f"/admin/bulk-runs/{run_id}/undo")
    assert olivia.get(answer.location).status_code == 200
    run(olivia, answer.location)
    assert set(values("depot_id")) == {pallets.depot("North")}


def test_nothing_runs_before_it_was_chosen(olivia: Client) -> None:
    for action in ("change-field", "set-weight", "report"):
        address = plan(olivia, action, pallets.ids())
        assert run(olivia, address).location == address
        assert "Choose first what is asked for." in olivia.get(address).text
    assert set(values("version")) == {1}


def test_an_event_tells_both_values_of_what_is_watched(olivia: Client) -> None:
    done(olivia, "weigh", pallets.ids()[:1], weight="9")
    page = read(olivia.get(f"/admin/events/{pallets.newest_event().id}")).text
    assert "Weight 1.00 → 9.00" in page


RIGHTS = ("pallets.view", "pallets.edit", "bulk.undo", "bulk_runs.view", "bulk.run")


def test_who_may_not_read_a_column_neither_sets_nor_restores_nor_sees_it(
    olivia: Client, app: Flask
) -> None:
    done(olivia, "change-field", pallets.ids(), field="rating", rating="7")
    run_id = pallets.newest_event().bulk_run_id
    pallets.allow("viewers", *RIGHTS)
    vera: Any = app.test_client()
    vera.sign_in("vera")
    rows = {"row": pallets.ids()[:1]}
    assert vera.post("/admin/pallets/actions/praise", rows).status_code == 403
    address = plan(vera, "change-field", pallets.ids())
    chosen = {"step": "choose", "with.field": "rating", "with.rating": "7"}
    assert vera.post(address, chosen).status_code == 403
    assert "would not change" not in vera.get(address).text
    assert "ating" not in read(vera.get(f"/admin/bulk-runs/{run_id}")).one("main").text
    assert vera.post(f"/admin/bulk-runs/{run_id}/undo").status_code == 403
    assert "Rating 7" not in read(vera.get(f"/admin/bulk-runs/{run_id}")).text
    assert set(values("rating")) == {7}


def test_only_those_fields_are_offered_that_one_may_read(
    olivia: Client, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pallets.allow("viewers", *RIGHTS)
    vera: Any = app.test_client()
    vera.sign_in("vera")
    for client, offered in ((olivia, True), (vera, False)):
        address = plan(client, "change-field", pallets.ids())
        assert client.post(address, {"step": "choose", "with.field": "weight"}).status_code == 303
        for page in (client.get(address), choose(client, address, field="weight", weight="heavy")):
            fields = [e["value"] for e in read(page).one("select", name="with.field").all("option")]
            assert ("rating" in fields) is offered
            assert "weight" in fields
            assert bool(read(page).all("input", name="with.rating")) is offered
    monkeypatch.setattr(find("pallets.change_field"), "watches", ("rating",))
    assert "Change a field" in olivia.get("/admin/pallets/").text
    assert "Change a field" not in vera.get("/admin/pallets/").text
    assert "Change a field" not in vera.get(f"/admin/pallets/{pallets.ids()[0]}/menu").text


def test_an_undo_that_was_planned_is_refused_when_the_column_is_hidden_since(
    olivia: Client, app: Flask
) -> None:
    done(olivia, "change-field", pallets.ids(), field="rating", rating="7")
    run_id = pallets.newest_event().bulk_run_id
    pallets.allow("viewers", *RIGHTS, "groups.view")
    vera: Any = app.test_client()
    vera.sign_in("vera")
    planned = vera.post(f"/admin/bulk-runs/{run_id}/undo").location
    pallets.allow("viewers", *RIGHTS)
    run(vera, planned)
    assert vera.get(planned).status_code == 403
    assert set(values("rating")) == {7}


def test_a_text_is_added_behind_what_each_row_has_and_taken_back(olivia: Client) -> None:
    first, second, third, fourth = pallets.pallets()
    first.note, third.note, fourth.note = "Old", "x" * 1998, "x" * 1999
    settle()
    rows = [pallet.id for pallet in (first, second, third, fourth)]
    done(olivia, "add-note", rows, note="é")
    notes = [pallet.note for pallet in pallets.pallets()]
    assert notes == ["Old\né", "é", "x" * 1998 + "\né", "x" * 1999]
    assert [pallet.version for pallet in pallets.pallets()] == [2, 2, 2, 1]
    changed = db.session.scalars(select(Event).where(Event.action == "pallets.add_note")).all()
    assert [(event.before, event.after) for event in changed if event.subject_id == rows[0]] == [
        ({"note": "Old"}, {"note": "Old\né"})
    ]
    done(olivia, "add-note", rows[:1], note="é")
    assert pallets.pallets()[0].note == "Old\né\né", "the same text changes it again"
    undone(olivia)
    assert pallets.pallets()[0].note == "Old\né"


def test_no_text_is_nothing_to_add(olivia: Client) -> None:
    address = plan(olivia, "add-note", pallets.ids())
    answer = choose(olivia, address, note=" ")
    assert read(answer).one("p", id="with.note-errors").text == "Fill this in."
    assert [pallet.note for pallet in pallets.pallets()] == [None] * 4

"""Sheets of groups on the page: download, edit by hand, look, apply, undo."""

import gc
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from backoffice import clock, slots
from backoffice.extensions import db
from backoffice.models.associations import user_groups
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.session import Session
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group
from tests.support.html import hidden, is_asked, read
from tests.support.races import at_once
from tests.support.sheets import (
    MODES,
    apply,
    downloaded,
    edited,
    imported,
    previewed,
    problems,
    says_nothing_to_change,
    send,
    sheet_of,
    undo,
)


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def events_of(action: str) -> list[Event]:
    settle()
    return list(db.session.scalars(select(Event).where(Event.action == action).order_by(Event.id)))


def test_the_same_groups_are_the_same_bytes(olivia: Client) -> None:
    """One value a line, ordered, with a line break at the end: git shows what was changed."""
    sheet = downloaded(olivia)
    assert sheet == downloaded(olivia)
    assert sheet.endswith(b"]\n}\n")
    keys = [each["key"] for each in json.loads(sheet)["groups"]]
    assert keys == sorted(keys)
    managers = next(each for each in json.loads(sheet)["groups"] if each["key"] == "managers")
    assert managers["permissions"] == sorted(managers["permissions"])


@pytest.mark.parametrize("mode", MODES)
def test_an_untouched_file_changes_nothing(olivia: Client, mode: str) -> None:
    before = {each.key: each.version for each in db.session.scalars(select(Group))}
    assert says_nothing_to_change(olivia, downloaded(olivia), mode)
    settle()
    assert {each.key: each.version for each in db.session.scalars(select(Group))} == before
    assert events_of("groups.import") == []


def test_a_name_and_a_permission_edited_by_hand(olivia: Client, cast: Cast) -> None:
    def edit(groups: dict[str, Any]) -> None:
        groups["viewers"]["name"] = "Onlookers"
        groups["viewers"]["permissions"].remove("events.view")
        groups["viewers"]["permissions"].append("events.export")

    address = previewed(olivia, edited(downloaded(olivia), edit))
    page = olivia.get(address).text
    assert "Change 1 group</button>" in page
    for said in ("Onlookers", "Download events as a file", "See the list of events"):
        assert said in page
    assert "1 person gains and loses this, 0 of them signed in." in page
    assert group("viewers").name == "Viewers", "nothing is written before it is applied"
    apply(olivia, address)
    settle()
    viewers = group("viewers")
    assert viewers.name == "Onlookers"
    assert "events.export" in viewers.permissions
    assert "events.view" not in viewers.permissions
    (event,) = events_of("groups.edit")
    assert (event.before or {})["name"] == "Viewers"
    (whole,) = events_of("groups.import")
    assert whole.after == {
        "file": "g.json",
        "mode": "merge",
        "added": 0,
        "changed": 1,
        "removed": 0,
    }


def test_an_import_is_undone_while_untouched(olivia: Client, cast: Cast) -> None:
    """Also a group that was removed, with its people, and a group that was added."""
    before = downloaded(olivia)

    def edit(groups: dict[str, Any]) -> None:
        del groups["viewers"]
        groups["managers"]["description"] = "Run things"
        groups["sales"] = {"key": "sales", "name": "Sales", "permissions": [], "grants": []}

    address = imported(olivia, edited(before, edit), "replace")
    settle()
    assert cast.vera.groups == []
    assert undo(olivia, address).status_code == 303
    settle()
    assert downloaded(olivia) == before
    assert [(each.key, each.is_system) for each in cast.vera.groups] == [("viewers", True)]
    assert "This import was undone." in olivia.get(address).text


def test_an_import_is_not_undone_after_somebody_changed_its_group(
    olivia: Client, cast: Cast
) -> None:
    def edit(groups: dict[str, Any]) -> None:
        groups["viewers"]["name"] = "Onlookers"

    address = imported(olivia, edited(downloaded(olivia), edit))
    viewers = group("viewers")
    viewers.description = "Changed since"
    viewers.version += 1
    settle()
    answer = olivia.get(f"{address}/undo")
    assert answer.status_code == 422
    assert problems(answer) == [("Onlookers", "This group was changed since, or is gone.")]
    olivia.post(f"{address}/undo", {"plan": "x"})
    settle()
    assert group("viewers").name == "Onlookers"


def test_a_group_that_changed_since_the_preview_stays(olivia: Client, cast: Cast) -> None:
    def edit(groups: dict[str, Any]) -> None:
        groups["viewers"]["name"] = "Onlookers"

    address = previewed(olivia, edited(downloaded(olivia), edit))
    page = olivia.get(address)
    plan = read(page).one("input", name="plan")["value"]
    viewers = group("viewers")
    viewers.description = "Changed since"
    viewers.version += 1
    settle()
    for typed in ({"plan": plan}, {}):
        answer = olivia.post(address, typed, follow_redirects=True)
        assert "The groups have changed since you looked" in answer.text
        settle()
        assert group("viewers").name == "Viewers"
    apply(olivia, address)
    settle()
    assert group("viewers").name == "Onlookers"


def test_the_form_may_be_left_out(olivia: Client) -> None:
    """A direct POST of the preview applies what was shown first."""
    address = previewed(olivia, sheet_of({"name": "Sales"}))
    assert olivia.post(address).status_code == 303
    settle()
    assert group("sales").name == "Sales"


def test_looking_applying_and_undoing_have_few_slots(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = previewed(olivia, sheet_of({"name": "Sales"}))
    done = previewed(olivia, sheet_of({"name": "Stock"}))
    assert olivia.post(done).status_code == 303
    full = slots.Slots(1)
    full.take()
    monkeypatch.setattr(slots, "sheets", lambda: full)
    assert olivia.get(address).status_code == 503
    assert olivia.post(address).status_code == 503
    assert olivia.get(f"{done}/undo").status_code == 503
    assert olivia.post(f"{done}/undo").status_code == 503
    settle()
    names = set(db.session.scalars(select(Group.name)))
    assert "Stock" in names
    assert "Sales" not in names


def test_nobody_sees_or_applies_a_preview_of_somebody_else(
    staff: list[str], entered: Callable[[str], Client]
) -> None:
    address = previewed(entered("olivia"), sheet_of({"name": "Sales"}))
    other = entered("main_administrator")
    assert other.get(address).status_code == 404
    assert other.post(address).status_code == 404
    settle()
    assert db.session.scalars(select(Group).where(Group.key == "sales")).all() == []


def test_a_preview_lasts_no_longer_than_the_right(olivia: Client, cast: Cast) -> None:
    address = previewed(olivia, sheet_of({"name": "Sales"}))
    cast.olivia.groups = [group("managers")]
    settle()
    assert olivia.post(address).status_code == 403
    settle()
    assert db.session.scalars(select(Group).where(Group.key == "sales")).all() == []


def test_who_has_not_confirmed_lately_is_asked_before_a_sheet_is_applied_or_undone(
    olivia: Client,
) -> None:
    address = previewed(olivia, sheet_of({"name": "Sales"}))
    done = imported(olivia, sheet_of({"name": "Stock"}))
    plans = [(each, hidden(olivia.get(each), "plan")) for each in (address, f"{done}/undo")]
    settle()
    db.session.execute(update(Session).values(confirmed_at=None))
    settle()
    for each, plan in plans:
        assert is_asked(olivia.post(each, {"plan": plan}))
    settle()
    names = set(db.session.scalars(select(Group.name)))
    assert "Stock" in names
    assert "Sales" not in names


def test_names_are_swapped_and_taken_over(olivia: Client, cast: Cast) -> None:
    def edit(groups: dict[str, Any]) -> None:
        groups["viewers"]["name"], groups["managers"]["name"] = "Managers", "Viewers"
        groups["dispatcher"]["name"] = "Drivers"
        groups["new"] = {"key": "new", "name": "Dispatcher"}

    imported(olivia, edited(downloaded(olivia), edit))
    settle()
    names = {key: group(key).name for key in ("viewers", "managers", "dispatcher", "new")}
    assert names == {
        "viewers": "Managers",
        "managers": "Viewers",
        "dispatcher": "Drivers",
        "new": "Dispatcher",
    }


def test_a_group_without_a_key_is_known_by_its_name(olivia: Client, cast: Cast) -> None:
    imported(olivia, sheet_of({"name": "viewers", "description": "They look"}))
    settle()
    viewers = group("viewers")
    assert (viewers.name, viewers.description) == ("viewers", "They look")
    assert viewers.permissions, "what the sheet does not say stays"


def test_every_problem_is_listed_at_once(olivia: Client) -> None:
    """What is wrong with the form, and what is wrong with the groups, in the order of places."""
    wrong = send(
        olivia,
        sheet_of(
            {"name": "Sales", "permissions": ["users.view", "no.such"]},
            {"name": "Others", "grants": "viewers"},
            {"key": "x", "name": "administrators "},
        ),
    )
    assert wrong.status_code == 422
    assert problems(wrong) == [
        ("groups[0].permissions[1]", "There is no permission no.such."),
        ("groups[1].grants", "This has to be a list of texts."),
        ("groups[2].name", "Another group has this name."),
    ]


def test_two_imports_at_the_same_moment(staff: list[str], entered: Callable[[str], Client]) -> None:
    """One of them is applied; the other one sees what it would change now, and is not."""
    visitors = [entered("olivia"), entered("administrators")]
    addresses = [
        previewed(visitor, sheet_of({"name": "Sales", "description": f"Of {number}"}))
        for number, visitor in enumerate(visitors)
    ]
    plans = [hidden(v.get(a), "plan") for v, a in zip(visitors, addresses, strict=True)]

    def apply_one(number: int) -> int:
        return visitors[number].post(addresses[number], {"plan": plans[number]}).status_code

    settle()
    at_once([partial(apply_one, 0), partial(apply_one, 1)])
    settle()
    assert len(events_of("groups.import")) == 1
    assert len(events_of("groups.create")) == 1
    pages = [v.get(a).text for v, a in zip(visitors, addresses, strict=True)]
    assert sum("The groups have changed since you looked" in page for page in pages) == 1


def test_only_administrators_is_a_reason_to_offer_sheets(olivia: Client) -> None:
    hint = "There are no groups yet but Administrators: begin with a sheet."
    assert hint not in olivia.get("/admin/groups/").text
    imported(olivia, sheet_of(), "replace")
    page = olivia.get("/admin/groups/")
    assert hint in page.text
    (link,) = [e for e in read(page).all("a") if "eleven departments" in e.text]
    form = olivia.get(link["href"])
    (chosen,) = [e for e in read(form).all("option") if "selected" in e.attributes]
    assert (chosen["value"], chosen.text) == ("payments", "A payment processor: eleven departments")
    sent = olivia.post("/admin/groups/sheet", {"shipped": "payments", "mode": "create"})
    assert apply(olivia, str(sent.location)).status_code == 303
    settle()
    assert group("support_l3").name == "Support L3"
    assert "eleven departments. There already: " in olivia.get("/admin/groups/sheet").text


def test_what_is_too_much_is_refused_at_its_field(olivia: Client) -> None:
    assert "Choose a file" in olivia.post("/admin/groups/sheet", {"mode": "merge"}).text
    assert send(olivia, b"{}", "everything").status_code == 422


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the test's own client, for large files
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_more_than_a_megabyte_is_not_read(olivia: Client) -> None:
    too_much = sheet_of({"name": "Sales"}) + b" " * (1024 * 1024)
    assert problems(send(olivia, too_much)) == [
        ("", "The file has more than 1 MB (1,048,576 bytes).")
    ]
    assert send(olivia, b" " * (5 * 1024 * 1024)).status_code == 413
    gc.collect()  # here, where nobody minds


def test_an_undo_gives_back_no_membership_that_has_ended(olivia: Client, cast: Cast) -> None:
    """Vera was in the group until a day later, Max until an hour later."""
    later = {cast.vera.id: timedelta(days=1), cast.max.id: timedelta(hours=1)}
    viewers = group("viewers").id
    db.session.execute(delete(user_groups).where(user_groups.c.group_id == viewers))
    for user_id, span in later.items():
        values = {"user_id": user_id, "group_id": viewers, "ends_at": clock.now() + span}
        db.session.execute(insert(user_groups).values(values))
    settle()
    without = edited(downloaded(olivia), lambda groups: groups.pop("viewers"))
    address = imported(olivia, without, "replace")
    with clock.at(clock.now() + timedelta(hours=2)):
        olivia.sign_in("olivia")
        page = olivia.get(f"{address}/undo").text
        assert "1 person gets it back." in page
        assert "1 person does not get a group back" in page
        undo(olivia, address)
        settle()
        ends = select(user_groups.c.user_id, user_groups.c.ends_at)
        found = db.session.execute(ends.where(user_groups.c.group_id == group("viewers").id)).one()
        assert found.user_id == cast.vera.id
        assert found.ends_at > clock.now()


def test_an_undo_gives_nobody_a_group_who_is_beyond_reach(
    staff: list[str], entered: Callable[[str], Client]
) -> None:
    """A main administrator gives it back to the employee, and not to the manager."""
    olivia, boss = entered("olivia"), entered("main_administrator")
    people = [Cast().employee, Cast().managers]
    without = downloaded(olivia)
    db.session.add(Group(name="Night shift", users=people))
    settle()
    address = imported(olivia, without, "replace")
    assert "1 person does not get a group back" in boss.get(f"{address}/undo").text
    own = group("main_administrator")
    all_held = own.permissions
    own.permissions = [code for code in all_held if code != "users.assign_groups"]
    settle()
    assert boss.get(f"{address}/undo").status_code == 422
    group("main_administrator").permissions = all_held
    settle()
    undo(boss, address)
    settle()
    night = db.session.scalars(select(Group).where(Group.name == "Night shift")).one()
    members = select(user_groups.c.user_id).where(user_groups.c.group_id == night.id)
    assert db.session.scalars(members).all() == [Cast().employee.id]


def test_an_undo_says_which_group_can_be_given_no_more(olivia: Client, cast: Cast) -> None:
    """Dispatchers are deleted after the import that took them out of a group's grants."""

    def edit(groups: dict[str, Any]) -> None:
        groups["company_administrator"]["grants"].remove("dispatcher")

    address = imported(olivia, edited(downloaded(olivia), edit))
    main = group("main_administrator")
    main.grants = [each for each in main.grants if each.key != "dispatcher"]
    db.session.delete(group("dispatcher"))
    settle()
    answer = olivia.get(f"{address}/undo")
    assert answer.status_code == 422
    assert problems(answer) == [
        ("Company administrator", "There is no group with the key dispatcher.")
    ]
    olivia.post(f"{address}/undo", {"plan": "x"})
    settle()
    assert [each.key for each in group("company_administrator").grants] == [
        "agent_group_manager",
        "employee",
    ]

"""Any groups travel by one file, and nobody imports what they may not give."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sqlalchemy import delete, select, update

from backoffice import limits
from backoffice.extensions import db
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.sheet_import import MODES, SheetImport
from backoffice.policy.actor import system
from backoffice.policy.permissions import catalogue
from backoffice.policy.shipped import SHIPPED
from backoffice.sheets import imports, planning, reading, shipped_sheets, undoing, writing
from backoffice.sheets.sheet import SheetRefused
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from docs import make_sheets
from tests.support.sheets import edited, sheet_of
from views.admin.group_sheets import SCHEMA

SYSTEM = system()
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


def present() -> bytes:
    """Return all groups as a sheet."""
    db.session.expire_all()
    return writing.written([writing.described(each) for each in db.session.scalars(select(Group))])


def imported(sheet: bytes, mode: str = "replace", actor: Any = SYSTEM) -> None:
    imports.import_at_once(actor=actor, data=sheet, source="test", mode=mode)


def latest() -> SheetImport:
    newest = select(SheetImport).order_by(SheetImport.id.desc()).limit(1)
    return db.session.scalars(newest).one()


def changes(sheet: bytes, mode: str) -> int:
    return len(imports.checked(SYSTEM, reading.read(sheet), mode).changes)


def refused(sheet: bytes, actor: Any = SYSTEM, mode: str = "merge") -> list[tuple[str, str]]:
    with pytest.raises(SheetRefused) as error:
        imported(sheet, mode, actor)
    return [(each.place, each.sentence) for each in error.value.problems]


@st.composite
def states(draw: st.DrawFn) -> bytes:
    """Return a sheet of groups as some installation may have them."""
    keys = draw(st.lists(st.from_regex(r"[a-z0-9][a-z0-9_]{0,8}", fullmatch=True), unique=True))
    keys = [key for key in keys if key != ADMINISTRATORS]
    codes = sorted(catalogue())
    entries = [
        {
            "key": key,
            "name": f"{number} {draw(WORDS)}",
            "description": draw(WORDS | st.just("")),
            "permissions": draw(st.lists(st.sampled_from(codes), unique=True)),
            "grants": draw(st.lists(st.sampled_from(keys), unique=True)),
        }
        for number, key in enumerate(keys)
    ]
    return sheet_of(*draw(st.permutations(entries)))


@settings(max_examples=40)
@given(first=states(), second=states())
def test_any_groups_become_those_of_a_sheet_and_back(
    app: Flask, cast: Cast, first: bytes, second: bytes
) -> None:
    imported(first)
    one = present()
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(one))
    assert [changes(one, mode) for mode in MODES] == [0, 0, 0]
    if changes(second, "replace"):
        imported(second)
        assert changes(second, "replace") == 0
        found = latest()
        plan = undoing.plan(actor=SYSTEM, found=found)
        undoing.undo(actor=SYSTEM, token=found.token, digest=plan.digest)
        assert present() == one
    imported(present())
    db.session.rollback()


def test_two_installations_become_equal_by_one_file(app: Flask, cast: Cast) -> None:
    """The other one has groups of the same names, and others; it takes over keys and all."""
    imported(shipped_sheets.named("payments").read(), "merge")
    here = present()
    others = [each.id for each in db.session.scalars(select(Group).where(Group.key != "viewers"))]
    db.session.execute(delete(Group).where(Group.id.in_(others), Group.key != ADMINISTRATORS))
    db.session.expire_all()
    db.session.add(Group(name="Marketing", permissions=["users.view"]))
    db.session.add(Group(name="Spare"))
    db.session.flush()
    assert present() != here
    imported(here)
    assert present() == here


@pytest.mark.parametrize("sheet", shipped_sheets.SHEETS, ids=lambda sheet: sheet.name)
def test_a_shipped_sheet_is_imported_without_a_fault(
    app: Flask, cast: Cast, sheet: shipped_sheets.ShippedSheet
) -> None:
    """It names only what the product has without any company's package."""
    imported(sheet.read())
    value = json.loads(sheet.read())
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(value)
    assert sheet.read() == writing.written(value["groups"]), "as the product would write it"
    held = {each["key"]: set(each["permissions"]) for each in value["groups"]}
    for entry in value["groups"]:
        assert entry["description"]
        for key in entry["grants"]:
            assert held[key] <= held[entry["key"]], f"{entry['key']} could not give {key}"


def test_the_sheet_of_five_roles_is_what_a_new_installation_has(app: Flask) -> None:
    sheet = shipped_sheets.named(make_sheets.NAME).read()
    assert sheet == make_sheets.sheet(), "run `make sheets`"


def test_the_sheets_have_the_groups_of_their_sources() -> None:
    names = {
        sheet.name: [each["name"] for each in json.loads(sheet.read())["groups"]]
        for sheet in shipped_sheets.SHEETS
    }
    assert sorted(names["hosting"]) == ["Manager", "Owner"]
    assert len(names["field_service"]) == 5
    assert sorted(names["payments"]) == [
        "Administration", "Auditor read only", "Compliance", "Dealing", "Finance",
        "Finance read only", "Marketing", "Support", "Support L3", "Support view only", "ViewOnly",
    ]  # fmt: skip
    assert len(names["trading"]) == 5


@pytest.mark.parametrize(
    "group, wrong",
    [
        ({"name": "Sales", "permissions": ["users.view", "no.such"]}, ".permissions[1]"),
        ({"name": "Sales", "grants": ["viewers", "nobody"]}, ".grants[1]"),
        ({"name": "Sales", "all_permissions": True}, ".all_permissions"),
        ({"name": ""}, ".name"),
        ({"name": "\u200b"}, ".name"),
        ({"name": "Sa\u202eles"}, ".name"),
        ({"name": "Sa\u200bles"}, ".name"),
        ({"name": "S" * 81}, ".name"),
        ({"name": "ﷺ" * 80}, ".name"),
        ({"name": "Sales", "description": "d" * 301}, ".description"),
        ({"name": "Sales", "description": "a\u0007b"}, ".description"),
        ({"key": "sales", "name": "administrators "}, ".name"),
        ({"key": "sales", "name": "Adminіstrators"}, ".name"),  # a Cyrillic letter
        ({"key": "sales", "name": "Viewers"}, ".name"),
        ({"key": "sales", "name": "Vіewers"}, ".name"),  # the same
        ({"key": "viewers", "name": "Managers"}, ".name"),
    ],
)
def test_what_does_not_fit_has_its_place_and_changes_nothing(
    app: Flask, cast: Cast, group: dict[str, Any], wrong: str
) -> None:
    before = present()
    found = [place for place, _said in refused(sheet_of({"name": "Others"}, group))]
    assert found == [f"groups[1]{wrong}"]
    assert present() == before


def test_an_administrators_without_their_key_are_left_alone(app: Flask, cast: Cast) -> None:
    """By name they are Administrators, whom no sheet changes."""
    before = present()
    entries = reading.read(sheet_of({"name": "administrators ", "permissions": []}))
    plan = planning.plan(actor=SYSTEM, entries=entries, mode="merge")
    assert (plan.changes, plan.skips_administrators) == ([], True)
    imported(sheet_of({"key": ADMINISTRATORS, "name": "Peasants", "permissions": ["no.such"]}))
    assert present() != before, "all others are removed"
    left = db.session.scalars(select(Group)).all()
    assert [(each.name, each.all_permissions) for each in left] == [("Administrators", True)]


def test_two_names_of_a_sheet_that_look_the_same(app: Flask, cast: Cast) -> None:
    assert refused(sheet_of({"name": "Alpha"}, {"name": "AIpha"}, {"name": "ALPHA"})) == [
        ("groups[1].name", "This looks like the group “Alpha”."),
        ("groups[2].name", "Another group has this name."),
    ]
    assert refused(sheet_of({"name": "Viewers"}, {"key": "viewers", "name": "Others"})) == [
        ("groups[1]", "Another group of the sheet is the same group.")
    ]


def test_an_error_in_group_400_changes_nothing(app: Flask, cast: Cast) -> None:
    before = present()
    entries: list[dict[str, Any]] = [{"name": f"Group {number}"} for number in range(450)]
    entries[400]["permissions"] = ["no.such"]
    assert refused(sheet_of(*entries)) == [
        ("groups[400].permissions[0]", "There is no permission no.such.")
    ]
    assert present() == before


@pytest.mark.parametrize(
    "entry", [{"permissions": [""] * 430}, {"grants": [f"{n}" for n in range(300)]}]
)
def test_a_sheet_of_faults_alone_is_refused_soon(
    app: Flask, cast: Cast, entry: dict[str, object]
) -> None:
    sheet = sheet_of(*[{"name": f"n{n}"} | entry for n in range(500)])
    assert len(sheet) <= limits.SHEET
    begin = time.process_time()
    with pytest.raises(SheetRefused) as refused_:
        imports.read_and_checked(SYSTEM, sheet, "merge")
    assert time.process_time() - begin < 1.5
    assert refused_.value.problems.more > 100_000


def test_what_was_there_before_a_rule_may_stay(app: Flask, cast: Cast) -> None:
    """A permission that the product has no more, and two names that look the same."""
    viewers = db.session.scalars(select(Group).where(Group.key == "viewers")).one()
    viewers.permissions = ["gone.view", *viewers.permissions]
    db.session.add(Group(name="Alpha"))
    db.session.flush()
    db.session.execute(update(Group).values(name_skeleton=None))
    db.session.add(Group(name="AIpha"))
    db.session.flush()
    sheet = present()
    assert [changes(sheet, mode) for mode in MODES] == [0, 0, 0]


def test_a_group_that_is_removed_can_be_given_no_more(app: Flask, cast: Cast) -> None:
    def without_dispatchers(groups: dict[str, Any]) -> None:
        del groups["dispatcher"]

    sheet = edited(present(), without_dispatchers)
    said = "There is no group with the key dispatcher."
    assert {sentence for _place, sentence in refused(sheet, mode="replace")} == {said}

    def nor_their_grants(groups: dict[str, Any]) -> None:
        without_dispatchers(groups)
        for group in groups.values():
            if "dispatcher" in group.get("grants", ()):
                group["grants"].remove("dispatcher")

    imported(edited(present(), nor_their_grants))
    assert b'"dispatcher"' not in present()


def an_own_group(sheet: bytes, key: str) -> bytes:
    return edited(sheet, lambda groups: groups[key].update(description="Mine"))


def a_group_of_others(sheet: bytes, key: str) -> bytes:
    return edited(sheet, lambda groups: groups[beyond(key)].update(description="Mine"))


def a_new_group_with_everything(sheet: bytes, _key: str) -> bytes:
    new = {"key": "new", "name": "New", "permissions": sorted(catalogue())}
    return edited(sheet, lambda groups: groups.update(new=new))


def a_new_group_that_gives_more(sheet: bytes, key: str) -> bytes:
    new = {"key": "new", "name": "New", "grants": [ADMINISTRATORS, beyond(key)]}
    return edited(sheet, lambda groups: groups.update(new=new))


def without_others(sheet: bytes, key: str) -> bytes:
    return edited(sheet, lambda groups: groups.pop(beyond(key)))


def beyond(key: str) -> str:
    """Return a group that no member of this one may give."""
    return "viewers" if key == "managers" else "managers"


ESCALATIONS = (
    an_own_group,
    a_group_of_others,
    a_new_group_with_everything,
    a_new_group_that_gives_more,
    without_others,
)
OTHERS = [shipped.key for shipped in SHIPPED if shipped.key != ADMINISTRATORS]


@pytest.mark.parametrize("escalation", ESCALATIONS)
def test_nobody_imports_beyond_their_own_rights(
    app: Flask, staff: list[str], escalation: Callable[[bytes, str], bytes]
) -> None:
    """Not even with the permission to import, which most of the shipped groups lack."""
    before = present()
    for key in OTHERS:
        actor = Cast().actor(key)
        allowed = (actor.permissions | {"groups.import", "groups.view"}) - {"users.revoke"}
        found = refused(escalation(before, key), replace(actor, permissions=allowed), "replace")
        assert found, key
        assert present() == before


def test_a_main_administrator_imports_what_is_theirs(app: Flask, staff: list[str]) -> None:
    """They may change groups that they give, and their own group gives what they add."""
    actor = Cast().actor("main_administrator")

    def edit(groups: dict[str, Any]) -> None:
        groups["dispatcher"]["permissions"].append("users.block")
        groups["sales"] = {"key": "sales", "name": "Sales", "permissions": ["users.view"]}

    sheet = edited(present(), edit)
    imported(sheet, "merge", actor)
    own = db.session.scalars(select(Group).where(Group.key == "main_administrator")).one()
    assert "sales" in [each.key for each in own.grants]
    settle()
    assert imports.checked(actor, reading.read(present()), "replace").changes == []


def test_administrators_is_what_it_was_after_any_sheet(app: Flask, cast: Cast) -> None:
    for sheet in shipped_sheets.SHEETS:
        imported(sheet.read())
        admins = db.session.scalars(select(Group).where(Group.key == ADMINISTRATORS)).one()
        assert (admins.name, admins.all_permissions) == ("Administrators", True)
        assert [each.key for each in cast.olivia.groups] == [ADMINISTRATORS]

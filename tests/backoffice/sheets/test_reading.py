"""Sheets that nobody should have sent: each problem is found, with its place, and in short time."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice import limits
from backoffice.sheets import reading, shipped_sheets
from backoffice.sheets.sheet import SheetRefused
from tests.support.sheets import sheet_of

SALES = {"key": "sales", "name": "Sales", "permissions": ["users.view"], "grants": []}


def found(data: bytes) -> list[tuple[str, str]]:
    """Return what is wrong with a sheet, as (place, the beginning of the sentence)."""
    try:
        reading.read(data)
    except SheetRefused as error:
        return [(problem.place, problem.sentence) for problem in error.problems]
    return []


def places(data: bytes) -> list[str]:
    return [place for place, _sentence in found(data)]


def text_of(*groups: str) -> bytes:
    """Return a sheet of groups that are written as they stand here."""
    head = '{"format": "backoffice-groups", "version": 1, "groups": ['
    return f"{head}{', '.join(groups)}]}}".encode()


def test_a_sheet_is_read() -> None:
    (entry,) = reading.read(sheet_of(SALES))
    assert (entry.key, entry.name, entry.permissions) == ("sales", "Sales", ("users.view",))
    assert (entry.description, entry.grants) == (None, ())


def test_a_mark_of_utf_8_is_accepted() -> None:
    """Editors on Windows put one at the beginning."""
    assert found(b"\xef\xbb\xbf" + sheet_of(SALES)) == []


@pytest.mark.parametrize(
    "data, sentence",
    [
        (b"", "The file is empty."),
        (b" \n\t", "The file is empty."),
        (b"\0", "The file is in UTF-16 or UTF-32: save it as UTF-8."),
        (sheet_of(SALES).decode().encode("utf-16"), "The file is in UTF-16"),
        (sheet_of(SALES).decode().encode("utf-16-le"), "The file is in UTF-16"),
        (sheet_of(SALES).decode().encode("utf-32-be"), "The file is in UTF-16 or UTF-32"),
        (b'{"name": "\xff"}', "The file is not in UTF-8: see byte 11."),
        (b"no sheet", "This is no JSON: see line 1, character 1."),
        (b'{"a": 1,\n}', "This is no JSON: see line 2, character 1."),
        (b'{"version": NaN}', "There is a number that JSON does not have."),
        (b'{"version": -Infinity}', "There is a number that JSON does not have."),
        (b'{"version": ' + b"9" * 5000 + b"}", "There is a number that JSON does not have."),
        (b"[" * 11 + b"]" * 11, "It is nested more than 10 levels deep."),
        (b"[" * 500_000, "It is nested more than 10 levels deep."),
        (b"[]", "A sheet is an object"),
        (b"null", "A sheet is an object"),
        (b'"text"', "A sheet is an object"),
        (b" " * (limits.SHEET + 1), "The file has more than 1 MB"),
    ],
)
def test_what_is_no_sheet_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    ((place, said),) = found(data)
    assert place == ""
    assert said.startswith(sentence)


@pytest.mark.parametrize(
    "others, place",
    [
        ({"format": "backoffice"}, "format"),
        ({"format": None}, "format"),
        ({"version": 2}, "version"),
        ({"version": True}, "version"),
        ({"version": 1.0}, "version"),
        ({"version": "1"}, "version"),
        ({"groups": {}}, "groups"),
        ({"groups": None}, "groups"),
        ({"groups": [{"name": "G"}] * 501}, "groups"),
        ({"people": []}, "people"),
    ],
)
def test_the_frame_of_a_sheet(others: dict[str, object], place: str) -> None:
    value = json.loads(sheet_of()) | others
    assert places(json.dumps(value).encode()) == [place]


@pytest.mark.parametrize(
    "group, wrong",
    [
        (None, ""),
        ([], ""),
        ({}, ".name"),
        ({"name": None}, ".name"),
        ({"name": 7}, ".name"),
        ({"name": ["Sales"]}, ".name"),
        ({"name": "Sales", "key": None}, ".key"),
        ({"name": "Sales", "key": ""}, ".key"),
        ({"name": "Sales", "key": "Sales"}, ".key"),
        ({"name": "Sales", "key": "sales "}, ".key"),
        ({"name": "Sales", "key": "sales\n"}, ".key"),
        ({"name": "Sales", "key": "s" * 41}, ".key"),
        ({"name": "Sales", "key": 1}, ".key"),
        ({"name": "Sales", "description": 1}, ".description"),
        ({"name": "Sales", "permissions": "users.view"}, ".permissions"),
        ({"name": "Sales", "permissions": {}}, ".permissions"),
        ({"name": "Sales", "permissions": ["x"] * 1001}, ".permissions"),
        ({"name": "Sales", "permissions": ["users.view", 1]}, ".permissions[1]"),
        ({"name": "Sales", "permissions": ["users.view", ["users.edit"]]}, ".permissions[1]"),
        ({"name": "Sales", "permissions": [""]}, ".permissions[0]"),
        ({"name": "Sales", "permissions": ["x" * 101]}, ".permissions[0]"),
        ({"name": "Sales", "permissions": ["a.b", "c.d", "a.b"]}, ".permissions[2]"),
        ({"name": "Sales", "grants": None}, ".grants"),
        ({"name": "Sales", "grants": [None]}, ".grants[0]"),
        ({"name": "Sales", "all_permissions": "yes"}, ".all_permissions"),
        ({"name": "Sales", "all_permissions": 1}, ".all_permissions"),
        ({"name": "Sales", "permission": []}, ".permission"),
        ({"name": "Sales", "users": []}, ".users"),
    ],
)
def test_what_is_wrong_with_a_group_has_its_place(group: object, wrong: str) -> None:
    assert places(sheet_of(SALES, group)) == [f"groups[1]{wrong}"]


def test_fields_and_keys_that_stand_there_twice() -> None:
    twice = '{"name": "Sales", "name": "Others", "permissions": []}'
    assert places(text_of(twice)) == ["groups[0].name"]
    assert places(b'{"format": "x", "format": "y"}') == ["format"]
    assert places(sheet_of(SALES, {"key": "sales", "name": "Others"})) == ["groups[1].key"]


def test_half_a_character() -> None:
    broken = r'{"name": "Sales\ud800", "permissions": ["\udc00.view"], "\ud800": 1}'
    assert places(text_of(broken)) == ["groups[0].name", "groups[0].permissions[0]", "groups[0]"]
    whole = r'{"name": "Sales 😀"}'
    assert places(text_of(whole)) == []


def test_every_problem_is_counted_and_the_first_are_listed() -> None:
    with pytest.raises(SheetRefused) as refused:
        reading.read(sheet_of(*[{"name": n} for n in range(450)]))
    assert len(refused.value.problems.first) == limits.SHEET_PROBLEMS
    assert refused.value.problems.more == 250


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": "' + b'\\"' * 500_000,
        b'"' + b"\\" * 1_000_000,
        b"[" + b"[],{}," * 170_000 + b"0]",
        b"[" + b"0," * 500_000 + b"0]",
        b'{"groups": [' + b'"\\ud800",' * 100_000 + b"0]}",
        b"{" + b",".join(b'"%d":0' % n for n in range(90_000)) + b"}",
        b"{" + b",".join(b'"%d":0,"%d":0' % (n, n) for n in range(40_000)) + b"}",
        b"{" + b'"a":0,' * 150_000 + b'"b":0}',
        sheet_of({"name": "G", "x": [["\ud800"] * 90_000]}),
    ],
)
def test_no_sheet_keeps_the_reader_busy_for_long(data: bytes) -> None:
    assert len(data) <= limits.SHEET
    begin = time.process_time()
    assert found(data)
    assert time.process_time() - begin < 3


def is_read_or_refused(data: bytes) -> bool:
    """Tell whether a sheet has either all its groups or problems, each with a sentence."""
    try:
        entries = reading.read(data)
    except SheetRefused as error:
        return bool(error.problems) and all(problem.sentence for problem in error.problems)
    return len(entries) == len(json.loads(data.decode("utf-8-sig"))["groups"])


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_any_bytes_are_read_or_refused_with_what_is_wrong(data: bytes) -> None:
    assert is_read_or_refused(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*reading.OF_GROUP, "else"]), inner, max_size=4)
    ),
    max_leaves=30,
)


@given(st.lists(JSON, max_size=4))
def test_any_groups_are_read_or_refused_with_what_is_wrong(groups: list[object]) -> None:
    assert is_read_or_refused(sheet_of(*groups))


@pytest.mark.parametrize("sheet", shipped_sheets.SHEETS, ids=lambda sheet: sheet.name)
def test_shipped_sheets_are_read(sheet: shipped_sheets.ShippedSheet) -> None:
    assert reading.read(sheet.read())

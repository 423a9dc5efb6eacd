"""Ask for values of many kinds before an action, on the page and at the command line.

`test_company_package.py` runs this with the package.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.company import pallets
from tests.company.pallets import choose, plan, run
from tests.support.html import error_at, read

WET = {"how": "wet", "litres": "2.5", "hurry": ["", "y"]}


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    pallets.company()
    return client.sign_in("olivia")


def stored() -> dict[str, Any]:
    settle()
    newest = select(BulkRun).order_by(BulkRun.id.desc()).limit(1)
    return db.session.scalars(newest).one().parameters


def test_what_was_chosen_is_shown_stored_and_told(olivia: Client) -> None:
    address = plan(olivia, "report", pallets.ids()[:2])
    first = read(olivia.get(address))
    assert not first.all("input", name="step", value="run"), "nothing is chosen yet"
    page = choose(olivia, address, **WET, depots=["", pallets.depot("North")])
    assert page.status_code == 200
    assert read(page).one("h1").text == "Report damage 2 pallets"
    assert read(page).one("input", name="with.litres")["value"] == "2.5"
    assert stored() == {
        "how": ["wet"],
        "litres": ["2.5"],
        "since": [],
        "hurry": ["yes"],
        "depots": [pallets.depot("North")],
    }
    run(olivia, address)
    done = pallets.newest_event().bulk_run_id
    result = read(olivia.get(f"/admin/bulk-runs/{done}")).text
    for words in ("How Got wet", "Litres 2.5 l", "Hurry yes", "Depots North"):
        assert words in result
    assert pallets.newest_event().after == {
        "how": "wet",
        "litres": "2.5",
        "hurry": "yes",
    }
    event = read(olivia.get(f"/admin/events/{pallets.newest_event().id}")).text
    assert "How Got wet" in event
    assert "Litres 2.5 l" in event


@pytest.mark.parametrize(
    "parameters, field, words",
    [
        ({}, "how", "Fill this in."),
        ({"how": "sunk"}, "how", "Not a valid choice."),
        ({"how": ["wet", "other"]}, "how", "Give one value."),
        ({"how": "wet"}, "litres", "Fill this in."),
        ({**WET, "litres": "51"}, "litres", "Give a number between 1 and 50."),
        ({**WET, "litres": "1.55"}, "litres", "Use at most 1 decimal places."),
        ({**WET, "litres": "1e999"}, "litres", "Give a number, such as 12.50."),
        ({"how": "other", "since": "2026-01-31"}, "what", "Fill this in."),
        ({"how": "other", "what": "Dented"}, "since", "Fill this in."),
        ({"how": "other", "what": "x" * 201, "since": "2026-01-31"}, "what", "200"),
        ({"how": "other", "what": "a\0b", "since": "2026-01-31"}, "what", "character"),
        ({**WET, "since": "yesterday"}, "since", "Write the date as 2026-01-31."),
        ({**WET, "depots": ["999999"]}, "depots", "There is no depot with the number 999999."),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_stays_typed(
    olivia: Client, parameters: dict[str, Any], field: str, words: str
) -> None:
    address = plan(olivia, "report", pallets.ids())
    page = choose(olivia, address, **parameters)
    assert page.status_code == 422
    assert words in error_at(page, f"with.{field}")
    for name in {"litres", "since"} & set(parameters):
        assert read(page).one("input", name=f"with.{name}")["value"] == parameters[name]
    assert stored() == {}
    assert run(olivia, address).location == address
    assert not db.session.scalars(select(Event)).all()


def test_what_is_not_asked_for_counts_for_nothing(olivia: Client) -> None:
    address = plan(olivia, "report", pallets.ids())
    page = choose(olivia, address, **WET, what="x" * 9000, since="")
    assert page.status_code == 200
    assert "what" not in stored()


def test_a_field_says_on_which_other_it_depends(olivia: Client) -> None:
    page = read(olivia.get(plan(olivia, "report", pallets.ids())))
    conditions = [e["data-shown-when"] for e in page.all("div") if e["data-shown-when"]]
    assert conditions == ['{"with.how": ["other"]}', '{"with.how": ["wet"]}']
    assert "required" not in page.one("textarea", name="with.what").attributes
    assert "required" in page.one("select", name="with.how").attributes


def test_the_command_line_takes_and_checks_them(olivia: Client, run: Callable[..., Any]) -> None:
    def act(*with_: str) -> Any:
        options = [part for text in with_ for part in ("--with", text)]
        rows = ["--id", str(pallets.ids()[0])]
        return run("backoffice", "act", "pallets.report", *rows, *options, "--yes")

    assert act("how=wet", "litres=3", "hurry=yes").exit_code == 0
    assert stored()["litres"] == ["3"]
    for wrong, words in (
        (("how=wet",), "litres: Fill this in."),
        (("how=wet", "litres=many"), "Give a number"),
        (
            ("how=wet", "litres=3", "colour=red"),
            "It asks for: how, what, litres, since, hurry, depots.",
        ),
        (("how=wet", "litres=3", "depots=99999"), "There is no depot with the number 99999."),
    ):
        answer = act(*wrong)
        assert answer.exit_code == 1
        assert words in answer.output


def test_an_action_about_no_rows_stands_beside_the_title_of_the_list(olivia: Client) -> None:
    page = read(olivia.get("/admin/pallets/?search=tea"))
    (button,) = [e for e in page.all("button") if e["formaction"].endswith("/actions/count")]
    assert button.text == "Count again"
    assert "Count again" not in page.one("form", id="rows").text
    answer = olivia.post(button["formaction"], {"list": "search=tea"})
    assert choose(olivia, answer.location, pieces="7").status_code == 200
    assert run(olivia, answer.location, reason="").location == answer.location
    assert error_at(olivia.get(answer.location), "reason")
    back = run(olivia, answer.location, reason="Stocktaking").location
    assert back == "/admin/pallets/?search=tea"
    assert "Count again: done." in olivia.get(back).text
    assert [pallet.pieces for pallet in pallets.pallets()] == [7] * 4
    event = pallets.newest_event()
    assert (event.subject_type, event.subject_id, event.after) == ("pallets", None, {"pieces": "7"})
    result = read(olivia.get(f"/admin/bulk-runs/{event.bulk_run_id}"))
    assert "Pieces 7" in result.text
    assert "Count again: done." in result.text
    assert not [e for e in result.all("a") if e["href"].endswith("items.csv")]
    assert not result.all("button", formaction="undo")


def test_what_it_refuses_is_said_at_the_field(olivia: Client) -> None:
    answer = olivia.post("/admin/pallets/actions/count", {})
    choose(olivia, answer.location, pieces="13")
    run(olivia, answer.location, reason="Stocktaking")
    page = olivia.get(answer.location)
    assert error_at(page, "with.pieces") == "Thirteen is no number to count to."
    assert [pallet.pieces for pallet in pallets.pallets()] == [1, 2, 3, 4]


def test_who_lacks_its_permission_neither_sees_nor_runs_it(cast: Cast, client: Client) -> None:
    pallets.company()
    vera = client.sign_in("vera")
    assert "Count again" not in vera.get("/admin/pallets/").text
    assert vera.post("/admin/pallets/actions/count", {}).status_code == 403


def test_a_command_runs_it_without_rows(olivia: Client, run: Callable[..., Any]) -> None:
    words = ["backoffice", "act", "pallets.count", "--with", "pieces=5", "--reason", "Why", "--yes"]
    assert run(*words).exit_code == 0
    assert pallets.newest_event().action == "pallets.count"
    assert "It is about no rows" in run(*words, "--id", "1").output


def test_a_text_that_is_too_long_stays_wrong_and_is_not_cut_to_fit(olivia: Client) -> None:
    address = plan(olivia, "change-field", pallets.ids())
    for length in (3000, 30_000):
        answer = choose(olivia, address, field="note", note="x" * length)
        assert error_at(answer, "with.note")
        shown = read(answer).one("textarea", id="with.note").text.strip()
        assert len(shown) > 2000
        again = choose(olivia, address, field="note", note=shown)
        assert error_at(again, "with.note")

"""Nobody lets others see clients of more countries than they see, or more of their data."""

from typing import Any

import pytest
from flask import Flask

from backoffice.auth.actors import actor_of
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support import sheets
from tests.support.acting import (
    act,
    add,
    confirmed,
    decided,
    edit,
    group,
    outcome,
    previewed,
    run_at,
    token_of,
    undo,
)
from tests.support.html import Element, error_at, read
from tests.support.viewing import begin

MORE = "This would show more clients than you see yourself."


@pytest.fixture
def people(staff: list[str]) -> Cast:
    """A company administrator who sees Germany and France, masked, and an employee in Germany."""
    cast = Cast()
    limit(cast.company_administrator, countries=["DE", "FR"], mask_data=True)
    limit(cast.employee, countries=["DE"], mask_data=True)
    settle()
    return cast


def limit(person: User, **limits: Any) -> None:
    limits.setdefault("countries_mode", "only")
    for name, value in limits.items():
        setattr(person, name, value)


@pytest.fixture
def boss(people: Cast, client: Client) -> Client:
    return client.sign_in("company_administrator")


def seen(person: User) -> tuple[str, list[str], bool]:
    settle()
    return person.countries_mode, person.countries, person.mask_data


def ticked(page: Element) -> list[str]:
    """Return the codes of the countries that a form has chosen."""
    boxes = page.one("fieldset", id="countries").all("input", type="checkbox")
    return [box["value"] for box in boxes if "checked" in box.attributes]


def test_the_form_offers_countries_by_name_and_keeps_what_it_shows(
    client: Client, people: Cast
) -> None:
    client.sign_in("olivia")
    page = read(client.get(f"/admin/users/{people.employee.id}/edit"))
    countries = page.one("fieldset", id="countries")
    assert countries.all("label")[0].text == "Germany", "what is chosen comes first"
    assert "Åland Islands" in countries.text
    assert ticked(page) == ["DE"]
    assert "Clients" in [e.text for e in page.all("h2")]
    version = people.employee.version
    same = {"countries_mode": "only", "countries": ["", "DE"], "mask_data": ["", "y"]}
    assert edit(client, "users", people.employee.id, **same).status_code == 303
    assert (seen(people.employee), people.employee.version) == (("only", ["DE"], True), version)


def test_only_these_needs_a_country_and_all_except_none(client: Client, people: Cast) -> None:
    client.sign_in("olivia")
    nothing = {"countries_mode": "only", "countries": [""]}
    answer = edit(client, "users", people.employee.id, **nothing)
    assert error_at(answer, "countries") == "“Only these” needs at least one country."
    assert edit(client, "users", people.employee.id, countries=["XX"]).status_code == 422
    for mode, chosen in (("except", ["PL", "FR"]), ("all", [])):
        form = {"countries_mode": mode, "countries": ["", *chosen], "mask_data": [""]}
        assert edit(client, "users", people.employee.id, **form).status_code == 303
        assert seen(people.employee)[0] == mode
    event = client.get(f"/admin/users/{people.employee.id}?tab=events").text
    assert "France" in event


@pytest.mark.parametrize(
    "form, field",
    [
        ({"countries_mode": "all", "countries": [""]}, "countries_mode"),
        ({"countries_mode": "except", "countries": ["", "PL"]}, "countries"),
        ({"countries_mode": "only", "countries": ["", "DE", "PL"]}, "countries"),
        ({"mask_data": [""]}, "mask_data"),
    ],
)
def test_more_than_ones_own_is_given_to_nobody(
    boss: Client, people: Cast, form: dict[str, Any], field: str
) -> None:
    """Not to others, not to somebody new, and not to oneself."""
    for person in (people.employee, people.company_administrator):
        before = seen(person)
        assert error_at(edit(boss, "users", person.id, **form), field)
        assert seen(person) == before
    whole = {"countries_mode": "only", "countries": ["", "DE"], "mask_data": ["", "y"]} | form
    assert error_at(add(boss, "users", email="new@example.com", **whole), field)


def test_a_new_person_has_the_limits_of_whoever_adds_them(boss: Client, people: Cast) -> None:
    assert ticked(read(boss.get("/admin/users/new"))) == ["FR", "DE"]
    assert add(boss, "users", email="new@example.com").status_code == 303
    assert seen(people.new) == ("only", ["DE", "FR"], True)


def test_whoever_sees_more_is_out_of_reach(boss: Client, people: Cast) -> None:
    """Whoever could hand over a password, or change the address, would see what they see."""
    employee = people.employee
    for wider in ({"countries": ["DE", "PL"]}, {"mask_data": False}, {"countries_mode": "all"}):
        limit(
            employee, **{"countries": ["DE"], "mask_data": True, "countries_mode": "only"} | wider
        )
        settle()
        done = act(boss, "users", "block", employee.id)
        assert outcome(done, employee.id) == ("refused", "outranked")
        assert edit(boss, "users", employee.id, phone="+49301234567").status_code == 403
        assert begin(boss, employee.id).status_code == 403
    limit(employee, countries=["DE"], mask_data=False)
    employee.groups = [group("employee")]
    employee.groups[0].mask_data = True
    settle()
    assert begin(boss, employee.id).status_code == 303, "masked by a group is masked as well"


def test_countries_are_set_for_many_within_ones_own(boss: Client, people: Cast) -> None:
    everybody = (people.employee.id, people.dispatcher.id)
    done = act(boss, "users", "set-countries", *everybody, mode="only", countries=["DE", "FR"])
    assert outcome(done, people.employee.id) == ("done", "")
    assert outcome(done, people.dispatcher.id) == ("refused", "outranked")
    assert seen(people.employee) == ("only", ["DE", "FR"], True)
    assert outcome(run_at(undo(boss, done)), people.employee.id) == ("done", "")
    assert seen(people.employee) == ("only", ["DE"], True)
    for mode, countries in (("all", []), ("except", ["FR"]), ("only", ["PL"]), ("only", [])):
        page = previewed(
            boss, "users", "set-countries", people.employee.id, mode=mode, countries=countries
        )
        assert page.status_code == 422, (mode, countries)


def test_an_undo_gives_back_no_more_than_one_has(app: Flask, boss: Client, people: Cast) -> None:
    employee = people.employee
    limit(employee, countries=["DE", "PL"])
    olivia = app.test_client().sign_in("olivia")
    done = act(olivia, "users", "set-countries", employee.id, mode="only", countries=["DE"])
    assert undo(boss, done).status_code in (303, 409)
    assert seen(employee) == ("only", ["DE"], True)
    assert outcome(run_at(undo(olivia, done)), employee.id) == ("done", "")
    assert seen(employee) == ("only", ["DE", "PL"], True)


def test_limits_are_decided_again_at_the_run(boss: Client, people: Cast) -> None:
    employee = people.employee
    page = previewed(
        boss, "users", "set-countries", employee.id, mode="only", countries=["DE", "FR"]
    )
    assert page.status_code == 200
    limit(people.company_administrator, countries=["DE"])
    answer = decided(boss, "users", "set-countries", token_of(page))
    assert (answer.status_code, MORE in answer.text) == (422, True)
    assert seen(employee) == ("only", ["DE"], True)
    page = previewed(boss, "users", "block", employee.id)
    limit(people.company_administrator, countries=["FR"])
    settle()
    done = run_at(confirmed(boss, "users", "block", page))
    assert outcome(done, employee.id) == ("refused", "outranked")


def test_a_mask_is_put_on_and_taken_off_by_who_sees_all(
    app: Flask, boss: Client, people: Cast
) -> None:
    employee = people.employee
    done = act(boss, "users", "show-data", employee.id)
    assert outcome(done, employee.id) == ("refused", "masked")
    olivia = app.test_client().sign_in("olivia")
    done = act(olivia, "users", "show-data", employee.id)
    assert (outcome(done, employee.id), seen(employee)[2]) == (("done", ""), False)
    assert outcome(run_at(undo(olivia, done)), employee.id) == ("done", "")
    assert seen(employee)[2]


def test_a_masked_person_takes_no_mask_off_with_a_group(boss: Client, people: Cast) -> None:
    employee = people.employee
    limit(employee, countries=["DE"], mask_data=False)
    masking = group("employee")
    masking.mask_data = True
    permissions = [*group("company_administrator").permissions, "groups.edit", "groups.delete"]
    group("company_administrator").permissions = sorted(permissions)
    settle()
    done = act(boss, "users", "remove-from-group", employee.id, group=masking.id)
    assert outcome(done, employee.id) == ("refused", "masked")
    assert error_at(edit(boss, "users", employee.id, groups=[""]), "groups")
    limit(employee, mask_data=True)  # the membership may end, so it is no reason to take this off
    assert error_at(edit(boss, "users", employee.id, mask_data=[""]), "mask_data")
    limit(employee, mask_data=False)
    ends = {"group": masking.id, "ends_at": "2999-01-01T00:00"}
    done = act(boss, "users", "set-membership-end", employee.id, **ends)
    assert outcome(done, employee.id) == ("refused", "masked")
    done = act(boss, "groups", "delete", masking.id)
    assert outcome(done, masking.id) == ("refused", "masks")
    assert error_at(edit(boss, "groups", masking.id, mask_data=[""]), "mask_data")
    settle()
    assert [each.key for each in employee.groups] == ["employee"]
    assert group("employee").mask_data


def test_a_mask_that_ends_counts_as_none(
    app: Flask, boss: Client, people: Cast, staff: list[str]
) -> None:
    """Whoever took over an account that is masked for a while would see everything afterwards."""
    employee = people.employee
    limit(employee, mask_data=False)
    stays, ends = group("employee"), group("dispatcher")
    stays.mask_data = ends.mask_data = True
    settle()
    until = {"group": ends.id, "ends_at": "2999-01-01T00:00"}
    done = act(boss, "users", "add-to-group", employee.id, **until)
    assert outcome(done, employee.id) == ("done", "")
    assert error_at(edit(boss, "users", employee.id, groups=["", ends.id]), "groups")
    assert {each.id for each in employee.groups} == {stays.id, ends.id}
    assert edit(boss, "users", employee.id, phone="+49301234567").status_code == 303
    olivia = app.test_client().sign_in("olivia")
    act(olivia, "users", "remove-from-group", employee.id, group=stays.id)
    assert actor_of(people.employee).mask_data
    assert edit(boss, "users", employee.id, email="mine@example.com").status_code == 403
    for action in ("temporary-password", "send-to-email", "block"):
        done = act(boss, "users", action, employee.id)
        assert outcome(done, employee.id) == ("refused", "outranked"), action
    assert begin(boss, employee.id).status_code == 403
    act(olivia, "users", "set-membership-end", employee.id, group=ends.id, ends_at="")
    assert edit(boss, "users", employee.id, phone="").status_code == 303


def test_a_mask_of_a_group_travels_with_sheets(
    app: Flask, client: Client, boss: Client, people: Cast
) -> None:
    olivia = app.test_client().sign_in("olivia")
    bare = sheets.downloaded(olivia)
    assert b"mask_data" not in bare
    assert edit(olivia, "groups", group("employee").id, mask_data=["", "y"]).status_code == 303
    masking = sheets.downloaded(olivia)
    assert masking.count(b'"mask_data": true') == 1
    assert "There is nothing to change." in olivia.get(sheets.previewed(olivia, bare)).text
    taken_off = sheets.edited(masking, lambda groups: groups["employee"].update(mask_data=False))
    importer = group("company_administrator")
    importer.permissions = sorted({*importer.permissions, "groups.edit", "groups.import"})
    settle()
    problems = dict(sheets.problems(sheets.send(boss, taken_off)))
    assert "you see no more yourself" in str(problems)
    done = sheets.imported(olivia, taken_off)
    assert not group("employee").mask_data
    assert "Mask data" in olivia.get(done).text
    assert sheets.undo(olivia, done).status_code == 303
    assert group("employee").mask_data

"""Nobody lets another person see clients whom they do not see themselves."""

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.data import records
from backoffice.data.records import Values
from backoffice.errors import NotAllowed
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, add, edit, group, outcome, previewed, run_at, undo
from tests.support.html import error_at


class Company:
    """A company administrator who sees Gold and Silver, and an employee who sees only Silver."""

    def __init__(self) -> None:
        self.cast = Cast()
        self.gold, self.silver, self.bronze = (
            ClientTag(name=name) for name in ("Gold", "Silver", "Bronze")
        )
        db.session.add_all([self.gold, self.silver, self.bronze])
        boss = self.cast.company_administrator
        employee = self.cast.employee
        boss.client_tags_mode, boss.client_tags = "only", [self.gold, self.silver]
        employee.client_tags_mode, employee.client_tags = "only", [self.silver]
        db.session.commit()

    def sees(self, name: str) -> tuple[str, list[str]]:
        settle()
        person = getattr(self.cast, name)
        return person.client_tags_mode, sorted(tag.name for tag in person.client_tags)


@pytest.fixture
def company(staff: list[str]) -> Company:
    return Company()


def changed_past_the_form(company: Company, values: Values) -> None:
    """Change the employee as the company administrator, with fields that the form may not have."""
    employee = company.cast.employee
    actor = company.cast.actor("company_administrator")
    records.update(
        actor=actor, model=User, row_id=employee.id, version=employee.version, values=values
    )


@pytest.fixture
def boss(company: Company, client: Client) -> Client:
    return client.sign_in("company_administrator")


def test_a_tag_beyond_ones_own_is_not_given(boss: Client, company: Company) -> None:
    employee = company.cast.employee
    for tags in ([company.bronze.id], [company.gold.id, company.bronze.id]):
        assert (
            previewed(boss, "users", "add-client-tags", employee.id, tags=tags).status_code == 422
        )
        form = {"client_tags_mode": "only", "client_tags": ["", *tags]}
        assert error_at(edit(boss, "users", employee.id, **form), "client_tags")
        assert error_at(add(boss, "users", email="new@example.com", **form), "client_tags")
    assert company.sees("employee") == ("only", ["Silver"])


@pytest.mark.parametrize(
    "own, others, shows_more",
    [
        ({}, {}, False),
        ({"countries_mode": "only", "countries": ["DE"]}, {}, True),
        (
            {"countries_mode": "only", "countries": ["DE"]},
            {"countries_mode": "only", "countries": ["DE"]},
            False,
        ),
        ({"client_tags_mode": "only", "client_tags": ["gold"]}, {}, False),
        ({"client_tags_mode": "except", "client_tags": ["silver"]}, {}, True),
        (
            {"client_tags_mode": "except", "client_tags": ["silver"]},
            {"client_tags": ["gold", "silver"]},
            False,
        ),
    ],
)
def test_a_tag_that_hides_clients_from_others_is_not_deleted_by_who_sees_fewer(
    boss: Client, company: Company, own: Values, others: Values, shows_more: bool
) -> None:
    """The employee sees all clients except those who have the tag Gold."""
    permissions = [*group("company_administrator").permissions, "client_tags.delete"]
    group("company_administrator").permissions = sorted({*permissions, "client_tags.view"})
    for name, limits in (
        ("company_administrator", {"client_tags_mode": "all"} | own),
        ("employee", {"client_tags_mode": "except", "client_tags": ["gold"]} | others),
    ):
        for column, value in limits.items():
            is_tags = column == "client_tags"
            wanted = [getattr(company, each) for each in value] if is_tags else value
            setattr(getattr(company.cast, name), column, wanted)
    tag_id = company.gold.id
    settle()
    done = act(boss, "client-tags", "delete", tag_id)
    refused = ("refused", "shows_more")
    assert outcome(done, tag_id) == (refused if shows_more else ("done", ""))


@pytest.mark.parametrize("mode", ["all", "except"])
def test_a_wider_mode_than_ones_own_is_not_given(boss: Client, company: Company, mode: str) -> None:
    for tags in ([], [company.bronze.id], [company.gold.id, company.silver.id]):
        form = {"client_tags_mode": mode, "client_tags": ["", *tags]}
        field = "client_tags_mode" if mode == "all" or not tags else "client_tags"
        assert error_at(edit(boss, "users", company.cast.employee.id, **form), field)
        assert error_at(add(boss, "users", email="new@example.com", **form), field)
        own_id = company.cast.company_administrator.id
        assert error_at(edit(boss, "users", own_id, **form), field)
    assert company.sees("employee") == ("only", ["Silver"])
    assert company.sees("company_administrator") == ("only", ["Gold", "Silver"])


def test_whoever_may_not_assign_tags_widens_nobody(app: Flask, company: Company) -> None:
    """Not even those who see every client themselves, and not past the form either."""
    group("company_administrator").permissions = ["users.view", "users.edit"]
    company.cast.company_administrator.client_tags_mode = "all"
    company.cast.company_administrator.client_tags = []
    settle()
    with pytest.raises(NotAllowed, match="assign_scope"):
        changed_past_the_form(company, {"client_tags_mode": "all"})
    db.session.rollback()
    assert company.sees("employee") == ("only", ["Silver"])


@pytest.mark.parametrize("guess", ["silver", "gold"])
def test_tags_that_one_does_not_see_are_refused_even_if_they_are_right(
    app: Flask, company: Company, guess: str
) -> None:
    """If the present tags were taken and others refused, the answers would tell which they are."""
    group("company_administrator").permissions = ["users.view", "users.edit", "users.assign_scope"]
    settle()
    with pytest.raises(NotAllowed, match="do not see client tags"):
        changed_past_the_form(company, {"client_tags": [getattr(company, guess).id]})


def test_a_person_whose_last_tag_was_deleted_can_still_be_edited(
    client: Client, company: Company
) -> None:
    client.sign_in("olivia")
    employee = company.cast.employee
    act(client, "client-tags", "delete", company.silver.id)
    assert company.sees("employee") == ("only", [])
    answer = edit(client, "users", employee.id, phone="+49301234567", client_tags=[""])
    assert answer.status_code == 303
    assert company.sees("employee") == ("only", [])


def test_a_new_person_sees_no_more_than_whoever_adds_them(boss: Client, company: Company) -> None:
    """Fields that were not sent get no default beyond the sender's own scope.

    The model's default would be 'all'.
    """
    assert add(boss, "users", email="new@example.com").status_code == 303
    assert company.sees("new") == ("only", ["Gold", "Silver"])


def test_a_new_person_of_someone_who_sees_all_sees_all(client: Client, company: Company) -> None:
    client.sign_in("olivia")
    add(client, "users", email="new@example.com")
    assert company.sees("new") == ("all", [])


def test_tags_within_ones_own_are_given_and_taken(boss: Client, company: Company) -> None:
    act(boss, "users", "add-client-tags", company.cast.employee.id, tags=[company.gold.id])
    assert company.sees("employee") == ("only", ["Gold", "Silver"])
    act(boss, "users", "remove-client-tags", company.cast.employee.id, tags=[company.silver.id])
    assert company.sees("employee") == ("only", ["Gold"])


def test_an_exception_beyond_ones_own_is_not_lifted(boss: Client, company: Company) -> None:
    """Lifting the exception would let somebody see Bronze whom the sender may not show it."""
    employee = company.cast.employee
    employee.client_tags_mode, employee.client_tags = "except", [company.bronze, company.gold]
    answer = previewed(boss, "users", "remove-client-tags", employee.id, tags=[company.bronze.id])
    assert answer.status_code == 422
    assert company.sees("employee") == ("except", ["Bronze", "Gold"])


def test_only_these_never_ends_with_none(boss: Client, company: Company) -> None:
    employee = company.cast.employee
    done = act(boss, "users", "remove-client-tags", employee.id, tags=[company.silver.id])
    assert outcome(done, employee.id) == ("refused", "nothing_left")
    assert error_at(edit(boss, "users", employee.id, client_tags=[""]), "client_tags")
    assert company.sees("employee") == ("only", ["Silver"])


def test_an_undo_gives_no_tag_beyond_ones_own(app: Flask, boss: Client, company: Company) -> None:
    employee = company.cast.employee
    employee.client_tags = [company.silver, company.bronze]
    olivia = app.test_client().sign_in("olivia")
    taken = act(olivia, "users", "remove-client-tags", employee.id, tags=[company.bronze.id])
    assert undo(boss, taken).status_code == 422
    assert company.sees("employee") == ("only", ["Silver"])


def test_an_undo_gives_back_what_was_there(boss: Client, company: Company) -> None:
    employee = company.cast.employee
    given = act(
        boss, "users", "add-client-tags", employee.id, tags=[company.gold.id, company.silver.id]
    )
    assert company.sees("employee") == ("only", ["Gold", "Silver"])
    assert outcome(run_at(undo(boss, given)), employee.id) == ("done", "")
    assert company.sees("employee") == ("only", ["Silver"])


def test_an_undo_after_a_tag_was_deleted_gives_back_the_others(
    app: Flask, company: Company
) -> None:
    employee = company.cast.employee
    employee.client_tags = [company.gold, company.silver, company.bronze]
    olivia = app.test_client().sign_in("olivia")
    taken = act(olivia, "users", "remove-client-tags", employee.id, tags=[company.gold.id])
    act(olivia, "client-tags", "delete", company.silver.id)
    assert outcome(run_at(undo(olivia, taken)), employee.id) == ("done", "")
    assert company.sees("employee") == ("only", ["Bronze", "Gold"])


def test_an_undo_of_a_deleted_tag_says_that_it_is_gone(app: Flask, company: Company) -> None:
    olivia = app.test_client().sign_in("olivia")
    taken = act(
        olivia, "users", "add-client-tags", company.cast.employee.id, tags=[company.gold.id]
    )
    gold = company.gold.id
    act(olivia, "client-tags", "delete", gold)
    assert undo(olivia, taken).status_code == 422
    settle()
    mode = select(User.client_tags_mode).where(User.email == "employee@example.com")
    assert db.session.scalars(mode).one() == "only"

"""A name that people gave themselves is theirs to change."""

import pytest

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import edit
from tests.support.html import error_at, value_of


def name(cast: Cast, who: str) -> tuple[str, str]:
    settle()
    person = getattr(cast, who)
    return person.first_name, person.last_name


@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_a_name_given_by_its_owner_is_refused_at_the_field(
    client: Client, cast: Cast, field: str
) -> None:
    cast.max.name_source = "self"
    client.sign_in("olivia")
    answer = edit(client, "users", cast.max.id, **{field: "Other", "phone": "+12025550101"})
    assert answer.status_code == 422
    assert "given by its owner" in error_at(answer, field)
    assert value_of(answer, field) == "Other"
    assert (name(cast, "max"), cast.max.phone) == (("Max", "Mander"), "")


def test_everything_else_of_such_a_person_can_be_edited(client: Client, cast: Cast) -> None:
    cast.max.name_source = "self"
    client.sign_in("olivia")
    answer = edit(
        client, "users", cast.max.id, first_name="Max", last_name="Mander", phone="+12025550101"
    )
    assert answer.status_code == 303
    assert (name(cast, "max"), cast.max.phone) == (("Max", "Mander"), "+12025550101")


def test_a_name_given_by_an_administrator_can_be_edited_by_another(
    client: Client, cast: Cast
) -> None:
    client.sign_in("olivia")
    assert edit(client, "users", cast.max.id, first_name="Maximilian").status_code == 303
    assert name(cast, "max") == ("Maximilian", "Mander")
    assert cast.max.name_source == "administrator"


def test_giving_oneself_a_name_makes_it_ones_own(client: Client, cast: Cast) -> None:
    """Olivia renames herself, and a second administrator cannot undo that."""
    cast.eve.status = "active"
    client.sign_in("olivia")
    assert edit(client, "users", cast.olivia.id, first_name="Liv").status_code == 303
    assert (name(cast, "olivia"), cast.olivia.name_source) == (("Liv", "Owen"), "self")
    other = client.application.test_client().sign_in("eve")
    assert error_at(edit(other, "users", cast.olivia.id, first_name="Olivia"), "first_name")
    assert edit(client, "users", cast.olivia.id, first_name="Olivia").status_code == 303


def test_saving_ones_own_unchanged_name_claims_nothing(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    edit(
        client, "users", cast.olivia.id, first_name="Olivia", last_name="Owen", phone="+12025550102"
    )
    settle()
    assert (cast.olivia.phone, cast.olivia.name_source) == ("+12025550102", "administrator")

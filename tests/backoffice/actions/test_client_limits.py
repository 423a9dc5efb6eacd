"""Tags and countries of clients are set within one's own limits, with a word about what follows."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.client_tag import ClientTag
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, edit, outcome, previewed, run_at, undo
from tests.support.clients import added
from tests.support.html import error_at
from tests.support.told import told

LEAVES = "{} leave your sight: you will not see these clients any more."


class Tagged:
    """Max sees Gold and Silver; Anna has both, Bela has Gold, and both live in Germany."""

    def __init__(self) -> None:
        names = ("Gold", "Silver", "Bronze")
        self.gold, self.silver, self.bronze = (ClientTag(name=name) for name in names)
        db.session.add(self.bronze)
        self.anna = added("Anna", tags=[self.gold, self.silver], country="DE")
        self.bela = added("Bela", tags=[self.gold], country="DE")
        self.max = Cast().max
        self.max.client_tags_mode, self.max.client_tags = "only", [self.gold, self.silver]
        settle()

    def tags(self, client: Customer) -> list[str]:
        settle()
        return sorted(tag.name for tag in db.session.get_one(Customer, client.id).tags)


@pytest.fixture
def tagged(cast: Cast) -> Tagged:
    return Tagged()


@pytest.fixture
def max_(client: Client, tagged: Tagged) -> Client:
    return client.sign_in("max")


def test_tags_are_given_and_taken_within_ones_own(max_: Client, tagged: Tagged) -> None:
    given = act(max_, "clients", "add-tags", tagged.bela.id, tagged.anna.id, tags=tagged.silver.id)
    assert outcome(given, tagged.anna.id) == ("unchanged", "")
    assert tagged.tags(tagged.bela) == ["Gold", "Silver"]
    undo(max_, given)
    assert (tagged.tags(tagged.bela), tagged.tags(tagged.anna)) == (["Gold"], ["Gold", "Silver"])
    for action in ("add-tags", "remove-tags"):
        beyond = previewed(max_, "clients", action, tagged.bela.id, tags=tagged.bronze.id)
        assert beyond.status_code == 422


def test_the_form_gives_and_takes_no_tag_beyond_ones_own_either(
    app: Flask, max_: Client, tagged: Tagged
) -> None:
    form = {"tags": ["", tagged.gold.id, tagged.bronze.id]}
    assert error_at(edit(max_, "clients", tagged.bela.id, **form), "tags")
    olivia = app.test_client().sign_in("olivia")
    assert edit(olivia, "clients", tagged.bela.id, **form).status_code == 303
    assert edit(max_, "clients", tagged.bela.id, tags=["", tagged.gold.id]).status_code == 303
    assert tagged.tags(tagged.bela) == ["Bronze", "Gold"], "a tag that he does not see stays"


def test_the_preview_tells_who_leaves_ones_sight(app: Flask, max_: Client, tagged: Tagged) -> None:
    ids = (tagged.anna.id, tagged.bela.id)
    preview = previewed(max_, "clients", "remove-tags", *ids, tags=tagged.gold.id)
    assert "1 of them leaves your sight" in preview.text
    both = previewed(max_, "clients", "remove-tags", *ids, tags=[tagged.gold.id, tagged.silver.id])
    assert LEAVES.format("2 of them") in both.text
    confirmed(max_, "clients", "remove-tags", preview)
    assert max_.get(f"/admin/clients/{tagged.bela.id}").status_code == 404
    assert max_.get(f"/admin/clients/{tagged.anna.id}").status_code == 200
    olivia = app.test_client().sign_in("olivia")
    kept = previewed(olivia, "clients", "remove-tags", *ids, tags=tagged.silver.id)
    assert "your sight" not in kept.text


@pytest.mark.parametrize(
    "limit, country, leaves",
    [
        (("only", ["DE", "FR"]), "FR", False),
        (("only", ["DE"]), "FR", True),
        (("except", ["FR"]), "FR", True),
        (("except", ["FR"]), "IT", False),
        (("all", []), "FR", False),
    ],
)
def test_a_country_is_set_with_a_word_about_it(
    max_: Client, tagged: Tagged, limit: tuple[str, list[str]], country: str, *, leaves: bool
) -> None:
    tagged.max.countries_mode, tagged.max.countries = limit
    settle()
    preview = previewed(
        max_, "clients", "set-country", tagged.anna.id, tagged.bela.id, country=country
    )
    assert (LEAVES.format("2 of them") in preview.text) == leaves
    assert ("Only somebody who still sees these clients" in preview.text) == leaves
    assert confirmed(max_, "clients", "set-country", preview).status_code == 303
    settle()
    assert set(db.session.scalars(select(Customer.country))) == {country}
    assert told(preview).title.startswith("Set the country of 2 clients: ")


def test_a_country_comes_back_and_one_that_does_not_exist_is_refused(
    max_: Client, tagged: Tagged
) -> None:
    done = act(max_, "clients", "set-country", tagged.anna.id, country="FR")
    undo(max_, done)
    settle()
    assert tagged.anna.country == "DE"
    for wrong in ("", "XX", "Germany"):
        answer = previewed(max_, "clients", "set-country", tagged.anna.id, country=wrong)
        assert answer.status_code == 422


def test_no_undo_is_offered_for_rows_that_have_left_ones_sight(
    app: Flask, max_: Client, tagged: Tagged
) -> None:
    ids = (tagged.anna.id, tagged.bela.id)
    done = previewed(max_, "clients", "remove-tags", *ids, tags=tagged.gold.id)
    partly = confirmed(max_, "clients", "remove-tags", done)
    assert "undo" in flashed_form(max_, partly), "he still sees Anna"
    tagged.max.countries_mode, tagged.max.countries = "except", ["US"]
    settle()
    away = previewed(max_, "clients", "set-country", tagged.anna.id, country="US")
    run = run_at(confirmed(max_, "clients", "set-country", away))
    page = max_.get(f"/admin/bulk-runs/{run.id}")
    assert "These rows are no longer yours to see" in page.text
    assert f"/admin/bulk-runs/{run.id}/undo" not in page.text
    olivia = app.test_client().sign_in("olivia")
    assert f"/admin/bulk-runs/{run.id}/undo" in olivia.get(f"/admin/bulk-runs/{run.id}").text
    assert undo(olivia, run).status_code == 303
    settle()
    assert tagged.anna.country == "DE"
    assert "no longer yours" not in max_.get(f"/admin/bulk-runs/{run.id}").text


def flashed_form(client: Client, answer: Any) -> str:
    """Return the page that a run leads to, with the bar that offers to undo it."""
    return client.get(answer.location).text.partition('class="flashes"')[2].partition("</div>")[0]

"""Lists show the columns that people choose, and their filters in the order of the columns."""

from flask import Flask

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support import world as the_world
from tests.support.html import read


def test_every_column_of_every_list_is_shown_by_itself(
    app: Flask, staff: list[str], client: Client
) -> None:
    """A cell may need more of its row than what the columns of the list read."""
    the_world.build(app.extensions["settings"])
    olivia = client.sign_in("olivia")
    for screen in app.extensions["screens"]:
        for name in screen.column_list:
            answer = olivia.get(f"/admin/{screen.slug}/", query_string={"columns": name})
            assert answer.status_code == 200, (screen.name, name)
            heads = [head.text for head in read(answer).one("thead").all("th", scope="col")]
            assert heads == [screen.label_of(name)]


def test_filters_stand_in_the_order_of_the_columns(cast: Cast, client: Client) -> None:
    olivia = client.sign_in("olivia")
    for address in ("/admin/sessions/", "/admin/sign-ins/", "/admin/users/"):
        page = read(olivia.get(address))
        heads = [head.text for head in page.one("thead").all("th", scope="col")]
        labels = [
            e.one("legend").text.split(" UTC")[0] for e in page.all("fieldset", class_="filter")
        ]
        shared = [label for label in labels if label in heads]
        assert len(shared) > 2
        assert shared == [head for head in heads if head in shared]


def test_the_number_beside_filter_does_not_count_the_search(cast: Cast, client: Client) -> None:
    def number(address: str) -> list[str]:
        filters = read(olivia.get(address)).one("form", class_="filters")
        return [e.text for e in filters.all("span", class_="counter")]

    olivia = client.sign_in("olivia")
    assert number("/admin/users/?search=max") == []
    assert number("/admin/users/?search=max&status=active") == ["1"]


def test_chips_say_what_was_typed_as_it_was_typed(cast: Cast, client: Client) -> None:
    client.sign_in("olivia")
    page = read(client.get("/admin/clients/?email=saito&first_name=mei_lin&type=merchant"))
    chips = {each.text.removesuffix("(remove)").strip() for each in page.all("a", class_="chip")}
    assert chips == {"E-mail: saito", "First name: mei_lin", "Status: Merchant"}


def test_what_is_wrong_with_a_filter_is_said_under_the_heading_of_its_column(
    cast: Cast, client: Client
) -> None:
    client.sign_in("olivia")
    for query, sentence in {
        "joined_at.from=x": "Registration date: write the date as 2026-01-31.",
        "kyc_state=x": "KYC: “x” is not one of",
        "joined_at.from=2026-01-01&joined_at.from=2026-01-02": "Registration date: give one value.",
    }.items():
        answer = client.get(f"/admin/clients/?{query}")
        assert answer.status_code == 400
        assert sentence in read(answer).one("div", class_="notice-danger").text

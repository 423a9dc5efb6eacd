"""An impossible list: the message says why, and what was typed is still there to be corrected."""

import pytest

from backoffice.data.filters import MAX_VALUES
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client


@pytest.mark.parametrize(
    "query, message, kept",
    [
        ("created_at.from=soon", "Created at: write the date", 'value="soon"'),
        ("status=active&status=asleep", "is not one of invited, active", "Status: Asleep"),
        ("groups=none&groups=many", "“many” is not a choice", "Groups: Many"),
        ("email=ada&sort=nonsense", "cannot be sorted", 'value="ada"'),
        ("search=" + "+".join("abcdefghi"), "at most 8 words", 'value="a b c d e f g h i"'),
        (
            "&".join(f"created_by={number}" for number in range(51)),
            "choose at most 50",
            "Created by",
        ),
    ],
)
def test_bad_filters_say_why_and_lose_nothing(
    client: Client, cast: Cast, query: str, message: str, kept: str
) -> None:
    client.sign_in("olivia")
    page = client.get(f"/admin/users/?{query}")
    assert page.status_code == 400
    assert message in page.text
    assert kept in page.text
    assert "name=row" not in page.text, "no rows, so that nobody acts on others than they asked for"
    assert "formaction" not in page.text


def test_of_too_many_values_the_first_are_shown(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    page = client.get("/admin/users/?" + "&".join(f"email=person{number}" for number in range(300)))
    assert page.status_code == 400
    assert page.text.count('class="chip"') == MAX_VALUES

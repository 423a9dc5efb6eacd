"""Views that a screen declares are tabs above its list, for everybody and as far as they may see.

`test_company_package.py` runs this with the package.
"""

from urllib.parse import parse_qsl, urlsplit

import pytest

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.company import pallets
from tests.support.html import Element, hidden, read, row_ids

LIST = "/admin/pallets/"


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    pallets.company()
    return client.sign_in("olivia")


def tabs(client: Client, address: str) -> list[Element]:
    page = read(client.get(address, follow_redirects=True))
    return page.one("nav", class_="view-tabs").all("a")


def test_declared_views_are_tabs_with_their_filters_order_and_columns(olivia: Client) -> None:
    found = tabs(olivia, LIST)
    assert [tab.text for tab in found] == ["All", "Heavy ones", "Moving", "With a rating"]
    answer = olivia.get(found[1]["href"], follow_redirects=True)
    assert row_ids(answer) == [pallets.ids()[3], pallets.ids()[2]]
    assert [e.text for e in read(answer).all("th", scope="col")] == ["Code", "Weight"]
    (current,) = [e.text for e in tabs(olivia, found[1]["href"]) if e["aria-current"]]
    assert current == "Heavy ones"
    counts = olivia.get(f"{LIST}views/counts").json
    assert counts == {"counts": {"heavy-ones": "2", "moving": "0", "with-a-rating": "4"}}


def test_one_without_columns_shows_those_that_one_has_chosen(olivia: Client) -> None:
    olivia.post(f"{LIST}preferences", {"size": "50", "columns": ["goods", "code"]})
    answer = olivia.get(f"{LIST}?view=with-a-rating", follow_redirects=True)
    assert [e.text for e in read(answer).all("th", scope="col")] == ["Code", "Goods"]
    assert "changed" not in read(answer).one("nav", class_="view-tabs").text


def test_a_changed_one_is_saved_under_another_name_and_can_open_the_list(olivia: Client) -> None:
    page = olivia.get(f"{LIST}?view=moving", follow_redirects=True)
    changed = page.request.full_path.replace("status=moving", "status=here")
    texts = [tab.text for tab in tabs(olivia, changed)]
    assert texts == ["All", "Heavy ones", "Moving changed", "With a rating"]
    state = {"address": hidden(olivia.get(changed), "address")}
    assert olivia.post(f"{LIST}views/new", {"name": "Here", **state}).status_code == 303
    assert olivia.post(f"{LIST}views/default", {"view": "moving"}).status_code == 303
    address = urlsplit(olivia.get(LIST).location)
    assert dict(parse_qsl(address.query)) == {"status": "moving", "sort": "-id", "view": "moving"}


def test_who_may_not_see_a_column_has_the_view_without_it(cast: Cast, client: Client) -> None:
    pallets.company()
    pallets.allow("viewers", "pallets.view")
    vera = client.sign_in("vera")
    answer = vera.get(f"{LIST}?view=with-a-rating")
    assert "rating" not in answer.location.partition("view=")[0]
    page = read(vera.get(answer.location))
    assert "A part of this view is left out" in page.one("p", class_="notice-warning").text
    assert len(row_ids(vera.get(answer.location))) == 4

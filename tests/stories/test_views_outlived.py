"""A view that is older than its list, or was never right, opens with the part that still works."""

from urllib.parse import urlencode

import pytest
from flask import Flask

from backoffice import limits
from backoffice.data import filters, page_sizes
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import read
from tests.support.views import LIST, VIEWS, asked, opened, save, saved


@pytest.fixture
def max_(cast: Cast, client: Client) -> Client:
    return client.sign_in("max")


def kept(client: Client, address: str) -> int:
    """Keep a view with an address that no page offers any more, and return its number."""
    save(client, "Old")
    view = saved("Old")
    view.address = address
    settle()
    return view.id


def notice(client: Client, address: str) -> str:
    """Return what the page of a view says about what was left out, or ''."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    found = read(answer).all("p", class_="notice-warning")
    return found[0].text if found else ""


OUTLIVED = {
    "size=7": "Rows per page",
    "size=x&size=20": "Rows per page",
    "sort=colour": "Order",
    "sort=-id&sort=id": "Order",
    "colour=red": "Colour",
    "created_at.from=yesterday": "Created at",
    "created_at.from=2020-01-01&created_at.from=2021-01-01": "Created at",
    "created_at=2020-01-01": "Created at",
    "status.from=active": "Status",
    "groups=admins": "Groups",
    "groups=999999999999999999999": "Groups",
    "email.to=x": "E-mail",
    "search=" + "x+" * 400: "Search",
    "columns=name,colour": "Columns",
    "size=%00&sort=%ED%A0%80": "Rows per page, Order",
    "created_at.from=%ED%A0%80": "Created at",
    "&&=&=x&%00=1": "",
}


@pytest.mark.parametrize("part", OUTLIVED)
def test_it_opens_with_the_part_that_works_and_says_what_was_left_out(
    max_: Client, part: str
) -> None:
    number = kept(max_, f"status=active&{part}")
    address = opened(max_, f"{LIST}?view={number}")
    assert asked(address)["status"] == "active"
    assert OUTLIVED[part] in notice(max_, address)
    assert max_.get(f"{VIEWS}/counts").json == {"counts": {str(number): "3"}}


def test_what_each_part_may_be_and_all_of_them_may_not_is_left_out(
    max_: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = kept(max_, "email=a&phone=1&status=active")
    monkeypatch.setattr(filters, "MAX_FILTERS", 2)
    address = opened(max_, f"{LIST}?view={number}")
    assert asked(address).keys() == {"email", "phone", "sort", "view"}
    assert "Status" in notice(max_, address)
    assert max_.get(f"{VIEWS}/counts").status_code == 200


def test_two_keys_of_one_filter_are_more_than_it_takes(max_: Client) -> None:
    many = [("status", "active"), *(("email", f"a{n}") for n in range(limits.FILTER_VALUES))]
    number = kept(max_, urlencode([*many, ("email.is", "one more")]))
    address = opened(max_, f"{LIST}?view={number}")
    assert "email" in asked(address)
    assert "E-mail" in notice(max_, address)


@pytest.mark.parametrize("size", ["7", "-1", "x", "50,100", "9" * 40, "\u0661\u0660\u0660"])
def test_a_size_that_no_page_has_opens_the_view_in_ones_own(max_: Client, size: str) -> None:
    number = kept(max_, "status=active")
    address = opened(max_, f"{LIST}?{urlencode({'view': number, 'size': size})}")
    assert "size" not in asked(address)
    assert "A page has 20, 50, 100 rows." in max_.get(address).text
    right = opened(max_, f"{LIST}?view={number}&size=20")
    assert asked(right)["size"] == "20"
    assert notice(max_, right) == ""


def test_a_list_that_opens_with_such_a_view_opens(max_: Client) -> None:
    number = kept(max_, "size=7&colour=red")
    assert max_.post(f"{VIEWS}/default", {"view": number}).status_code == 303
    assert "Left out of this view" in notice(max_, opened(max_, LIST))


def test_a_size_that_one_kept_and_no_page_has_any_more_is_the_usual_one(
    max_: Client, cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert max_.post(f"{LIST}preferences", {"size": "100", "columns": ["name"]}).status_code == 303
    monkeypatch.setattr(page_sizes, "SIZES", (20, 50))
    page = max_.get(f"{LIST}?view=all")
    assert page.status_code == 200
    settle()
    assert db.session.get_one(User, cast.max.id).preferences["users"]["size"] == 100

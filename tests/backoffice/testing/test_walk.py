"""The walk through screens notices what is broken on a page."""

import pytest
from playwright.sync_api import Page

from backoffice.testing.walk import _faults_of

WHOLE = "<title>x</title><h1>Depots</h1><button aria-label='Close'>"


@pytest.mark.browser
@pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")
@pytest.mark.parametrize(
    "body, status, fault",
    [
        (WHOLE, 200, ""),
        (WHOLE, 403, "status 403"),
        (f"{WHOLE}<h1>Once more</h1>", 200, "not one heading"),
        (f"{WHOLE}<p style='width: 5000px'>", 200, "wider than the window"),
        (f"{WHOLE}<a href='/'><svg></svg></a>", 200, "no name: <a href"),
        (f"{WHOLE}<input type='text'>", 200, "no name: <input"),
        (f"{WHOLE}<button hidden></button>", 200, ""),
    ],
)
def test_walk_names_the_fault_of_a_page(page: Page, body: str, status: int, fault: str) -> None:
    page.route("**/depots", lambda route: route.fulfill(body=body, status=status, headers=HTML))
    found = list(_faults_of(page, "/depots"))
    assert len(found) == bool(fault)
    assert all(fault in each for each in found)


HTML = {"Content-Type": "text/html"}

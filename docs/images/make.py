"""Take the pictures of the README from a running demo.

Run `python -m docs.images.make PASSWORD [ADDRESS]`.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from backoffice.testing.browser import ARGUMENTS
from backoffice.testing.chromium import find

HERE = Path(__file__).parent
ADMINISTRATOR = "olivia@example.com"


def make(address: str, password: str) -> None:
    """Take the list of users with ticked rows, a preview, and the dark list on a phone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        page = signed_in(browser, address, password, width=1440, height=860)
        page.goto("/admin/users/?search=sa")
        for number in range(3):
            page.get_by_role("row").nth(number + 2).get_by_role("checkbox").check()
        page.screenshot(path=HERE / "users.png")

        page.get_by_role("checkbox", name="Select all").last.check()
        page.get_by_role("button", name="Block", exact=True).click()
        page.screenshot(path=HERE / "preview.png")

        phone = signed_in(browser, address, password, width=390, height=760, color_scheme="dark")
        phone.goto("/admin/users/?search=sa&status=active")
        phone.screenshot(path=HERE / "users-dark.png")
        browser.close()


def signed_in(browser: Browser, address: str, password: str, **how: object) -> Page:
    """Sign the administrator in, and return the page; `how` is the size of the window."""
    scheme = how.pop("color_scheme", "light")
    page = browser.new_context(base_url=address, viewport=how, color_scheme=scheme).new_page()
    page.goto("/sign-in")
    page.locator("[name=identifier]").fill(ADMINISTRATOR)
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("/")
    return page


if __name__ == "__main__":
    address = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8000"
    make(address, password=sys.argv[1])

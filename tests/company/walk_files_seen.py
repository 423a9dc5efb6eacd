"""Upload pictures and files in a browser, with a script and without one.

`test_company_package.py` runs this with the package.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from backoffice.testing.browser import sign_in, visit
from backoffice.testing.cast import Cast
from tests.company.parcels import LIST, PDF, parcel
from tests.support.images import encoded, opened, quarters

pytestmark = pytest.mark.browser


@pytest.fixture
def photo(tmp_path: Path) -> str:
    file = tmp_path / "gate.jpg"
    file.write_bytes(encoded(quarters("rg", "bw", scale=600), "JPEG"))
    return str(file)


@pytest.fixture
def slip(tmp_path: Path) -> str:
    file = tmp_path / "slip.pdf"
    file.write_bytes(PDF)
    return str(file)


def upload(page: Page, photo: str, slip: str) -> None:
    """Send a form whose name is missing, and then with it."""
    page.goto(f"{LIST}new")
    page.get_by_label("Upload for Photo").set_input_files(photo)
    page.get_by_label("Upload for Papers").set_input_files([slip, slip])
    page.get_by_role("textbox", name="Name").fill(
        "\u2800"
    )  # which shows nothing, as only the server knows
    page.get_by_role("button", name="Add parcel").click()
    expect(page.get_by_label("Keep gate.webp")).to_be_checked()
    expect(page.get_by_label("Keep slip.pdf")).to_have_count(2)
    page.get_by_role("textbox", name="Name").fill("One")
    page.get_by_role("button", name="Add parcel").click()
    expect(page.get_by_role("heading", name="One")).to_be_visible()


def test_a_picture_is_seen_and_a_file_is_downloaded(
    page: Page, cast: Cast, photo: str, slip: str
) -> None:
    sign_in(page, "olivia")
    upload(page, photo, slip)
    small = page.get_by_role("img", name="gate.webp")
    expect(small).to_have_js_property("naturalWidth", 256)
    with page.expect_download() as begun:
        page.get_by_role("link", name="slip.pdf").first.click()
    assert begun.value.suggested_filename == "slip.pdf"
    assert Path(begun.value.path()).read_bytes() == PDF
    large = page.request.get(page.get_by_role("link", name="gate.webp").get_attribute("href") or "")
    assert opened(large.body()).size == (1200, 1200)
    page.goto(LIST)
    expect(page.get_by_role("img", name="gate.webp")).to_have_js_property("naturalWidth", 256)
    page.goto(f"{LIST}{parcel().id}/edit")
    page.get_by_label("Keep gate.webp").uncheck()
    page.get_by_label("Keep slip.pdf").first.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("One is saved.")).to_be_visible()
    assert parcel().photo is None
    assert len(parcel().papers) == 1


def test_too_large_a_file_is_said_before_it_is_sent(page: Page, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "slip.pdf"
    file.write_bytes(PDF + bytes(100_000))
    sign_in(page, "olivia")
    page.goto(f"{LIST}new")
    field = page.get_by_label("Upload for Slip")
    field.set_input_files(str(file))
    message = field.evaluate("field => field.validationMessage")
    assert message == "The file has more than 98 KB."


def test_no_script_is_needed(
    chromium: Browser, live_server: str, cast: Cast, photo: str, slip: str
) -> None:
    with visit(chromium, live_server, java_script_enabled=False) as (page, _witness):
        sign_in(page, "olivia")
        upload(page, photo, slip)
    assert (parcel().photo.name, len(parcel().papers)) == ("gate.webp", 2)

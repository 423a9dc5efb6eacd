"""A person picks, moves, zooms, saves and sees an avatar, and can do without a script."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from backoffice.data import pictures
from backoffice.testing.browser import sign_in, visit
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.images import encoded, exif, fields, padded, quarters

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_engine(
        "postgresql", reason="what is cut and drawn in the browser does not depend on it"
    ),
]

WIDE = quarters("rgrb", "bwgw", scale=60)  # 240 by 120: its middle is "gr", "wg"
CROP = ".crop"


@pytest.fixture
def photo(tmp_path: Path) -> str:
    file = tmp_path / "me.jpg"
    file.write_bytes(encoded(WIDE, "JPEG", quality=95, subsampling=0))
    return str(file)


def choose(page: Page, file: str) -> None:
    page.goto("/account/avatar")
    page.get_by_label("Picture", exact=True).set_input_files(file)
    expect(page.locator(CROP)).to_be_visible()


def part(page: Page) -> tuple[int, ...]:
    """Return the part that will be sent: x, y and size."""
    return tuple(
        int(page.locator(f"input[name={name}]").input_value()) for name in ("x", "y", "size")
    )


def saved(page: Page, cast: Cast) -> list[str]:
    """Save, and read the coloured fields of the picture that is then shown large."""
    page.get_by_role("button", name="Save picture").click()
    expect(page.get_by_text("Your avatar is changed.")).to_be_visible()
    settle()
    address = f"/avatars/{cast.vera.avatar}/256"
    large = page.locator("img.avatar-huge")
    expect(large).to_have_attribute("src", address)
    expect(large).to_have_js_property("naturalWidth", 256)
    expect(page.locator("img.avatar-own")).to_have_js_property("naturalWidth", 64)
    return fields(page.request.get(address).body())


def test_a_picture_is_chosen_and_seen_in_the_top_bar_and_removed(
    page: Page, cast: Cast, photo: str
) -> None:
    sign_in(page, "vera")
    choose(page, photo)
    assert part(page) == (60, 0, 120)
    assert saved(page, cast) == ["gr", "wg"]
    page.goto("/admin/users/")
    expect(page.locator("tbody img.avatar")).to_have_js_property("naturalWidth", 64)
    page.goto("/account/avatar")
    page.get_by_role("button", name="Remove picture").click()
    expect(page.get_by_text("people see your initials")).to_be_visible()
    expect(page.locator("img.avatar")).to_have_count(0)


def test_it_is_dragged_by_mouse(page: Page, cast: Cast, photo: str) -> None:
    sign_in(page, "vera")
    choose(page, photo)
    at = page.locator(CROP).bounding_box()
    assert at
    page.mouse.move(at["x"] + 20, at["y"] + 20)
    page.mouse.down()
    page.mouse.move(at["x"] + 400, at["y"] + 300, steps=4)  # further than the picture reaches
    page.mouse.up()
    assert part(page) == (0, 0, 120)
    assert saved(page, cast) == ["rg", "bw"]


def test_a_click_brings_a_place_to_the_middle(page: Page, cast: Cast, photo: str) -> None:
    """Dragging is never the only way."""
    sign_in(page, "vera")
    choose(page, photo)
    at = page.locator(CROP).bounding_box()
    assert at
    page.mouse.click(at["x"] + at["width"] - 3, at["y"] + 60)
    assert part(page)[0] == pytest.approx(119, abs=2)
    assert saved(page, cast) == ["rb", "gw"]


def test_it_is_moved_and_zoomed_by_keys_and_wheel_and_slider(
    page: Page, cast: Cast, photo: str
) -> None:
    sign_in(page, "vera")
    choose(page, photo)
    page.get_by_label("Picture", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.locator(CROP)).to_be_focused()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert part(page) == (0, 0, 120)
    page.keyboard.press("+")
    assert part(page)[2] == pytest.approx(109, abs=1)
    page.locator(CROP).hover()
    page.mouse.wheel(0, -100)
    assert part(page)[2] == pytest.approx(99, abs=1)
    page.keyboard.press("-")
    page.get_by_label("Zoom").fill("2")
    assert part(page)[2] == 60
    page.locator(CROP).focus()
    for key in ("ArrowLeft", "ArrowUp"):
        for _ in range(20):
            page.keyboard.press(key)
    assert part(page) == (0, 0, 60)
    assert saved(page, cast) == ["rr", "rr"]


def test_two_fingers_zoom(page: Page, cast: Cast, photo: str) -> None:
    sign_in(page, "vera")
    choose(page, photo)
    page.locator(CROP).evaluate("""frame => {
        frame.setPointerCapture = () => {};  // no real finger is down
        const send = (kind, id, x) => frame.dispatchEvent(
          new PointerEvent(kind, { pointerId: id, clientX: x, clientY: 50, bubbles: true }));
        send("pointerdown", 1, 100); send("pointerdown", 2, 150);
        send("pointermove", 2, 200);
    }""")
    assert part(page)[2] == 60, "twice as far apart, twice as large"


def test_a_picture_is_cut_as_it_was_shown_whichever_way_it_was_held(
    page: Page, cast: Cast, tmp_path: Path
) -> None:
    file = tmp_path / "me.jpg"
    file.write_bytes(
        encoded(WIDE, "JPEG", quality=95, subsampling=0, exif=exif(6))
    )  # stands on its end
    sign_in(page, "vera")
    choose(page, str(file))
    assert part(page) == (0, 60, 120)
    page.locator(CROP).focus()
    for _ in range(20):
        page.keyboard.press("ArrowUp")
    assert part(page) == (0, 0, 120)
    assert saved(page, cast) == ["br", "wg"]


def test_too_large_a_file_is_not_even_sent(page: Page, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "me.png"
    file.write_bytes(padded(encoded(WIDE), pictures.BYTES + 1))
    sign_in(page, "vera")
    page.goto("/account/avatar")
    field = page.get_by_label("Picture", exact=True)
    field.set_input_files(str(file))
    page.get_by_role("button", name="Save picture").click()
    assert field.evaluate("field => field.validationMessage") == pictures.HEAVY
    expect(page.get_by_text("people see your initials")).to_be_visible()


def test_what_the_browser_cannot_show_the_server_judges(
    page: Page, cast: Cast, tmp_path: Path
) -> None:
    file = tmp_path / "me.png"
    file.write_bytes(b"GIF89a")
    sign_in(page, "vera")
    page.goto("/account/avatar")
    page.get_by_label("Picture", exact=True).set_input_files(str(file))
    page.get_by_role("button", name="Save picture").click()
    expect(page.locator("#avatar-errors")).to_have_text(re.compile(re.escape(pictures.OTHER)))
    expect(page.locator(CROP)).to_be_hidden()


def test_without_a_script_the_middle_is_taken(
    chromium: Browser, live_server: str, cast: Cast, photo: str
) -> None:
    with visit(chromium, live_server, java_script_enabled=False) as (page, _witness):
        sign_in(page, "vera")
        page.goto("/account/avatar")
        expect(page.locator(CROP)).to_be_hidden()
        page.get_by_label("Picture", exact=True).set_input_files(photo)
        page.get_by_role("button", name="Save picture").click()
        expect(page.get_by_text("Your avatar is changed.")).to_be_visible()
        settle()
        assert fields(page.request.get(f"/avatars/{cast.vera.avatar}/256").body()) == ["gr", "wg"]

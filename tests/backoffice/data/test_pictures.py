"""What becomes of a picture: its colours, the way it was held, the part that was chosen."""

import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from backoffice.data import pictures
from backoffice.data.pictures import Crop
from tests.support.images import (
    BLUE,
    RED,
    clean,
    colour_of,
    encoded,
    exif,
    fields,
    held,
    opened,
    plain,
    png_of,
    quarters,
    refusal,
)

PNG, JPEG = encoded(plain()), encoded(plain(), "JPEG", quality=95)


LOOKS: dict[str, tuple[Callable[[], bytes], tuple[int, ...]]] = {
    "grey": (lambda: encoded(plain("L", colour=100)), (100, 100, 100)),
    "grey of 16 bits": (lambda: encoded(plain("I;16", colour=0x8000)), (128, 128, 128)),
    "grey, see-through": (lambda: encoded(plain("LA", colour=(100, 128))), (100, 100, 100, 128)),
    "two colours": (lambda: encoded(plain("1", colour=1)), (255, 255, 255)),
    "palette": (lambda: encoded(plain().quantize(4)), RED),
    "palette, see-through": (lambda: encoded(plain().quantize(4), transparency=0), (*RED, 0)),
    "colours, see-through": (lambda: encoded(plain(), transparency=RED), (*RED, 0)),
    "alpha": (lambda: encoded(plain("RGBA", colour=(*RED, 128))), (*RED, 128)),
    "alpha that hides nothing": (lambda: encoded(plain("RGBA", colour=(*RED, 255))), RED),
    "16 bits a colour": (
        lambda: png_of(2, 2, zlib.compress((b"\0" + b"\xdc\0\x1e\0\x1e\0" * 2) * 2), depth=16), RED,
    ),
    "cmyk": (lambda: encoded(plain("CMYK", colour=(0, 255, 255, 0)), "JPEG"), (255, 0, 0)),
    "grey jpeg": (lambda: encoded(plain("L", colour=100), "JPEG"), (100, 100, 100)),
    "progressive": (lambda: encoded(plain(), "JPEG", progressive=True), RED),
    "interlaced": (lambda: encoded(plain(), interlace=1), RED),
    "a profile that is none": (lambda: encoded(plain(), icc_profile=b"no profile" * 20), RED),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKS)
def test_every_kind_of_picture_keeps_its_colour(name: str) -> None:
    make, expected = LOOKS[name]
    for content in clean(make()).values():
        found = colour_of(content)
        assert len(found) == len(expected)
        if expected[3:] != (0,):
            assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) < 16, found
        else:
            assert found[3] == 0


# --- what telephones make ---


def album() -> bytes:
    """Return a JPEG with a second picture behind it.

    Telephones keep depth or brightness that way (CIPA DC-007).
    """
    return encoded(plain(), "MPO", save_all=True, append_images=[plain(colour=BLUE)])


def test_of_several_pictures_in_a_jpeg_the_first_one_counts() -> None:
    hdr = b'http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version="1.0"/>'
    marked = album()[:2] + b"\xff\xe1" + struct.pack(">H", len(hdr) + 2) + hdr + album()[2:]
    for content in (album(), marked):
        found = colour_of(clean(content, "me.jpg")[256])
        assert max(abs(a - b) for a, b in zip(found, RED, strict=True)) < 16


@pytest.mark.parametrize("width, height", [(9248, 6936), (12_000, 5_000), (5_000, 12_000)])
def test_as_many_pixels_as_telephones_take_are_drawn(width: int, height: int) -> None:
    taken = quarters("rg", "bw", scale=1).resize((width, height), Image.Resampling.NEAREST)
    content = encoded(taken, "JPEG", quality=30)
    side = min(width, height)
    around = Crop((width - side) // 2, (height - side) // 2, side)
    assert fields(clean(content, "me.jpg", around)[256]) == ["rg", "bw"]
    small = Crop(width // 2 - 200, height // 2 - 200, 400)
    assert fields(clean(content, "me.jpg", small)[256]) == ["rg", "bw"]


@pytest.mark.parametrize("name", ["me.jfif", "me.JPE"])
def test_a_jpeg_has_many_names(name: str) -> None:
    assert clean(JPEG, name) == clean(JPEG, "me.jpg")


# --- how it was held, and where ---


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_the_way_it_was_held(orientation: int) -> None:
    """The part is chosen in the picture as people see it, and nothing tells of camera or place."""
    content = held(quarters("rgrb", "bwgw", scale=32), orientation)
    assert b"SecretMaker" in content
    assert fields(clean(content, "me.jpg", Crop(0, 0, 64))[256]) == ["rg", "bw"]
    right = clean(content, "me.jpg", Crop(64, 0, 64))
    assert fields(right[256]) == ["rb", "gw"]
    assert all(b"SecretMaker" not in each and b"Exif" not in each for each in right.values())


def test_a_png_is_turned_too() -> None:
    content = encoded(quarters("rg", "bw"), exif=exif(3))
    assert fields(clean(content)[256]) == ["wb", "gr"]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow's, and elsewhere only a line on stderr
@pytest.mark.parametrize(
    "odd", [b"", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" + bytes(40), b"?" * 500]
)
def test_exif_that_makes_no_sense_is_passed_over(odd: bytes) -> None:
    content = encoded(quarters("rg", "bw"), "JPEG", exif=b"Exif\0\0" + odd)
    assert fields(clean(content, "me.jpg")[256]) == ["rg", "bw"]


def test_the_middle_is_taken_where_nothing_is_chosen() -> None:
    assert fields(clean(encoded(quarters("wrgw", "wbrw")))[256]) == ["rg", "br"]
    assert fields(clean(encoded(quarters("ww", "rg", "bw", "gg")))[256]) == ["rg", "bw"]


BEYOND = [
    (-1, 0, 10),
    (0, -1, 10),
    (0, 0, 0),
    (0, 0, -5),
    (0, 0, 41),
    (21, 0, 40),
    (0, 1, 40),
    (99_999, 0, 1),
]


@pytest.mark.parametrize("place", BEYOND)
def test_a_part_outside_the_picture_is_refused(place: tuple[int, int, int]) -> None:
    assert refusal(PNG, crop=Crop(*place)) == pictures.OUTSIDE


@pytest.mark.parametrize(
    "crop, seen",
    [
        (Crop(0, 0, 1), ["rr", "rr"]),
        (Crop(59, 39, 1), ["gg", "gg"]),
        (Crop(20, 0, 40), ["gb", "wg"]),
    ],
)
def test_a_part_at_the_edge_is_within(crop: Crop, seen: list[str]) -> None:
    picture = quarters("rgb", "bwg", scale=20)
    for content in (encoded(picture), encoded(picture, "JPEG", quality=100, subsampling=0)):
        assert fields(clean(content, crop=crop)[256]) == seen


SIDES = (64, 256)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_whole_picture_is_upright_and_no_side_is_longer_than_asked(orientation: int) -> None:
    content = held(quarters("rgrb", "bwgw", scale=100), orientation)
    drawn = {side: opened(each) for side, each in pictures.whole(content, "a.jpg", SIDES).items()}
    assert {side: image.size for side, image in drawn.items()} == {64: (64, 32), 256: (256, 128)}
    assert not any(image.getexif() or image.info.get("exif") for image in drawn.values())


def test_a_small_picture_is_not_enlarged_and_keeps_its_shape() -> None:
    (drawn,) = pictures.whole(encoded(plain(size=(3, 900))), "a.png", (256,)).values()
    assert opened(drawn).size == (1, 256)
    (drawn,) = pictures.whole(encoded(plain(size=(30, 20))), "a.png", (256,)).values()
    assert opened(drawn).size == (30, 20)

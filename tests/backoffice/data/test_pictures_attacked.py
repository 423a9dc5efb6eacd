"""What is sent in place of a picture is refused with one sentence, or drawn anew.

What was hidden in it is gone.
"""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from backoffice.data import pictures
from tests.house.source import ROOT
from tests.support.images import (
    SIGNATURE,
    chunk,
    clean,
    encoded,
    exif,
    huge,
    opened,
    padded,
    plain,
    png_of,
    quarters,
    refusal,
    with_chunks,
    zeros,
)

PNG, JPEG = encoded(plain()), encoded(plain(), "JPEG", quality=95)
PLAYS = struct.pack(">II", 2, 0)
FRAMES = {"save_all": True, "append_images": [plain(colour=(1, 2, 3))]}


# --- what is no picture of ours ---

OTHERS = {
    "gif": encoded(plain(), "GIF"),
    "webp": encoded(plain(), "WEBP"),
    "bmp": encoded(plain(), "BMP"),
    "tiff": encoded(plain(), "TIFF"),
    "ico": encoded(plain(), "ICO"),
    "jpeg 2000": encoded(plain(), "JPEG2000"),
    "pdf": encoded(plain(), "PDF"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "php": b"<?php system($_GET['x']);",
    "zip": b"PK\x03\x04" + bytes(100),
    "text": b"hello",
    "blank in front": b" " + PNG,
    "half a signature": SIGNATURE[:4],
}


@pytest.mark.parametrize("filename", ["me.png", "me.jpg"])
@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_refused_whatever_they_are_called(name: str, filename: str) -> None:
    assert refusal(OTHERS[name], filename) == pictures.OTHER


@pytest.mark.parametrize(
    "filename",
    [
        "",
        "png",
        "me",
        "me.",
        "me.gif",
        "me.svg",
        "me.png.exe",
        "me.jpg.php",
        "me.png ",
        "me.png\0.txt",
    ],
)
def test_files_of_other_names_are_refused(filename: str) -> None:
    assert refusal(PNG, filename) == pictures.ENDING


@pytest.mark.parametrize(
    "filename",
    [
        "me.png", "ME.PNG", "me.JpEg", "me.php.jpg", ".png", "../../etc/passwd.png",
        "C:\\me\\you.jpg",
        "a" * 10_000 + ".png", "émoji 🙂\u202egnp.png", "me\n.png", "%00.png", "<script>.png",
    ],
)  # fmt: skip
def test_odd_names_do_not_matter_because_none_is_kept(filename: str) -> None:
    assert clean(PNG, filename) == clean(PNG, "me.png")


def test_nothing_is_refused() -> None:
    assert refusal(b"") == pictures.EMPTY


def test_a_jpeg_may_be_called_png_because_content_decides() -> None:
    assert clean(JPEG, "me.png") == clean(JPEG, "me.jpg")


@pytest.mark.parametrize("content", [PNG, JPEG])
def test_three_megabytes_are_let_in_and_one_byte_more_is_not(content: bytes) -> None:
    clean(padded(content, 3_145_728))
    assert refusal(padded(content, 3_145_729)) == pictures.HEAVY


def test_size_is_judged_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.Image.open", lambda *_args, **_options: pytest.fail("opened"))
    assert refusal(bytes(3_145_729), "me.exe") == pictures.HEAVY


# --- two things in one file ---


def _zip() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as packed:
        packed.writestr("evil.html", "<script>alert(1)</script>")
    return file.getvalue()


POLYGLOTS = {
    "html after a png": PNG + OTHERS["html"],
    "zip after a png": PNG + _zip(),
    "html in a text of a png": with_chunks(PNG, chunk(b"tEXt", b"Comment\0" + OTHERS["html"])),
    "php in a private chunk": with_chunks(PNG, chunk(b"prIv", OTHERS["php"])),
    "php in a comment of a jpeg": encoded(plain(), "JPEG", comment=OTHERS["php"]),
    "script in a comment of a jpeg": encoded(plain(), "JPEG", comment=b"*/=alert(1)/*"),
    "zip after a jpeg": JPEG + _zip(),
    "html in exif": encoded(plain(), "JPEG", exif=b"Exif\0\0" + OTHERS["html"]),
    "xmp": encoded(plain(), "JPEG", xmp=b"<x:xmpmeta><script>alert(1)</script></x:xmpmeta>"),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_polyglots_lose_their_other_half(name: str) -> None:
    for content in clean(POLYGLOTS[name]).values():
        for trace in (b"script", b"alert", b"php", b"PK\x03\x04", b"evil", b"Comment"):
            assert trace not in content


# --- more than one picture ---


def _mpo() -> bytes:
    return encoded(plain(), "MPO", **FRAMES)


def test_animations_are_refused() -> None:
    assert refusal(encoded(plain(), "PNG", **FRAMES)) == pictures.SEVERAL
    assert refusal(with_chunks(PNG, chunk(b"acTL", PLAYS))) == pictures.SEVERAL


def test_an_animation_of_one_frame_is_a_picture() -> None:
    assert clean(with_chunks(PNG, chunk(b"acTL", struct.pack(">II", 1, 0)))) == clean(PNG)


def test_frames_that_are_not_announced_are_not_seen() -> None:
    frame = chunk(b"fcTL", bytes(26)) + chunk(b"fdAT", bytes(4) + zlib.compress(bytes(9)))
    assert clean(with_chunks(PNG, frame * 3)) == clean(PNG)


# --- broken ---

SHAPES = quarters("rg", "bw", scale=100)
WHOLE = {
    "png": encoded(SHAPES),
    "jpeg": encoded(SHAPES, "JPEG"),
    "progressive": encoded(SHAPES, "JPEG", progressive=1),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_truncated_pictures_are_refused_at_every_length(kind: str) -> None:
    """The last two bytes of a JPEG only say that it ends; without them everything is there."""
    content = WHOLE[kind]
    enough = len(content) if kind == "png" else len(content) - 2
    for length in sorted({*range(1, 60), *range(60, enough, 37), enough - 1}):
        assert refusal(content[:length]) in (pictures.DAMAGED, pictures.OTHER), length


def _chunks(png: bytes) -> list[tuple[int, int]]:
    """Return where each chunk of a PNG begins and ends."""
    found, place = [], len(SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        found.append((place, place + length + 12))
        place += length + 12
    return found


def test_a_broken_checksum_anywhere_is_refused() -> None:
    content = with_chunks(PNG, chunk(b"tEXt", b"Title\0me"), chunk(b"gAMA", bytes(4)))
    assert len(_chunks(content)) == 5
    for begin, end in _chunks(content):
        for place in {begin + 4, (begin + end) // 2, end - 1}:
            broken = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            assert refusal(broken) == pictures.DAMAGED, place


@pytest.mark.parametrize(
    "content",
    [
        png_of(10, 10, b"no zlib at all"),
        png_of(10, 10, zlib.compress(bytes(7))),
        png_of(0, 10, zlib.compress(b"")),
        png_of(10, 10, zlib.compress(bytes(310)), depth=3),
        SIGNATURE + chunk(b"IEND", b""),
        SIGNATURE + chunk(b"IHDR", b"short") + chunk(b"IEND", b""),
        SIGNATURE + b"\xff\xff\xff\xffIHDR" + bytes(40),
        with_chunks(PNG, chunk(b"acTL", b"")),
        with_chunks(PNG, chunk(b"iCCP", b"x\0\0" + zeros(4 << 20))),
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0" + bytes(200),
        b"\xff\xd8\xff\xda" + bytes(200),
        JPEG.replace(b"\xff\xc0", b"\xff\xcf"),
    ],
)  # fmt: skip
def test_nonsense_between_right_beginnings_is_refused(content: bytes) -> None:
    assert refusal(content) in (pictures.DAMAGED, pictures.SEVERAL)


# --- too large ---


def claiming(width: int, height: int, jpeg: bytes = JPEG) -> bytes:
    """Return the JPEG of 60 by 40 pixels with another size in its head."""
    sized = jpeg.replace(struct.pack(">HH", 40, 60), struct.pack(">HH", height, width))
    assert sized != jpeg
    return sized


@pytest.mark.parametrize(
    "width, height", [(13_000, 13_000), (4097, 1), (1, 4097), (2**31 - 1,) * 2]
)
def test_claims_of_a_png_of_too_many_pixels_are_refused_unseen(width: int, height: int) -> None:
    assert refusal(png_of(width, height, zlib.compress(b""))) == pictures.LARGE_PNG


@pytest.mark.parametrize(
    "width, height",
    [(13_000, 13_000), (1, 65_535), (65_535, 1), (12_001, 1), (1, 12_001), (8192, 8193)],
)
def test_claims_of_a_jpeg_of_too_many_pixels_are_refused_unseen(width: int, height: int) -> None:
    assert refusal(claiming(width, height), "me.jpg") == pictures.LARGE


def test_a_jpeg_that_has_to_be_kept_whole_may_have_fewer_pixels() -> None:
    """A JPEG that comes in several passes is in memory as a whole, scaled down or not."""
    progressive = encoded(plain(), "JPEG", progressive=True)
    assert refusal(claiming(4097, 4097, progressive), "me.jpg") == pictures.LARGE_IN_PASSES
    scan = JPEG.index(b"\xff\xda")
    one_colour_at_a_time = JPEG[: scan + 4] + b"\1" + JPEG[scan + 5 :]
    assert refusal(claiming(4097, 4097, one_colour_at_a_time), "me.jpg") == pictures.LARGE_IN_PASSES


@pytest.mark.slow
def test_a_real_picture_of_thirteen_thousand_pixels_is_refused() -> None:
    content = huge(13_000, 13_000)
    assert len(content) < pictures.BYTES
    assert refusal(content) == pictures.LARGE_PNG


@pytest.mark.parametrize("width, height", [(4096, 1), (1, 4096), (4096, 4096), (1, 1)])
def test_as_many_pixels_as_are_allowed_are_drawn(width: int, height: int) -> None:
    picture = Image.new("L", (width, height), 99)
    for content in (encoded(picture), encoded(picture, "JPEG")):
        assert {opened(each).convert("L").getpixel((5, 5)) for each in clean(content).values()} <= {
            98,
            99,
            100,
        }


def test_text_bombs_never_unfold(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are one text of 200 MB, or thousands that are each just small enough for Pillow."""
    monkeypatch.setattr(
        "PIL.PngImagePlugin._safe_zlib_decompress", lambda _text: pytest.fail("unfolded")
    )
    bomb, small = zeros(200 << 20), zeros(1 << 20)
    parts = (
        (chunk(b"zTXt", b"a\0\0" + bomb),),
        (chunk(b"iTXt", b"a\0\1\0\0\0" + bomb),),
        (chunk(b"zTXt", b"a\0\0" + small),) * 500,
        (chunk(b"iTXt", b"a\0\1\0\0\0" + small),) * 500,
        (chunk(b"zTXt", b"Raw profile type exif\0\0" + small),) * 10,
    )
    for texts in parts:
        assert clean(with_chunks(PNG, *texts)) == clean(PNG)


def test_a_jpeg_of_endless_scans_is_refused_at_once() -> None:
    content = encoded(SHAPES, "JPEG", progressive=True)
    scan = content[content.rindex(b"\xff\xda") : -2]
    assert refusal(content[:-2] + scan * 200 + content[-2:]) == pictures.ODD


# --- how much room it takes ---

GREATEST = Image.linear_gradient("L").resize((4096, 4096))
PHONE = Image.new("RGB", (9248, 6936), (30, 60, 90))  # 64 megapixels
HEAVIEST: dict[str, Callable[[], bytes]] = {
    "claims and is 13,000 by 13,000": lambda: huge(13_000, 13_000),
    "alpha": lambda: encoded(Image.merge("RGBA", [GREATEST] * 4), compress_level=1),
    "alpha, turned": lambda: encoded(
        Image.merge("RGBA", [GREATEST] * 4), exif=exif(6), compress_level=1
    ),
    "palette": lambda: encoded(GREATEST.convert("P"), transparency=0),
    "16 bits": lambda: encoded(Image.new("I;16", (4096, 4096), 40_000)),
    "as telephones take them": lambda: encoded(PHONE, "JPEG"),
    "as telephones take them, turned": lambda: encoded(PHONE, "JPEG", exif=exif(6)),
    "as printers like them": lambda: encoded(PHONE.convert("CMYK"), "JPEG", exif=exif(6)),
    "progressive cmyk": lambda: encoded(
        Image.merge("CMYK", [GREATEST] * 4), "JPEG", progressive=True
    ),
    "text bomb": lambda: with_chunks(PNG, chunk(b"zTXt", b"a\0\0" + zeros(600 << 20))),
    "profile bomb": lambda: with_chunks(PNG, chunk(b"iCCP", b"a\0\0" + zeros(600 << 20))),
}
MEASURE = """
import re, sys
from pathlib import Path
from backoffice.errors import RuleBroken
from backoffice.data.pictures import Crop, rendered, whole
most = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
content, before = Path(sys.argv[1]).read_bytes(), most()
for draw in (
    lambda: rendered(content, "me.png", Crop(10, 10, 200)),
    lambda: whole(content, "me.png", (256, 2048)),
):
    try:
        draw()
    except RuleBroken:
        pass
print(most() - before)
"""
ROOM = (
    256 * 1024
)  # kilobytes; decoding 13,000 by 13,000 pixels, or unfolding what is folded, would take twice that


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVIEST)
def test_memory_is_bounded_whatever_comes(name: str, tmp_path: Path) -> None:
    file = tmp_path / "me.png"
    file.write_bytes(HEAVIEST[name]())
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(measured.stdout) < ROOM

"""Pictures as people send them, and as attackers do.

They are made here, byte by byte where no program would make them.
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backoffice.data.pictures import Crop, rendered
from backoffice.errors import RuleBroken

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 60), (40, 60, 220), (255, 255, 255)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
EXACT = 40  # how far a colour may be off after lossy encoding


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def plain(mode: str = "RGB", size: tuple[int, int] = (60, 40), colour: Any = None) -> Image.Image:
    return Image.new(mode, size, RED if colour is None and mode == "RGB" else colour or 0)


def quarters(*rows: str, scale: int = 64) -> Image.Image:
    """Draw coloured fields by the first letters of their colours: `quarters("rg", "bw")`."""
    colours = {"r": RED, "g": GREEN, "b": BLUE, "w": WHITE}
    image = Image.new("RGB", (len(rows[0]), len(rows)))
    image.putdata([colours[letter] for row in rows for letter in row])
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def fields(content: bytes, across: int = 2) -> list[str]:
    """Return the rows of coloured fields that a picture shows, as `quarters` takes them."""
    image = Image.open(BytesIO(content)).convert("RGB")
    names = {"r": RED, "g": GREEN, "b": BLUE, "w": WHITE}
    step = image.width / across

    def letter(column: int, row: int) -> str:
        found: Any = image.getpixel((int((column + 0.5) * step), int((row + 0.5) * step)))
        near = (
            n
            for n, colour in names.items()
            if max(abs(a - b) for a, b in zip(found, colour, strict=True)) < EXACT
        )
        return next(near, "?")

    return ["".join(letter(column, row) for column in range(across)) for row in range(across)]


def held(image: Image.Image, orientation: int) -> bytes:
    """Make the JPEG that a camera stores if it is held in this way while people see `image`.

    `orientation` is a number of the table in the EXIF standard.
    """
    width, height = image.size
    places = {
        1: lambda row, column: (column, row),
        2: lambda row, column: (width - 1 - column, row),
        3: lambda row, column: (width - 1 - column, height - 1 - row),
        4: lambda row, column: (column, height - 1 - row),
        5: lambda row, column: (row, column),
        6: lambda row, column: (width - 1 - row, column),
        7: lambda row, column: (width - 1 - row, height - 1 - column),
        8: lambda row, column: (row, height - 1 - column),
    }
    stored = Image.new("RGB", (height, width) if orientation > 4 else (width, height))
    place = places[orientation]
    stored.putdata(
        [image.getpixel(place(y, x)) for y in range(stored.height) for x in range(stored.width)]
    )
    return encoded(stored, "JPEG", quality=95, subsampling=0, exif=exif(orientation))


def exif(orientation: int = 1) -> bytes:
    """Return what a telephone writes: how it was held, who made the picture, and where that was."""
    written = Image.Exif()
    written[0x0112] = orientation
    written[0x010F] = "SecretMaker"
    written.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # the GPS block: latitude
    return written.tobytes()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, pixels: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    """Make a PNG that claims this size, whatever its pixels are; they are compressed already."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zeros(number: int) -> bytes:
    """Compress so many zero bytes without ever having all of them in memory."""
    packer, block = zlib.compressobj(1), bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(number >> 20)]
    return b"".join([*parts, packer.compress(bytes(number & 0xFFFFF)), packer.flush()])


def huge(width: int, height: int) -> bytes:
    """Make a real PNG of that size in one colour.

    The file is small, but needs three bytes a pixel once it is decoded.
    """
    return png_of(width, height, zeros(height * (1 + 3 * width)))


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    """Return the PNG with more chunks right after its head."""
    head = len(SIGNATURE) + 25
    return png[:head] + b"".join(chunks) + png[head:]


def padded(content: bytes, size: int) -> bytes:
    return content + bytes(size - len(content))


def stored(folder: Path) -> list[Path]:
    """Return every file of the uploads, also those that were only begun."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def chunks_of(content: bytes) -> Iterator[bytes]:
    """Return the names of the chunks of an encoded WebP picture."""
    place = 12
    while place < len(content):
        (length,) = struct.unpack_from("<I", content, place + 4)
        yield content[place : place + 4]
        place += 8 + length + length % 2


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def colour_of(content: bytes) -> tuple[int, ...]:
    """Return the colour in the middle, as eight bits a channel."""
    image = opened(content)
    found = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(found, tuple)
    return tuple(int(part) for part in found)


def refusal(content: bytes, filename: str = "me.png", crop: Crop | None = None) -> str:
    with pytest.raises(RuleBroken) as caught:
        rendered(content, filename, crop)
    return caught.value.message


def clean(content: bytes, filename: str = "me.png", crop: Crop | None = None) -> dict[int, bytes]:
    """Process a picture, check that nothing but pixels is left, and return the results.

    They must have exactly the sizes that the product serves.
    """
    found = rendered(content, filename, crop)
    assert {size: opened(each).size for size, each in found.items()} == {
        64: (64, 64),
        256: (256, 256),
    }
    for each in found.values():
        image = opened(each)
        assert (image.format, image.mode in ("RGB", "RGBA")) == ("WEBP", True)
        assert not image.getexif()
        assert set(chunks_of(each)) <= {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
    return found

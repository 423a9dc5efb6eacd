"""Check uploaded pictures before decoding them, and render them without any byte of the file."""

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from PIL import Image, ImageCms

from backoffice import limits
from backoffice.errors import RuleBroken
from backoffice.models.user import AVATAR_SIZES
from backoffice.text import N_
from backoffice.text.numbers import formatted

BYTES = limits.PICTURE
WHOLE = limits.PICTURE_WHOLE  # pixels that are decoded at once
PNG_SIDE = limits.PICTURE_PNG_SIDE  # pixels: a PNG can only be decoded as a whole
# A JPEG may be larger, because it is scaled down while it is decoded.
JPEG_SIDE = limits.PICTURE_JPEG_SIDE
JPEG_PIXELS = limits.PICTURE_JPEG
# A progressive JPEG has about ten scans; thousands of empty ones would be decoded for minutes.
SCANS = 100
SIZES = AVATAR_SIZES
TYPE = "image/webp"  # what every picture becomes: small, and it can be transparent

ENDINGS = (".png", ".jpg", ".jpeg", ".jfif", ".jpe")
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
SCAN = b"\xff\xda"

# Marker codes of a JPEG (ITU-T T.81, table B.1): frames, the progressive ones among them, and the
# start of a scan.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
START_OF_SCAN = 0xDA

# The chunks that a PNG is drawn from. Texts, which may unfold to gigabytes, further frames and
# whatever follows are left out.
CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"eXIf")

ORIENTATION = 0x0112  # in EXIF: how the camera was held
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = 5  # from this orientation on, height and width change places

SRGB = ImageCms.createProfile("sRGB")
LARGEST = SIZES[-1]
QUALITY = 85

EMPTY: str = _l("This file is empty. Choose a PNG or JPEG picture.")
HEAVY: str = _l(
    "The file has more than 3 MB (3,145,728 bytes). Save the picture smaller and try again."
)
ENDING: str = _l(
    "The name of the file must end in .png, .jpg, .jpeg or .jfif. "
    "Save the picture as PNG or JPEG and try again."
)
OTHER = N_(
    "This is no PNG or JPEG picture, whatever its name says. Save it as PNG or JPEG and try again."
)
DAMAGED: str = _l("This picture is damaged or incomplete. Save it anew and try again.")
LARGE: str = _l(
    "The picture has more than 64 megapixels, or 12,000 pixels on a side. "
    "Make it smaller and try again."
)
LARGE_PNG: str = _l(
    "A PNG may have %(pixels)s pixels in width and height. "
    "Save it as JPEG, or smaller, and try again.",
    pixels=formatted(PNG_SIDE),
)
LARGE_IN_PASSES: str = _l(
    "A progressive JPEG may have 16 megapixels. "
    "Save it as an ordinary JPEG, or smaller, and try again."
)
SEVERAL: str = _l(
    "This file holds several pictures, as animations do. Save one of them alone and try again."
)
ODD: str = _l(
    "This picture is stored in an unusual way. Save it anew as PNG or JPEG and try again."
)
OUTSIDE: str = _l("The part that you chose does not lie within the picture. Choose it again.")


@dataclass(frozen=True)
class Crop:
    """A square part of a picture, in pixels of the upright picture that people see."""

    x: int
    y: int
    size: int


def rendered(content: bytes, filename: str, crop: Crop | None = None) -> dict[int, bytes]:
    """Return a square part of the picture, encoded as TYPE in each of SIZES.

    The part is `crop`, or the middle of the picture. The results carry no metadata.
    A large picture takes some 200 MB for a moment: callers must hold a slot (backoffice/slots.py).
    Raises RuleBroken, which says what is wrong with the file and what to do.
    """
    if len(content) > BYTES:
        raise _refusal(HEAVY)
    square = _drawn(content, filename, partial(_square, crop=crop))
    return {size: _encoded(square.resize((size, size), Image.Resampling.LANCZOS)) for size in SIZES}


def whole(content: bytes, filename: str, sizes: Sequence[int]) -> dict[int, bytes]:
    """Return the whole picture, encoded as TYPE, with each of `sizes` as its longest side.

    It is not enlarged. The caller has seen to the size of the file. Otherwise this is as
    `rendered`.
    """
    image = _drawn(content, filename, partial(_within_side, side=max(sizes)))
    return {size: _encoded(_reduced(image, size)) for size in sizes}


def _drawn(
    content: bytes, filename: str, draw: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """Return what `draw` makes of the picture, after all checks.

    Raises RuleBroken, which says what is wrong with the file and what to do.
    """
    picture = _decodable(content, filename)
    try:
        with _opened(picture) as image:
            return draw(image)
    except RuleBroken:
        raise
    except Exception as error:  # decoders raise anything over what was made to break them
        raise _refusal(DAMAGED) from error


def _refusal(sentence: str) -> RuleBroken:
    return RuleBroken(sentence)


def _decodable(content: bytes, filename: str) -> bytes:
    """Return the bytes to decode, after all checks that need no decoding.

    Raises RuleBroken with the first fault.
    """
    if not content:
        raise _refusal(EMPTY)
    if not filename.lower().endswith(ENDINGS):
        raise _refusal(ENDING)
    if content.startswith(PNG):
        return _essential_chunks(content)
    if not content.startswith(JPEG):
        raise _refusal(_(OTHER))
    if content.count(SCAN) > SCANS:
        raise _refusal(ODD)
    return content


def _essential_chunks(content: bytes) -> bytes:
    """Return the PNG with only the chunks that make up the picture.

    Raises RuleBroken for a wrong checksum, a missing end, or an animation.
    """
    kept = [PNG]
    place = len(PNG)
    while not kept[-1].startswith(b"IEND", 4):
        # A chunk is its length, its name, its data and a checksum over name and data.
        length, name = _unpacked(">I4s", content, place)
        end = place + length + 12
        (checksum,) = _unpacked(">I", content, end - 4)
        if zlib.crc32(memoryview(content)[place + 4 : end - 4]) != checksum:
            raise _refusal(DAMAGED)
        # acTL announces an animation and says how many frames it has.
        if name == b"acTL" and _unpacked(">I", content, place + 8) != (1,):
            raise _refusal(SEVERAL)
        if name in CHUNKS:
            kept.append(content[place:end])
        place = end
    return b"".join(kept)


def _unpacked(layout: str, content: bytes, place: int) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(layout, content, place)
    except struct.error:
        raise _refusal(DAMAGED) from None


def _opened(picture: bytes) -> Image.Image:
    """Return the picture with its header read and nothing decoded.

    Phones append further pictures to the first one of a JPEG (MPO, Ultra HDR): the first counts.
    Raises RuleBroken if the picture is too large.
    """
    is_png = picture.startswith(PNG)
    image = _with_header_read(picture, is_png=is_png)
    longest_side = max(image.size)
    if is_png and longest_side > PNG_SIDE:
        raise _refusal(LARGE_PNG)
    if not is_png and longest_side > JPEG_SIDE:
        raise _refusal(LARGE)
    pixels = image.width * image.height
    if pixels > JPEG_PIXELS:
        raise _refusal(LARGE)
    if pixels > WHOLE and _comes_in_passes(picture):
        raise _refusal(LARGE_IN_PASSES)
    return image


def _with_header_read(picture: bytes, *, is_png: bool) -> Image.Image:
    from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415  # 4 MB, read with the first picture
    from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415  # likewise

    file = BytesIO(picture)
    return PngImageFile(file) if is_png else JpegImageFile(file)


def _comes_in_passes(jpeg: bytes) -> bool:
    """Return whether decoding keeps the whole picture in memory, even while scaling it down.

    It does when the first scan lacks components, or is only a first approximation
    (jdinput.c of libjpeg).
    """
    place = 2
    components = 0
    progressive = False
    while True:
        mark, code, length = _unpacked(">BBH", jpeg, place)
        if mark != 0xFF:
            raise _refusal(DAMAGED)
        if code in FRAMES:
            (components,) = _unpacked(">B", jpeg, place + 9)
            progressive = code in PROGRESSIVE
        if code == START_OF_SCAN:
            (scanned,) = _unpacked(">B", jpeg, place + 4)
            return progressive or scanned < components
        # Any number of 0xFF may stand before a marker.
        place += 1 if code == 0xFF else length + 2


def _square(image: Image.Image, crop: Crop | None) -> Image.Image:
    """Return the chosen part, or the middle, as RGB or RGBA with LARGEST pixels on each side."""
    if image.format == "PNG":
        # Asking a PNG for its orientation loads it too, and would hide that it is broken.
        image.load()
    orientation = _orientation(image)
    width, height = image.size
    if orientation >= LYING:
        width, height = height, width
    crop = _within(crop, width, height)
    _load_reduced(image, LARGEST / crop.size)
    profile = image.info.get("icc_profile")
    upright = _upright(image, orientation)
    box = _box(crop, upright, width, height)
    square = _scalable(upright).resize((LARGEST, LARGEST), Image.Resampling.LANCZOS, box)
    return _plain(square, profile)


def _within_side(image: Image.Image, side: int) -> Image.Image:
    """Return the whole picture, upright, as RGB or RGBA; no side is longer than `side`."""
    if image.format == "PNG":
        image.load()  # as above
    orientation = _orientation(image)
    _load_reduced(image, side / max(image.size))
    profile = image.info.get("icc_profile")
    return _plain(_reduced(_scalable(_upright(image, orientation)), side), profile)


def _reduced(image: Image.Image, side: int) -> Image.Image:
    """Return the picture with `side` as its longest side, unless it is smaller already."""
    ratio = side / max(image.size)
    if ratio >= 1:
        return image
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def _load_reduced(image: Image.Image, ratio: float) -> None:
    """Decode the picture, a JPEG at no more detail than twice what the ratio leaves of it."""
    ratio = 2 * ratio
    if image.width * image.height > WHOLE:
        ratio = min(ratio, 0.5)
    # libjpeg can decode at a half, a quarter or an eighth of the size.
    image.draft(None, (int(image.width * ratio), int(image.height * ratio)))
    image.load()


def _box(
    crop: Crop, upright: Image.Image, width: int, height: int
) -> tuple[float, float, float, float]:
    """Return where the crop lies in the decoded picture: left, top, right and bottom.

    `width` and `height` are those before the picture was scaled down; the crop refers to them.
    """
    across = upright.width / width
    down = upright.height / height
    right = (crop.x + crop.size) * across
    bottom = (crop.y + crop.size) * down
    # Rounding may lead a little over the edge, which Pillow refuses.
    return crop.x * across, crop.y * down, min(right, upright.width), min(bottom, upright.height)


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # noqa: BLE001  # broken metadata is no reason to refuse the picture
        return 1
    return orientation if isinstance(orientation, int) else 1


def _within(crop: Crop | None, width: int, height: int) -> Crop:
    """Return the crop, or the middle if there is none.

    Raises RuleBroken if the crop does not lie within the picture.
    """
    if crop is None:
        size = min(width, height)
        return Crop((width - size) // 2, (height - size) // 2, size)
    starts_inside = crop.x >= 0 and crop.y >= 0
    ends_inside = crop.x + crop.size <= width and crop.y + crop.size <= height
    if crop.size < 1 or not starts_inside or not ends_inside:
        raise _refusal(OUTSIDE)
    return crop


def _scalable(image: Image.Image) -> Image.Image:
    """Return the picture in a mode in which neighbouring pixels can be mixed.

    It has no palette, and its transparency is a channel.
    """
    has_transparent_color = "transparency" in image.info and image.mode in ("1", "L", "RGB", "P")
    if has_transparent_color or image.mode == "LA":
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode == "P":
        return image.convert("RGB")
    return image


def _plain(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the picture to sRGB with eight bits a colour.

    It keeps an alpha channel only if some pixel is transparent.
    """
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = image.point(lambda value: value * (1 / 257)).convert("L")
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        image = _in_srgb(image, profile, mode)
    image = image.convert(mode)
    if mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return image


def _in_srgb(image: Image.Image, profile: bytes, mode: str) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, source, SRGB, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        # The profile is broken, or is one of another kind of picture: colours stay as they are.
        return image


def _encoded(image: Image.Image) -> bytes:
    """Encode the pixels, and nothing else, as TYPE."""
    pixels_only = Image.frombytes(image.mode, image.size, image.tobytes())
    file = BytesIO()
    pixels_only.save(file, "WEBP", quality=QUALITY)
    return file.getvalue()


def without_ending(filename: str) -> str:
    """Return the name of a picture without the ending that says how it was encoded."""
    ending = next((end for end in ENDINGS if filename.lower().endswith(end)), "")
    return filename[: len(filename) - len(ending)]

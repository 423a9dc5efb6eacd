"""Pictures that people upload: judged before they are decoded, then drawn anew, so that nothing of the file is kept."""

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

from backoffice import limits
from backoffice.errors import RuleBroken

FIELD = "avatar"
BYTES = limits.PICTURE
WHOLE = limits.PICTURE_WHOLE  # pixels that are decoded at once
PNG_SIDE = limits.PICTURE_PNG_SIDE  # pixels: a PNG can only be decoded as a whole
JPEG_SIDE, JPEG_PIXELS = (
    limits.PICTURE_JPEG_SIDE,
    limits.PICTURE_JPEG,
)  # which are scaled down while they are decoded
SCANS = (
    100  # a progressive JPEG has about ten; thousands of empty ones would be decoded for minutes
)
SIZES = (64, 256)  # pixels, both ways
TYPE = "image/webp"  # what every picture becomes: small, and it can be transparent

ENDINGS = (".png", ".jpg", ".jpeg", ".jfif", ".jpe")
PNG, JPEG, SCAN = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xda"
# Marker codes of a JPEG (ITU-T T.81, table B.1): frames, those of them that are progressive, and the first scan.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
START_OF_SCAN = 0xDA
# What a PNG is drawn from. Texts, which may unfold to gigabytes, further frames and whatever follows are left out.
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
LYING = 5  # from here on height and width change places
SRGB = ImageCms.createProfile("sRGB")
LARGEST, QUALITY = SIZES[-1], 85

EMPTY = "This file is empty. Choose a PNG or JPEG picture."
HEAVY = "The file has more than 3 MB (3,145,728 bytes). Save the picture smaller and try again."
ENDING = "The name of the file must end in .png, .jpg, .jpeg or .jfif. Save the picture as PNG or JPEG and try again."
OTHER = (
    "This is no PNG or JPEG picture, whatever its name says. Save it as PNG or JPEG and try again."
)
DAMAGED = "This picture is damaged or incomplete. Save it anew and try again."
LARGE = "The picture has more than 64 megapixels, or 12,000 pixels on a side. Make it smaller and try again."
LARGE_PNG = f"A PNG may have {PNG_SIDE:,} pixels in width and height. Save it as JPEG, or smaller, and try again."
LARGE_IN_PASSES = "A progressive JPEG may have 16 megapixels. Save it as an ordinary JPEG, or smaller, and try again."
SEVERAL = (
    "This file holds several pictures, as animations do. Save one of them alone and try again."
)
ODD = "This picture is stored in an unusual way. Save it anew as PNG or JPEG and try again."
OUTSIDE = "The part that you chose does not lie within the picture. Choose it again."


@dataclass(frozen=True)
class Crop:
    """A square part of a picture, in pixels, as people see it: turned the way the camera was held."""

    x: int
    y: int
    size: int


def drawn(content: bytes, filename: str, crop: Crop | None = None) -> dict[int, bytes]:
    """The picture, or the middle of it, cut square and encoded as TYPE in all SIZES, without a word about its origin.

    A large one takes some 200 MB for a moment: whoever calls this has a slot (backoffice/slots.py).
    Raises RuleBroken (field avatar) with what is wrong with the file and what to do about it.
    """
    essence = _essence(content, filename)
    try:
        with _opened(essence) as image:
            square = _square(image, crop)
    except RuleBroken:
        raise
    except Exception as error:  # decoders raise anything over what was made to break them
        raise _refusal(DAMAGED) from error
    return {size: _encoded(square.resize((size, size), Image.Resampling.LANCZOS)) for size in SIZES}


def _refusal(sentence: str) -> RuleBroken:
    return RuleBroken(sentence, field=FIELD)


def _essence(content: bytes, filename: str) -> bytes:
    """What of the file has to be decoded. Everything that can be said without decoding is said here."""
    if not content:
        raise _refusal(EMPTY)
    if len(content) > BYTES:
        raise _refusal(HEAVY)
    if not filename.lower().endswith(ENDINGS):
        raise _refusal(ENDING)
    if content.startswith(PNG):
        return _png_essence(content)
    if not content.startswith(JPEG):
        raise _refusal(OTHER)
    if content.count(SCAN) > SCANS:
        raise _refusal(ODD)
    return content


def _png_essence(content: bytes) -> bytes:
    """The chunks that make up the picture. Raises RuleBroken for broken checksums, a missing end, or an animation."""
    kept, place = [PNG], len(PNG)
    while not kept[-1].startswith(b"IEND", 4):
        length, name = _unpacked(">I4s", content, place)
        end = place + length + 12
        (checksum,) = _unpacked(">I", content, end - 4)
        if zlib.crc32(memoryview(content)[place + 4 : end - 4]) != checksum:
            raise _refusal(DAMAGED)
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


def _opened(essence: bytes) -> Image.Image:
    """The picture with its head read, and nothing decoded. Raises RuleBroken if it is too large.

    Telephones put further pictures behind the first one of a JPEG (MPO, Ultra HDR): the first one counts.
    """
    from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415  # 4 MB that are read with the first picture
    from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415  # likewise

    is_png = essence.startswith(PNG)
    image = PngImageFile(BytesIO(essence)) if is_png else JpegImageFile(BytesIO(essence))
    if max(image.size) > (PNG_SIDE if is_png else JPEG_SIDE):
        raise _refusal(LARGE_PNG if is_png else LARGE)
    pixels = image.width * image.height
    if pixels > JPEG_PIXELS:
        raise _refusal(LARGE)
    if pixels > WHOLE and _comes_in_passes(essence):
        raise _refusal(LARGE_IN_PASSES)
    return image


def _comes_in_passes(jpeg: bytes) -> bool:
    """Whether decoding keeps the whole picture in memory, even if it is scaled down meanwhile.

    So it does when the first scan has not all components, or is only a first approximation (jdinput.c of libjpeg).
    """
    place, components, progressive = 2, 0, False
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
        place += 1 if code == 0xFF else length + 2  # any number of 0xFF may stand before a marker


def _square(image: Image.Image, crop: Crop | None) -> Image.Image:
    """The part that was chosen, or the middle, as RGB or RGBA in the largest size that is kept."""
    if image.format == "PNG":
        image.load()  # here, because asking a PNG how it was held loads it too, and would hide that it is broken
    orientation = _orientation(image)
    width, height = image.size[::-1] if orientation >= LYING else image.size
    crop = _within(crop, width, height)
    ratio = 2 * LARGEST / crop.size
    if width * height > WHOLE:
        ratio = min(ratio, 0.5)
    image.draft(
        None, (int(image.width * ratio), int(image.height * ratio))
    )  # a JPEG may be decoded at an eighth
    image.load()
    profile = image.info.get("icc_profile")
    turned = image.transpose(TURNS[orientation]) if orientation in TURNS else image
    across, down = turned.width / width, turned.height / height
    right, bottom = (crop.x + crop.size) * across, (crop.y + crop.size) * down
    box = (crop.x * across, crop.y * down, min(right, turned.width), min(bottom, turned.height))
    return _plain(
        _scalable(turned).resize((LARGEST, LARGEST), Image.Resampling.LANCZOS, box), profile
    )


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ORIENTATION)
    except Exception:  # noqa: BLE001  # a picture need not be refused because of what is written on its back
        return 1
    return found if isinstance(found, int) else 1


def _within(crop: Crop | None, width: int, height: int) -> Crop:
    """The part that was chosen. Raises RuleBroken if it is not there; nothing chosen is the middle."""
    if crop is None:
        size = min(width, height)
        return Crop((width - size) // 2, (height - size) // 2, size)
    if (
        min(crop.x, crop.y, crop.size - 1) < 0
        or crop.x + crop.size > width
        or crop.y + crop.size > height
    ):
        raise _refusal(OUTSIDE)
    return crop


def _scalable(image: Image.Image) -> Image.Image:
    """The same picture without a palette and with its transparency as a channel, so that neighbours can be mixed."""
    see_through = "transparency" in image.info and image.mode in ("1", "L", "RGB", "P")
    if see_through or image.mode == "LA":
        return image.convert("RGBA")
    return image.convert({"1": "L", "P": "RGB"}[image.mode]) if image.mode in ("1", "P") else image


def _plain(image: Image.Image, profile: bytes | None) -> Image.Image:
    """In sRGB with eight bits a colour, and with an alpha channel only where something shines through."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value * (1 / 257)).convert("L")
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, SRGB, outputMode=mode) or image
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass  # a profile that makes no sense, or one of another kind of picture: colours stay as they are
    image = image.convert(mode)
    return (
        image.convert("RGB")
        if mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255)
        else image
    )


def _encoded(image: Image.Image) -> bytes:
    """The pixels and nothing else, as TYPE."""
    file = BytesIO()
    Image.frombytes(image.mode, image.size, image.tobytes()).save(file, "WEBP", quality=QUALITY)
    return file.getvalue()

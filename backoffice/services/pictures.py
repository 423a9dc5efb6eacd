"""Pictures that people upload: judged before they are decoded, then drawn anew, so that nothing of the file is kept."""

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import Any

from PIL import Image, ImageCms

from backoffice import limits
from backoffice.errors import RuleBroken

FIELD = "avatar"
BYTES = limits.PICTURE
SIDE = limits.PICTURE_SIDE  # pixels, which makes 16 megapixels at most
SCANS = 100  # a progressive JPEG has about ten; thousands of empty ones would be decoded for minutes
SIZES = (64, 256)  # pixels, both ways
TYPE = "image/webp"  # what every picture becomes: small, and it can be transparent

ENDINGS = (".png", ".jpg", ".jpeg")
PNG, JPEG, SCAN = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xda"
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
ENDING = "The name of the file must end in .png, .jpg or .jpeg. Save the picture as PNG or JPEG and try again."
OTHER = "This is no PNG or JPEG picture, whatever its name says. Save it as PNG or JPEG and try again."
DAMAGED = "This picture is damaged or incomplete. Save it anew and try again."
LARGE = f"The picture has more than {SIDE:,} pixels in width or height. Make it smaller and try again."
SEVERAL = "This file holds several pictures, as animations do. Save one of them alone and try again."
ODD = "This picture is stored in an unusual way. Save it anew as PNG or JPEG and try again."
OUTSIDE = "The part that you chose does not lie within the picture. Choose it again."

# Pillow's own guard, in case a file gets past ours: half-way over its limit it only warns.
Image.MAX_IMAGE_PIXELS = SIDE * SIDE
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


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
    """The picture with its head read, and nothing decoded. Raises RuleBroken if it is too large, or not alone."""
    try:
        image: Image.Image = Image.open(BytesIO(essence), formats=("PNG", "JPEG"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refusal(LARGE) from error
    if max(image.size) > SIDE:
        raise _refusal(LARGE)
    if getattr(image, "n_frames", 1) != 1:
        raise _refusal(SEVERAL)
    return image


def _square(image: Image.Image, crop: Crop | None) -> Image.Image:
    """The part that was chosen, or the middle, as RGB or RGBA in the largest size that is kept."""
    if image.format == "PNG":
        image.load()  # here, because asking a PNG how it was held loads it too, and would hide that it is broken
    orientation = _orientation(image)
    width, height = image.size[::-1] if orientation >= LYING else image.size
    crop = _within(crop, width, height)
    ratio = 2 * LARGEST / crop.size
    image.draft(None, (ceil(image.width * ratio), ceil(image.height * ratio)))  # a JPEG may be decoded at an eighth
    image.load()
    profile = image.info.get("icc_profile")
    turned = image.transpose(TURNS[orientation]) if orientation in TURNS else image
    across, down = turned.width / width, turned.height / height
    right, bottom = (crop.x + crop.size) * across, (crop.y + crop.size) * down
    box = (crop.x * across, crop.y * down, min(right, turned.width), min(bottom, turned.height))
    return _plain(_scalable(turned).resize((LARGEST, LARGEST), Image.Resampling.LANCZOS, box), profile)


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
    if min(crop.x, crop.y, crop.size - 1) < 0 or crop.x + crop.size > width or crop.y + crop.size > height:
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
    return image.convert("RGB") if mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255) else image


def _encoded(image: Image.Image) -> bytes:
    """The pixels and nothing else, as TYPE."""
    file = BytesIO()
    Image.frombytes(image.mode, image.size, image.tobytes()).save(file, "WEBP", quality=QUALITY)
    return file.getvalue()

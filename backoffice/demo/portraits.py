"""Draw pictures of invented people: each a little different, and the same every time."""

from functools import partial
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw
from sqlalchemy import select

from backoffice.auth.actors import actor_of
from backoffice.demo.agenda import office_hours
from backoffice.demo.company import EVERYONE
from backoffice.demo.office import Office
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.people import avatars

SIDE = 512
WITHOUT = ("max@example.com", "fiona@example.com")  # not everybody likes to be seen
GROUNDS = ("#cfe3f7", "#f7dfc9", "#d8efd9", "#e6dcf5", "#fbe0e6", "#dcefee", "#f3ecc8")
SKINS = ("#f2cdb0", "#e3b08a", "#c98e62", "#9a6440", "#6f452b")
HAIRS = ("#2b2320", "#4a3226", "#7a4a2a", "#b5813f", "#8f8f93", "#a13f23")
CLOTHES = ("#35507f", "#7a3b52", "#3f6b55", "#6a5a8c", "#8a5a2b", "#3c4a55")


def plan(office: Office) -> None:
    """Plan that most accounts to sign in as choose a picture in their first weeks."""
    begin = office.agenda.begin
    length = office.agenda.end - begin
    for account in EVERYONE:
        if account.email not in WITHOUT:
            moment = office_hours(office.random, begin + 0.02 * length, begin + 0.1 * length)
            office.agenda.put(moment, partial(_choose, account.email))


def portrait(seed: str) -> bytes:
    """Return a PNG of a head and shoulders, the same for the same seed."""
    file = BytesIO()
    drawn(seed).save(file, "PNG")
    return file.getvalue()


def drawn(seed: str) -> Image.Image:
    """Return the picture of which `portrait` is the PNG."""
    random = Random(seed)  # noqa: S311  # faces, not secrets
    skin = random.choice(SKINS)
    hair = random.choice(HAIRS)
    image = Image.new("RGB", (SIDE, SIDE), random.choice(GROUNDS))
    _draw_person(ImageDraw.Draw(image), random, skin, hair)
    return image


def _draw_person(draw: ImageDraw.ImageDraw, random: Random, skin: str, hair: str) -> None:
    has_long_hair = random.random() < 0.5
    width = random.randint(98, 112)
    clothes = random.choice(CLOTHES)
    parting = random.choice((180, 205, 235))
    # From the back to the front: each shape covers a part of those before it.
    if has_long_hair:
        draw.rounded_rectangle(_across(width + 26, 130, 400), 110, hair)
    draw.ellipse(_across(186, 372, 720), clothes)
    draw.rounded_rectangle(_across(44, 300, 420), 44, skin)
    draw.ellipse(_across(width + 12, 96, 260), hair)
    draw.ellipse(_across(width, 128, 358), skin)
    draw.pieslice(_across(width + 8, 92, 292), parting, parting + 130, hair)
    _draw_face(draw)


def _across(half_width: int, top: int, bottom: int) -> tuple[int, int, int, int]:
    """Return a box around the middle of the picture."""
    middle = SIDE // 2
    return middle - half_width, top, middle + half_width, bottom


def _draw_face(draw: ImageDraw.ImageDraw) -> None:
    for eye in (214, 298):
        draw.ellipse((eye - 10, 232, eye + 10, 252), "#2b2320")
    draw.arc(_across(42, 256, 314), 25, 155, "#7d3b33", 8)


def _choose(email: str) -> None:
    """Upload a picture as the user themselves, unless they have left by then."""
    user = db.session.scalar(select(User).where(User.email_key == email, User.status == "active"))
    if user:
        avatars.set_avatar(actor=actor_of(user), data=portrait(email), filename="me.png")

"""Pictures of people who never were: drawn, each a little different, the same every time."""

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
    """Put on the agenda that most of those one can sign in as choose a picture in their first weeks."""
    begin, end = office.agenda.begin, office.agenda.end
    for account in EVERYONE:
        if account.email not in WITHOUT:
            moment = office_hours(
                office.random, begin + 0.02 * (end - begin), begin + 0.1 * (end - begin)
            )
            office.agenda.put(moment, partial(_choose, account.email))


def portrait(seed: str) -> bytes:
    """Head and shoulders as a PNG; the same for the same seed."""
    random = Random(seed)  # noqa: S311  # faces, not secrets
    skin, hair = random.choice(SKINS), random.choice(HAIRS)
    image = Image.new("RGB", (SIDE, SIDE), random.choice(GROUNDS))
    draw = ImageDraw.Draw(image)
    long, wide = random.random() < 0.5, random.randint(98, 112)
    if long:
        draw.rounded_rectangle((256 - wide - 26, 130, 256 + wide + 26, 400), 110, hair)
    draw.ellipse((70, 372, 442, 720), random.choice(CLOTHES))
    draw.rounded_rectangle((212, 300, 300, 420), 44, skin)
    draw.ellipse((256 - wide - 12, 96, 256 + wide + 12, 260), hair)
    draw.ellipse((256 - wide, 128, 256 + wide, 358), skin)
    parting = random.choice((180, 205, 235))
    draw.pieslice((256 - wide - 8, 92, 256 + wide + 8, 292), parting, parting + 130, hair)
    for across in (-42, 42):
        draw.ellipse((256 + across - 10, 232, 256 + across + 10, 252), "#2b2320")
    draw.arc((214, 256, 298, 314), 25, 155, "#7d3b33", 8)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _choose(email: str) -> None:
    """Upload it oneself, as anybody would; whoever has left by then does not."""
    user = db.session.scalar(select(User).where(User.email_key == email, User.status == "active"))
    if user:
        avatars.set_avatar(actor=actor_of(user), data=portrait(email), filename="me.png")

"""Draw what clients show for KYC: specimens of documents, as a PDF of one page or a picture."""

from functools import cache, partial
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from backoffice.data import files, uploaded_files
from backoffice.data.storage import uploads
from backoffice.demo.clients.belongings import Known
from backoffice.demo.clients.rows import Row, external_id
from backoffice.demo.portraits import drawn
from backoffice.models import fields
from backoffice.models.files import StoredFile
from backoffice.models.kyc_case import KycCase
from backoffice.transactions import after_rollback

TITLES = {1: ("Passport", "Proof of address"), 2: ("Register extract", "List of shareholders")}
SIZE = (620, 877)  # pixels of a page of A4, 75 to the inch
MARGIN = 60
GROUND, INK, FAINT = "#fdfcf7", "#25303d", "#dfe3e6"
FACE = (160, 160)


def attach(known: Known, case: Row, number: int) -> None:
    """Store the first `number` documents of the case's level, at most two, and name them in it."""
    titles = TITLES[case["level"]][:number]
    case["documents"] = [_stored(known, title, place) for place, title in enumerate(titles)]


def _stored(known: Known, title: str, place: int) -> StoredFile:
    """Store a document, the first as PDF and the second as PNG, and return what is said of it.

    It goes again if the load is given up.
    """
    file_type = "png" if place else "pdf"
    content = document(known, title, file_type)
    file = files.receive(KycCase.documents, content, f"{title} (specimen).{file_type}")
    column = fields.column(KycCase, "documents")
    after_rollback(partial(uploaded_files.discard, uploads(), column, [file]))
    return file


def document(known: Known, title: str, file_type: str) -> bytes:
    """Return a page with the title and what the client told, as a PDF or a PNG."""
    page = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(page)
    draw.text((MARGIN, SIZE[1] - 200), "SPECIMEN", FAINT, _font(90))
    draw.text((MARGIN, MARGIN), title, INK, _font(36))
    top = MARGIN + 80
    if title == TITLES[1][0]:
        page.paste(_face(known), (MARGIN, top))
        top += FACE[1] + 40
    for line in _lines(known):
        draw.text((MARGIN, top), line, INK, _font(20))
        top += 36
    content = BytesIO()
    # Of PNG; a PDF does not know it. What is flat is small without much effort.
    page.save(content, file_type.upper(), compress_level=1)
    return content.getvalue()


_font = cache(ImageFont.load_default)


def _face(known: Known) -> Image.Image:
    return drawn(known.customer.person.email).resize(FACE)


def _lines(known: Known) -> list[str]:
    """Return the lines of a document, in letters that the font has."""
    customer = known.customer
    lines = [
        f"Number: {external_id('D', customer.number)}",
        f"Country: {customer.market.country}",
        "An invented document of the demo.",
    ]
    company = [f"Company: {customer.business.name}"] if customer.business else []
    name = f"{customer.person.first_name} {customer.person.last_name}"
    return [f"Name: {name}", *company, *lines] if name.isascii() else [*company, *lines]

"""How many rows the pages of a list have."""

from flask_babel import gettext as _

from backoffice import limits
from backoffice.errors import BadRequest

SIZES = limits.PAGES
USUAL = 50


def parse(text: str) -> int:
    """Return the size that an address asks for. Raises BadRequest if no page has so many rows."""
    if text not in map(str, SIZES):
        sizes = ", ".join(map(str, SIZES))
        raise BadRequest(_("A page has %(sizes)s rows.", sizes=sizes), field="size")
    return int(text)


def kept(size: object) -> int:
    """Return a size that somebody has chosen once; the usual one if no page has that any more."""
    return size if isinstance(size, int) and size in SIZES else USUAL

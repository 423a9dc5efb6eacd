"""Read the query of a list from a text that a form sends."""

from urllib.parse import parse_qsl

from flask_babel import gettext as _

from backoffice.errors import BadRequest

MOST_PAIRS = 2000  # of a list's query; filters are far fewer
MOST_OF_A_QUERY = 16_000  # characters; the answer leads back to it


def pairs_of(text: str, *, keep_empty: bool = False) -> list[tuple[str, str]]:
    """Return the pairs of a query. Raises BadRequest if it is longer than any list's address."""
    if len(text) > MOST_OF_A_QUERY:
        raise BadRequest(_("The list's address is too long."))
    try:
        return parse_qsl(text, keep_blank_values=keep_empty, max_num_fields=MOST_PAIRS)
    except ValueError:
        raise BadRequest(_("The list's address has too many parts.")) from None

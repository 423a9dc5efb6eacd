"""Draw what rows are called in lists: those of the list, and related ones as links."""

from collections.abc import Callable

from markupsafe import Markup

from backoffice.data import lists, unseen
from backoffice.models import fields, row_keys
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from views.screen import cells
from views.screen.cells import ListRow
from views.screen.definition import Definition
from views.web.actor import actor as current_actor


def called(screen: Definition, row_id: RowKey, label: object) -> object:
    """Return what a row is called in its own list."""
    if isinstance(label, str) and label:
        return masking.in_words(screen.model, row_id, label)
    return label or row_keys.shown(row_id)


def maker(
    screen: Definition, name: str, position: int, found: lists.Page
) -> Callable[[ListRow], Markup]:
    """Return the function that makes a related row a link, where it has a page.

    Its label is at `position`, and its id follows.
    """
    target = fields.related_model(screen.model, name)
    base = screen.base_of(target)
    others = [(row[position + 1], row[position]) for row in found.rows]
    without = unseen.without_page(current_actor(), target, others)

    def get(row: ListRow) -> Markup:
        label, row_id = row[position], row[position + 1]
        if label is None:
            return cells.NOTHING
        if row_id in without:
            return cells.text(masking.numbered(target, row_id))
        told = masking.in_words(target, row_id, label)
        return cells.link(base, row_id, told) if base else cells.text(told)

    return get

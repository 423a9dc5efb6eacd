"""What an actor may search, filter and sort a list by.

What they see masked they must not compare: which rows match, how many, and in which order would
tell it. A whole e-mail address or phone number may be asked for with a permission of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select, union_all

from backoffice.data import constraints, searching, sorting
from backoffice.errors import BadRequest, GrantExceeded, RuleBroken, Taken
from backoffice.models import fields, masks
from backoffice.models.base import Entity, Record, Searchable
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, may_read, sees_part

EXACT = ("email", "phone")  # the masks of what may be asked for as a whole


def may_filter(actor: Actor, model: type[Record], name: str) -> bool:
    """Return whether the actor may limit a list to rows with some values of the attribute."""
    return may_read(actor, model, name) and not masking.is_masked(actor, model, name)


def may_sort(actor: Actor, model: type[Record], name: str) -> bool:
    """Return whether the actor may order a list by the attribute.

    An order by the label is one by all texts that are searched.
    """
    if not (sorting.sortable(model, name) and may_filter(actor, model, name)):
        return False
    is_by_search_key = name == model.__label__ and issubclass(model, Searchable)
    return not (is_by_search_key and is_partly_searched(actor, model))


def is_partly_searched(actor: Actor, model: type[Record]) -> bool:
    """Return whether a search of the actor leaves out columns, because they see them masked."""
    return any(masking.is_masked(actor, model, name) for name in searching.searched(model))


def searched(actor: Actor, model: type[Record]) -> tuple[str, ...]:
    """Return the attributes that a search of the actor looks into."""
    names = searching.searched(model)
    return tuple(name for name in names if not masking.is_masked(actor, model, name))


def is_searched(actor: Actor, model: type[Record]) -> bool:
    """Return whether a search of the actor in rows of `model` can find any."""
    return bool(searched(actor, model))


def asked_exactly(actor: Actor, model: type[Record], text: str) -> str:
    """Return the mask of what a search asks for as a whole, though the actor sees it masked.

    It is '' if the text is no whole address or number, or the actor may not ask for one.
    """
    if not can(actor, f"{area_of(model)}.find_exact"):
        return ""
    return next((mask for mask, _condition in _exact(actor, model, text)), "")


def search(
    actor: Actor, model: type[Record], text: str, *, exact: bool, indexed: bool
) -> ColumnElement[bool]:
    """Return the SQL condition for the rows that a search of the actor finds.

    `exact` says that a whole address or number may be found, which was logged.
    """
    if not is_partly_searched(actor, model):
        return searching.condition(model, text, indexed=indexed)
    found = searching.among(model, text, searched(actor, model))
    if not exact:
        return found
    # By UNION, because no index serves conditions with OR between them.
    whole = [condition for _mask, condition in _exact(actor, model, text)]
    ids = (select(model.id).where(part).correlate(None) for part in (found, *whole))
    return model.id.in_(union_all(*ids))


def _exact(actor: Actor, model: type[Record], text: str) -> list[tuple[str, ColumnElement[bool]]]:
    """Return the conditions for rows whose address or number is the text, each with its mask."""
    asked = [
        (masks.of(model, name), searching.equals(model, name, text))
        for name in searching.searched(model)
        if masking.is_masked(actor, model, name) and masks.of(model, name) in EXACT
    ]
    return [(mask, condition) for mask, condition in asked if condition is not None]


def require(actor: Actor, model: type[Record], filters: tuple[str, ...], sort: str) -> None:
    """Raise BadRequest if the actor may not limit or order a list by one of these attributes."""
    for name in filters:
        if masking.is_masked(actor, model, name):
            label = fields.heading(name)
            text = _("%(label)s: you see this masked, so it cannot be filtered by.", label=label)
            raise BadRequest(text, field=name)
    # By the id is the order of any list; that of a log is then by time.
    if sort != "id" and not may_sort(actor, model, sort):
        raise BadRequest(_("This list cannot be sorted like that."), field="sort")


def flush(*, actor: Actor, row: Entity) -> None:
    """Write a row. Raises RuleBroken as `refusing` does."""
    model = type(row)
    with _telling_nothing(actor, model):
        constraints.flush(row)


@contextmanager
def refusing(actor: Actor, model: type[Entity]) -> Iterator[None]:
    """Raise RuleBroken for what the database refuses to write within the block.

    It tells nothing of columns that the actor sees masked, nor which value another row has that
    they may not see. Of one that may be masked they could ask in this way, so it is GrantExceeded,
    and noted like a search for a whole address that was refused.
    """
    with _telling_nothing(actor, model), constraints.refusing(model):
        yield


@contextmanager
def _telling_nothing(actor: Actor, model: type[Entity]) -> Iterator[None]:
    try:
        yield
    except RuleBroken as error:
        sentence = _("These values cannot be saved together.")
        is_taken = isinstance(error, Taken)
        if is_taken and _has_masked_key(actor, model):
            raise GrantExceeded(sentence, code=f"{area_of(model)}.find_exact") from error
        if (is_taken and sees_part(actor, model)) or (
            error.field and masking.is_masked(actor, model, error.field)
        ):
            raise RuleBroken(sentence) from error
        raise


def _has_masked_key(actor: Actor, model: type[Entity]) -> bool:
    """Return whether the actor sees a column masked of which no two rows have the same value."""
    masked = (name for name in fields.visible(model) if masking.is_masked(actor, model, name))
    return any(fields.is_unique(model, name) for name in masked)

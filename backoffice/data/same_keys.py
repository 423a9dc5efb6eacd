"""Rows of existing tables that have the same key, although their model says that none have."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import ColumnElement

from backoffice.errors import NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey


def require_one(model: type[Record], row_id: RowKey, found: Sequence[object]) -> None:
    """Raise NotFound unless a key has found exactly one row."""
    if not found:
        text = _(
            "There is no %(noun)s with this number, or it is not yours to see.",
            noun=model.noun(),
        )
        raise NotFound(text)
    if len(found) > 1:
        raise NotFound(_sentence(model, row_id))


def require_distinct(model: type[Record], rows: ColumnElement[bool]) -> None:
    """Raise RuleBroken if several of the rows that meet a condition have the same key."""
    doubled = row_keys.doubled(model, rows)
    key = None if doubled is None else db.session.scalar(doubled.limit(1))
    if key is not None:
        raise RuleBroken(_sentence(model, key))


def _sentence(model: type[Record], row_id: RowKey) -> str:
    return _(
        "Several %(nouns)s have the key %(key)s, so it is not known which one is meant.",
        nouns=model.nouns(),
        key=row_keys.shown(row_id),
    )

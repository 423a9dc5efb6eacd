"""Answer a page's small requests: related rows to choose from, and a person's preferences."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from flask import jsonify, redirect, request
from flask_babel import gettext as _

from backoffice.auth.actors import lock_own_row
from backoffice.data import choices, page_sizes
from backoffice.errors import BadRequest, NotFound
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.policy.actor import Actor
from backoffice.policy.rules import may_read
from views.screen.addresses import pairs_of
from views.screen.definition import Definition
from views.web.answers import Answer
from views.web.redirects import safe_path


def answer(screen: Definition, actor: Actor, name: str) -> Answer:
    """Return at most 20 related rows that match `search`, as JSON.

    They are for those who may filter by these rows, write them or add them to a tab.
    """
    if not _may_look_up(screen, actor, name):
        raise NotFound
    target = fields.related_model(screen.model, name)
    rows, more = choices.offered(actor=actor, model=target, search=request.args.get("search", ""))
    return jsonify(options=[{"id": row_id, "label": label} for row_id, label in rows], more=more)


def _may_look_up(screen: Definition, actor: Actor, name: str) -> bool:
    if fields.shape(screen.model, name) != "rows":
        return False
    may_write = screen.may(actor, "create") or screen.may(actor, "edit")
    is_written = may_write and name in screen.form_columns
    is_added = any(rows.add and rows.name == name for rows in screen.readable_lists(actor))
    if name not in screen.column_filters and not (is_written or is_added):
        return False
    return may_read(actor, screen.model, name)


def keep_preferences(screen: Definition, actor: Actor) -> Answer:
    """Keep the page size and the columns that a person likes on this screen."""
    size = request.form.get("size", "50")
    columns = request.form.getlist("columns")
    sizes = [str(each) for each in page_sizes.SIZES]
    if size not in sizes:
        raise BadRequest(_("A page has %(sizes)s rows.", sizes=", ".join(sizes)))
    chosen = [name for name in screen.column_list if name in columns]
    back = safe_path(request.form.get("next"), screen.url_of("index"))
    with_columns = _with_columns(back, chosen)
    if with_columns is None:
        prefer(screen, actor, size=int(size), columns=chosen)
    else:
        prefer(screen, actor, size=int(size))
    db.session.commit()
    return redirect(with_columns or back, HTTPStatus.SEE_OTHER)


def prefer(screen: Definition, actor: Actor, **chosen: object) -> None:
    """Keep what the person has chosen for this screen, beside what they chose before."""
    user = lock_own_row(actor)
    preferences = {**screen.preferences_of(actor), **chosen}
    user.preferences = {**user.preferences, screen.endpoint: preferences}


def _with_columns(address: str, columns: Sequence[str]) -> str | None:
    """Return the address of a list with these columns instead of those that it asks for.

    Return None if it asks for none: the columns are then the person's own.
    """
    path, _mark, query = address.partition("?")
    pairs = pairs_of(query)
    others = [(key, value) for key, value in pairs if key != "columns"]
    if others == pairs:
        return None
    return f"{path}?{urlencode([*others, ('columns', ','.join(columns))])}"

"""Answer a page's small requests: related rows to choose from, and a person's preferences."""

from http import HTTPStatus

from flask import jsonify, redirect, request
from flask_babel import gettext as _

from backoffice.auth.actors import lock_own_row
from backoffice.data import lists, records
from backoffice.errors import BadRequest, NotFound
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.policy.actor import Actor
from backoffice.policy.rules import may_read
from views.screen.definition import Definition
from views.web.answers import Answer
from views.web.redirects import safe_path


def answer(screen: Definition, actor: Actor, name: str) -> Answer:
    """Return at most 20 related rows that match `search`, as JSON.

    They are for those who may filter by these rows or write them.
    """
    if not _may_look_up(screen, actor, name):
        raise NotFound
    target = fields.related_model(screen.model, name)
    rows, more = records.options(actor=actor, model=target, search=request.args.get("search", ""))
    return jsonify(options=[{"id": row_id, "label": label} for row_id, label in rows], more=more)


def _may_look_up(screen: Definition, actor: Actor, name: str) -> bool:
    if fields.shape(screen.model, name) != "rows":
        return False
    may_write = screen.may(actor, "create") or screen.may(actor, "edit")
    is_written = may_write and name in screen.form_columns
    if name not in screen.column_filters and not is_written:
        return False
    return may_read(actor, screen.model, name)


def keep_preferences(screen: Definition, actor: Actor) -> Answer:
    """Keep the page size and the columns that a person likes on this screen."""
    size = request.form.get("size", "50")
    columns = request.form.getlist("columns")
    sizes = [str(each) for each in lists.SIZES]
    if size not in sizes:
        raise BadRequest(_("A page has %(sizes)s rows.", sizes=", ".join(sizes)))
    user = lock_own_row(actor)
    preferences = {
        "size": int(size),
        "columns": [name for name in screen.column_list if name in columns],
    }
    user.preferences = {**user.preferences, screen.endpoint: preferences}
    db.session.commit()
    back = safe_path(request.form.get("next"), screen.url_of("index"))
    return redirect(back, HTTPStatus.SEE_OTHER)

"""Small answers to the page: related rows to choose from, and a person's preferences."""

from http import HTTPStatus
from typing import Any

from flask import jsonify, redirect, request

from backoffice.auth.actors import themselves
from backoffice.data import lists, records
from backoffice.errors import BadRequest, NotFound
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.policy.actor import Actor
from backoffice.policy.rules import may_read
from views.screen.definition import Definition
from views.web.redirects import safe_path


def answer(screen: Definition, actor: Actor, name: str) -> Any:
    """At most 20 related rows that match `search`, for those who may filter by them or write them."""
    writes = screen.may(actor, "create") or screen.may(actor, "edit")
    kind = fields.kind(screen.model, name)
    if kind not in ("one", "many") or not (
        name in screen.column_filters or (writes and name in screen.form_columns)
    ):
        raise NotFound
    if not may_read(actor, screen.model, name):
        raise NotFound
    target = fields.related_model(screen.model, name)
    found, more = records.options(actor=actor, model=target, search=request.args.get("search", ""))
    return jsonify(options=[{"id": row_id, "label": label} for row_id, label in found], more=more)


def keep_preferences(screen: Definition, actor: Actor) -> Any:
    """Keep the page size and the columns that a person likes on this screen."""
    size, columns = request.form.get("size", "50"), request.form.getlist("columns")
    if size not in map(str, lists.SIZES):
        raise BadRequest(f"A page has {', '.join(map(str, lists.SIZES))} rows.")
    mine = {"size": int(size), "columns": [name for name in screen.column_list if name in columns]}
    user = themselves(actor)
    user.preferences = {**user.preferences, screen.endpoint: mine}
    db.session.commit()
    return redirect(
        safe_path(request.form.get("next"), screen.url_of("index")), HTTPStatus.SEE_OTHER
    )

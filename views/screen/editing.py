"""Add and edit: typed values survive every refusal, and nobody overwrites what somebody else just saved."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, redirect, request
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from wtforms import Field

from backoffice.data import records
from backoffice.errors import Conflict, GrantExceeded, NotAllowed, RuleBroken
from backoffice.events import history
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.base import Entity, Record
from backoffice.policy.actor import Actor
from forms.base import Form
from forms.fields import PickField
from forms.generated import form_for
from views.account.confirmation import OWN_FIELDS
from views.screen.definition import Definition
from views.screen.details import value_of
from views.web import unsent
from views.web.actor import signed_in
from views.web.errors import note_denial

OPTIONS_OFFERED = 50  # as many related rows are all offered at once
HIDDEN_BY = (
    "csrf_token",
    "version",
    *OWN_FIELDS,
)  # whoever has just confirmed sent their password along


def new(screen: Definition, actor: Actor) -> Any:
    """The empty form, or a new row."""
    form = screen.form_class(actor, None)(request.form if request.method == "POST" else None)
    answer = (
        _try(screen, actor, None, None, form)
        if request.method == "POST" and form.validate()
        else None
    )
    if answer is not None:
        return answer
    title = f"Add {screen.model.__singular__}"
    return _page(
        screen, form, title=title, action=screen.url_of("new"), cancel=screen.url_of("index")
    )


def edit(screen: Definition, actor: Actor, row_id: int) -> Any:
    """The form with the row's values, a changed row, or the page that shows theirs beside mine."""
    row = records.get(actor=actor, model=screen.model, row_id=row_id)
    if reason := records.out_of_reach(actor, row):
        raise NotAllowed(reason)
    assert isinstance(row, Entity)  # only entities have fields to write
    form_class = screen.form_class(actor, row)
    if request.method == "POST":
        form = form_class(request.form, data=current_values(row, form_class()))
        if form.validate_sent():
            try:
                answer = _try(screen, actor, row, request.form.get("version", type=int), form)
            except Conflict as conflict:
                return _conflict(screen, conflict, form)
            if answer is not None:
                return answer
            row = records.get(actor=signed_in(), model=screen.model, row_id=row_id)
        version = request.form.get("version", type=int)
    else:
        form, version = (
            form_class(data=current_values(row, form_class())),
            unsent.version(row.version),
        )
    return _page(
        screen,
        form,
        title=f"Edit {row.label}",
        action=screen.url_of("edit", row_id=row_id),
        cancel=screen.url_of("details", row_id=row_id),
        version=version,
    )


def generated_form(screen: Definition, actor: Actor) -> type[Form]:
    """A form for the screen's fields, made from the model."""
    return form_for(
        screen.model,
        screen.readable(actor, screen.form_columns),
        dict(screen.column_labels),
        dict(screen.column_descriptions),
        lambda model, name: picker(screen, actor, fields.related_model(model, name), name),
    )


def picker(
    screen: Definition,
    actor: Actor,
    target: type[Record],
    name: str,
    among: ColumnElement[bool] | None = None,
) -> dict[str, Any]:
    """What a PickField needs: the few options there are, or the chosen ones and where to look for more."""

    def find(chosen: Any) -> tuple[list[tuple[int, str]], bool]:
        offered, more = records.options(
            actor=actor, model=target, limit=OPTIONS_OFFERED, among=among
        )
        missing = [row_id for row_id in chosen if row_id not in dict(offered)]
        if not more and not missing:
            return offered, False
        kept, _more = records.options(
            actor=actor, model=target, ids=list(chosen)[:1000], limit=1000
        )
        return kept if more else [*kept, *(o for o in offered if o not in kept)], more

    return {"find": find, "lookup_url": screen.url_of("lookup", field=name)}


def write(
    screen: Definition,
    actor: Actor,
    row: Record | None,
    version: int | None,
    values: dict[str, Any],
) -> Any:
    """Create or change the row through the rules of its entity."""
    model: Any = screen.model
    if row is None:
        return records.create(actor=actor, model=model, values=values)
    return records.update(actor=actor, model=model, row_id=row.id, version=version, values=values)


def current_values(row: Record, form: Form) -> dict[str, Any]:
    """The row's values as the form takes them: related rows by their ids."""
    found: dict[str, Any] = {}
    for field in form:
        value = getattr(row, field.name, None)
        if isinstance(field, PickField):
            value = [other.id for other in value] if field.multiple else value and value.id
        found[field.name] = value
    return found


def _try(
    screen: Definition, actor: Actor, row: Record | None, version: int | None, form: Form
) -> Any:
    """Write; None if a rule forbids it, which the form then says at the right field."""
    try:
        written = screen.written(actor, row, version, form.sent())
        db.session.commit()
    except RuleBroken as error:
        db.session.rollback()
        if isinstance(error, GrantExceeded):
            note_denial(error)
        form.refuse(error)
        return None
    if isinstance(written, (Response, str, tuple)):
        return written
    flash(_("%(label)s is saved.", label=written.label), "success")
    return redirect(screen.url_of("details", row_id=written.id), HTTPStatus.SEE_OTHER)


def _page(
    screen: Definition,
    form: Form,
    *,
    title: str,
    action: str,
    cancel: str,
    version: int | None = None,
) -> tuple[str, int]:
    noun = screen.model.__singular__.capitalize()
    page = {
        "title": title,
        "form": form,
        "action": action,
        "cancel_href": cancel,
        "version": version,
        "sections": [
            {"title": heading or noun, "fields": fields} for heading, fields in form.sections
        ],
        "button": "Save" if version is not None else title,
        "errors": form.form_errors,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors or form.form_errors else HTTPStatus.OK
    return screen.render("admin/form.html", page=page), status


def _conflict(screen: Definition, conflict: Conflict, form: Form) -> tuple[str, int]:
    """Theirs beside mine, and both ways out; saving mine is against the version just shown."""
    row: Any = conflict.current
    db.session.rollback()
    actor = signed_in()
    row = records.get(actor=actor, model=screen.model, row_id=row.id)
    sent = [field for field in form if field.raw_data is not None and field.raw_data]
    now = current_values(row, form)
    page = {
        "title": f"{row.label} was changed meanwhile",
        "who": history.last_author(actor, row),
        "when": row.updated_at,
        "fields": [
            {
                "label": field.label.text,
                "theirs": value_of(screen, row, field.name),
                "mine": _mine(field),
                "differs": now[field.name] != field.data,
            }
            for field in sent
        ],
        "hidden": [(k, v) for k, v in request.form.items(multi=True) if k not in HIDDEN_BY],
        "version": row.version,
        "action": screen.url_of("edit", row_id=row.id),
        "cancel_href": screen.url_of("details", row_id=row.id),
    }
    return screen.render("admin/conflict.html", page=page), HTTPStatus.CONFLICT


def _mine(field: Field) -> str:
    """What was typed, for people."""
    if isinstance(field, PickField):
        return ", ".join(label for _id, label, chosen in field.options if chosen) or "–"
    data = field.data
    return (
        ", ".join(map(str, data)) if isinstance(data, list) else "" if data is None else str(data)
    )

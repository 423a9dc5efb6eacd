"""Add and edit rows.

Typed values survive every refusal, and nobody overwrites what somebody else has just saved.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from werkzeug import Response
from wtforms import Field

from backoffice.data import choices, records
from backoffice.errors import Conflict, GrantExceeded, NotAllowed, NotFound, RuleBroken, TooMany
from backoffice.extensions import db
from backoffice.models import fields, row_keys
from backoffice.models.base import Entity, Record
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from forms.base import Form
from forms.fields import PickField
from forms.generated import form_for
from forms.kinds import ChoiceField, ValueField
from views.screen import form_layout, uploads
from views.screen.definition import Definition
from views.screen.details import value_of
from views.screen.form_layout import FormPage
from views.screen.prefilling import (
    COPIED_FROM,
    copied_from,
    copied_row,
    current_values,
    filled_in,
)
from views.screen.related_lists import BACK
from views.web import conflicts, unsent
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.conflicts import Compared
from views.web.errors import note_denial
from views.web.redirects import safe_path

OPTIONS_OFFERED = 50  # as many related rows are all offered at once
CHOSEN_SHOWN = 1000  # as many chosen rows are shown with their names


def new(screen: Definition, actor: Actor) -> Answer:
    """Show the form as its address fills it in, or create a row from it."""
    form_class = screen.form_class(actor, None)
    if request.method == "POST":
        form = uploads.filled(actor, form_class, screen.endpoint)
    else:
        form = form_class(data=filled_in(screen, actor, form_class()))
    if request.method == "POST" and form.validate():
        answer = _try(screen, actor, None, None, form)
        if answer is not None:
            return answer
    back = _back()
    return _page(
        screen,
        form,
        title=_title_of_new(screen),
        action=screen.url_of("new", **_place()),
        cancel=back or screen.url_of("index"),
    )


def _title_of_new(screen: Definition) -> str:
    """Return what the page is called, with the name of the row to copy if one can be seen."""
    try:
        row = copied_row(screen, signed_in())
    except NotFound:  # it went while somebody typed
        row = None
    if row is None:
        return _added(screen)
    return _("Duplicate %(label)s", label=masking.label(signed_in(), row))


def _added(screen: Definition) -> str:
    return _("Add %(noun)s", noun=screen.model.noun())


def _place() -> dict[str, str]:
    """Return what the address says beside the values: where one came from, and what is copied."""
    given = {BACK: _back(), COPIED_FROM: request.args.get(COPIED_FROM, "")}
    return {name: value for name, value in given.items() if value}


def _back() -> str:
    """Return the page from which one came to add a row, if the address says so."""
    return safe_path(request.args.get(BACK), "")


def edit(screen: Definition, actor: Actor, row_id: RowKey) -> Answer:
    """Show the form with the row's values, or save what it was sent.

    Where somebody else has saved the row meanwhile, show both versions side by side.
    """
    row = records.get(actor=actor, model=screen.model, row_id=row_id)
    reason = records.out_of_reach(actor, row)
    if reason:
        raise NotAllowed(reason)
    assert isinstance(row, Entity)  # only entities have fields to write
    if request.method == "POST":
        return _save(screen, actor, row)
    form_class = screen.form_class(actor, row)
    form = form_class(data=current_values(row, form_class()))
    return _edit_page(screen, row, form, unsent.version(row.version))


def _save(screen: Definition, actor: Actor, row: Entity) -> Answer:
    """Save the row; show the form again if it is not valid, or both versions after a conflict."""
    row_id = row.id
    form_class = screen.form_class(actor, row)
    former = current_values(row, form_class())
    form = uploads.filled(actor, form_class, screen.endpoint, data=former)
    version = request.form.get("version", type=int)
    if form.validate_sent():
        try:
            answer = _try(screen, actor, row, version, form)
        except Conflict as conflict:
            return _conflict(screen, conflict, form)
        if answer is not None:
            return answer
        # The refusal rolled back, so the row is read again to be shown.
        current = records.get(actor=signed_in(), model=screen.model, row_id=row_id)
        return _edit_page(screen, current, form, version)
    return _edit_page(screen, row, form, version)


def _edit_page(screen: Definition, row: Record, form: Form, version: int | None) -> tuple[str, int]:
    return _page(
        screen,
        form,
        title=_("Edit %(label)s", label=masking.label(signed_in(), row)),
        action=screen.url_of("edit", row_id=row.id),
        cancel=screen.url_of("details", row_id=row.id),
        row=row,
        version=version,
    )


def generated_form(screen: Definition, actor: Actor, row: Record | None) -> type[Form]:
    """Return a form for those of the screen's columns that the actor may read.

    A form of the screen's own gets fields for the columns that it lacks. What is read only of an
    existing row has no field there, and neither has what tells it apart.
    """
    own = screen.form or Form
    read_only = form_layout.only_shown(screen, actor, row) if row else set()
    missing = [name for name in screen.form_columns if name not in own.names() | read_only]

    form_class = form_for(
        screen.model,
        screen.readable(actor, missing),
        labels=screen.column_labels,
        descriptions={**screen.column_descriptions, **screen.hints(row)},
        picker=partial(_picker_of, screen, actor, keeps=row is not None),
        base=own,
    )
    form_class.shown_when = {**own.shown_when, **screen.form_shown_when}
    form_class.required_when = {**own.required_when, **screen.form_required_when}
    _remove(form_class, own.names() & read_only)
    _remove(form_class, _unreadable(screen, actor, own.names()))
    return form_class


def _picker_of(
    screen: Definition, actor: Actor, model: type[Record], name: str, *, keeps: bool
) -> dict[str, Any]:
    return picker(screen, actor, fields.related_model(model, name), name) | {"keeps": keeps}


def _remove(form_class: type[Form], names: Iterable[str]) -> None:
    """Take fields out of a form that it has from its base."""
    for name in names:
        setattr(form_class, name, None)


def _unreadable(screen: Definition, actor: Actor, names: Iterable[str]) -> set[str]:
    """Return those fields of a form of the screen's own whose column the actor may not read."""
    columns = [name for name in names if fields.kind(screen.model, name)]
    return set(columns).difference(screen.readable(actor, columns))


def picker(
    screen: Definition,
    actor: Actor,
    target: type[Record],
    name: str,
    among: ColumnElement[bool] | None = None,
) -> dict[str, Any]:
    """Return what a PickField needs: how to find its options, and where to look up more.

    If there are few options, all are offered; if there are many, only the chosen ones.
    `among` leaves out rows that the actor may not choose.
    """

    return {
        "find": partial(_offered, actor, target, among),
        "lookup_url": screen.url_of("lookup", field=name),
        "parse": partial(row_keys.parse, target),
    }


def _offered(
    actor: Actor,
    target: type[Record],
    among: ColumnElement[bool] | None,
    chosen: Sequence[RowKey],
) -> tuple[list[tuple[RowKey, str]], bool]:
    """Return the options of a picker, and whether there are more."""
    offered, more = choices.offered(actor=actor, model=target, limit=OPTIONS_OFFERED, among=among)
    offered_ids = dict(offered)
    if not more and all(row_id in offered_ids for row_id in chosen):
        return offered, False
    kept = _chosen_rows(actor, target, among, chosen)
    if more:
        return kept, True
    return [*kept, *(option for option in offered if option not in kept)], False


def _chosen_rows(
    actor: Actor,
    target: type[Record],
    among: ColumnElement[bool] | None,
    chosen: Sequence[RowKey],
) -> list[tuple[RowKey, str]]:
    """Return the chosen rows that the actor sees and may choose, as (id, label)."""
    ids = list(chosen)[:CHOSEN_SHOWN]
    rows, _more = choices.offered(
        actor=actor, model=target, ids=ids, limit=CHOSEN_SHOWN, among=among
    )
    return rows


def write(
    screen: Definition,
    actor: Actor,
    row: Record | None,
    version: int | None,
    values: dict[str, object],
) -> Entity:
    """Create or change the row by the rules of its entity."""
    model = screen.model
    assert issubclass(model, Entity)  # only entities have fields to write
    if row is None:
        return records.create(actor=actor, model=model, values=values)
    return records.update(actor=actor, model=model, row_id=row.id, version=version, values=values)


def _require_version(row: Record | None, version: int | None) -> None:
    """Raise Conflict if the row was changed since its form was made, before any file is copied.

    It is asked again when the row is locked.
    """
    if isinstance(row, Entity) and version != row.version:
        raise Conflict(_("Somebody else changed this meanwhile."), current=row)


def _try(
    screen: Definition, actor: Actor, row: Record | None, version: int | None, form: Form
) -> Answer | None:
    """Write what was sent and return the answer.

    Return None if a rule forbids it; the form then shows the reason at the right field. So it is
    where the screen wants the form shown again.
    """
    try:
        _require_version(row, version)
        saved = screen.saved(
            actor, row, version, uploads.own(actor, screen.model, form, form.sent())
        )
        db.session.commit()
    except (RuleBroken, TooMany) as error:
        db.session.rollback()
        flood = note_denial(error) if isinstance(error, GrantExceeded) else None
        form.refuse(flood or error)
        return None
    if saved is None or isinstance(saved, (Response, str, tuple)):
        return saved
    _flash_saved(screen, actor, saved)
    back = "" if row else _back()
    return redirect(back or screen.url_of("details", row_id=saved.id), HTTPStatus.SEE_OTHER)


def _flash_saved(screen: Definition, actor: Actor, saved: Entity) -> None:
    links = screen.links_after_save(actor, saved)
    message = {"text": _("%(label)s is saved.", label=masking.label(actor, saved)), "links": links}
    flash(message, "success")  # type: ignore[arg-type]  # Flask takes what JSON takes


def _page(
    screen: Definition,
    form: Form,
    *,
    title: str,
    action: str,
    cancel: str,
    row: Record | None = None,
    version: int | None = None,
) -> tuple[str, int]:
    base = f"{screen.url_of('details', row_id=row.id)}/" if row else ""
    of_row = row.id if row else copied_from(screen)
    uploads.show(signed_in(), form, screen.endpoint, of_row, base)
    page = FormPage(
        title=title,
        form=form,
        sections=form_layout.sections(screen, form, row),
        errors=form.form_errors,
        action=action,
        cancel_href=cancel,
        version=version,
        button=_("Save") if version is not None else _added(screen),
    )
    return screen.render("admin/form.html", page=page), _status(form)


def _status(form: Form) -> HTTPStatus:
    if form.retry_after:
        return HTTPStatus.TOO_MANY_REQUESTS
    if form.errors or form.form_errors:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.OK


def _conflict(screen: Definition, conflict: Conflict, form: Form) -> tuple[str, int]:
    """Show the saved values beside those that were sent."""
    row_id = conflict.current.id  # read before the rollback: the row may be deleted by now
    db.session.rollback()
    row = records.get(actor=signed_in(), model=screen.model, row_id=row_id)
    assert isinstance(row, Entity)  # others have no versions that could differ
    uploads.show(signed_in(), form, screen.endpoint, row.id)
    return conflicts.answer(
        row,
        _compared(screen, row, form),
        title=_("%(label)s was changed meanwhile", label=masking.label(signed_in(), row)),
        action=screen.url_of("edit", row_id=row.id),
        cancel=screen.url_of("details", row_id=row.id),
        more=uploads.handles(form),
        render=screen.render,
    )


def _compared(screen: Definition, row: Record, form: Form) -> list[Compared]:
    """Return each field that was sent, with the saved value and the sent one."""
    current = current_values(row, form)
    sent = form.sent()
    return [
        Compared(
            label=field.label.text,
            theirs=value_of(screen, row, field.name),
            mine=_mine(field),
            differs=_sent(field) != current[field.name],
        )
        for field in form
        if field.name in sent
    ]


def _sent(field: Field) -> object:
    """Return the value of a field as its row would hold it."""
    if isinstance(field, ChoiceField) and field.data in field.words:
        return field.kind.clean(field.column, field.data)
    if isinstance(field, PickField) and not field.data and field.has_unseen:
        return field.object_data
    return field.data  # also a former choice, which only the row still has


def _mine(field: Field) -> str:
    """Return what was typed as people read it."""
    if isinstance(field, PickField):
        chosen = ", ".join(label for _id, label, chosen in field.options if chosen)
        return chosen or (_("An entry that you may not see") if field.has_unseen else "–")
    if isinstance(field, ChoiceField):
        return next((label for value, label in field.words.items() if value == field.data), "–")
    if isinstance(field, ValueField):
        return field.written(field.data) or "–"
    if isinstance(field.data, bool):
        return _("Yes") if field.data else _("No")
    if isinstance(field.data, list):
        return ", ".join(map(str, field.data)) or "–"
    return "–" if field.data in (None, "") else str(field.data)

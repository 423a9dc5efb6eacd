"""The page that chooses rows to add to a tab; the preview of an action then decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from flask import redirect, request
from flask_babel import gettext as _
from wtforms import Field

from backoffice.actions.engine.action import Action, actions_of
from backoffice.actions.engine.plan import Selection, preview
from backoffice.data import records
from backoffice.errors import BadRequest, GrantExceeded, NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models.base import Record
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.rules import require
from forms.base import Form
from forms.fields import PickField
from views.screen.adding import label_of, parameter_of
from views.screen.definition import Definition
from views.screen.editing import picker
from views.screen.form_layout import FormItem, FormPage, FormSection
from views.screen.related_lists import target_of
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.errors import note_denial

LOOKED_UP = "rows"  # the name of the field


@dataclass(frozen=True)
class Place:
    """The tab of a row, and the action that adds rows to it."""

    screen: Definition
    row: Record
    tab: str
    action: Action

    @property
    def href(self) -> str:
        """Its address."""
        return self.screen.url_of("details", row_id=self.row.id, tab=self.tab)


def show(screen: Definition, actor: Actor, row_id: RowKey, tab: str) -> Answer:
    """Show the page that chooses rows, or plan the preview that adds the chosen ones."""
    action = _action(screen, actor, tab)
    require(actor, action.permission)
    row = records.get(actor=actor, model=screen.model, row_id=row_id)
    place = Place(screen, row, tab, action)
    form = _form_class(place, actor)(request.form or None)
    if request.method == "POST" and form.validate():
        answer = _planned(place, actor, form)
        if answer is not None:
            return answer
    return _page(place, form)


def _action(screen: Definition, actor: Actor, tab: str) -> Action:
    """Return what adds rows to the tab.

    Raises NotFound if nothing is added there, or the actor does not see it.
    """
    for rows in screen.readable_lists(actor):
        if rows.name == tab and rows.add:
            target, _back = target_of(screen.model, tab)
            return next(each for each in actions_of(target) if each.name == rows.add)
    raise NotFound(_("There is no such tab."))


def _form_class(place: Place, actor: Actor) -> type[Form]:
    target = place.action.model
    also = _("You can also tick them in their own list and choose “%(action)s” there.")
    field: Field = PickField(
        target.nouns().capitalize(),
        required=True,
        description=also % {"action": place.action.label},
        **picker(place.screen, actor, target, place.tab),
    )
    return type("AddRowsForm", (Form,), {LOOKED_UP: field})


def _planned(place: Place, actor: Actor, form: Form) -> Answer | None:
    """Plan the preview and redirect to it; where it is refused, return None and say so."""
    action = place.action
    try:
        token = _preview(place, actor, form[LOOKED_UP].data or ())
        db.session.commit()
    except (RuleBroken, BadRequest, NotFound) as error:
        db.session.rollback()
        flood = note_denial(error) if isinstance(error, GrantExceeded) else None
        form.refuse(flood or RuleBroken(error.message, field=LOOKED_UP))
        return None
    there = place.screen.screen_of(action.model)
    return redirect(there.preview_url(action, token), HTTPStatus.SEE_OTHER)


def _preview(place: Place, actor: Actor, ids: Sequence[RowKey]) -> UUID:
    """Plan the preview, and return its token. Raises RuleBroken, BadRequest or NotFound."""
    if not ids:
        raise RuleBroken(_("Choose at least one row first."))
    chosen = {parameter_of(place.action, place.screen.model): [place.row.id]}
    return preview(
        actor=actor,
        action=place.action,
        selection=Selection(ids=ids),
        parameters=chosen,
        draft={"back": place.href},
    ).run.token


def _page(place: Place, form: Form) -> tuple[str, HTTPStatus]:
    label = label_of(place.action.model)
    page = FormPage(
        title=_("%(label)s: %(what)s", label=masking.label(signed_in(), place.row), what=label),
        form=form,
        sections=[FormSection("", [[FormItem(form[LOOKED_UP])]])],
        errors=form.form_errors,
        action=place.screen.url_of("add_rows", row_id=place.row.id, tab=place.tab),
        cancel_href=place.href,
        version=None,
        button=_("Show what will happen"),
    )
    is_wrong = bool(form.errors or form.form_errors)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return place.screen.render("admin/form.html", page=page), status

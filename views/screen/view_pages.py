"""Save a view of a list, change it, share it, delete it, and choose the one that opens first."""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from flask import flash, redirect, request
from flask_babel import gettext as _

from backoffice.data import saved_views
from backoffice.errors import BadRequest, Conflict, GrantExceeded, NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.saved_view import SavedView
from backoffice.policy.actor import Actor
from forms.saved_view import SavedViewForm, offering
from views.screen import list_views, lookups
from views.screen.addresses import pairs_of
from views.screen.definition import Definition
from views.screen.pages_of_views import EVERYTHING, KeptView, ViewFormPage, ViewsPage
from views.web import unsent
from views.web.answers import Answer
from views.web.errors import note_denial


def overview(screen: Definition, actor: Actor) -> Answer:
    """Show the actor's views of a list, those that are shared with them, and the default."""
    own = saved_views.own(actor, screen.endpoint)
    shared = saved_views.shared(actor, screen.endpoint)
    page = ViewsPage(
        title=_("Views of %(title)s", title=screen.name),
        list_href=screen.href_of_everything(actor),
        default_href=screen.url_of("choose_view"),
        own=[_own(screen, actor, view) for view in own],
        shared=_shared(screen, actor, shared),
        defaults=_defaults(screen, actor),
    )
    return screen.render("admin/views.html", page=page)


def _defaults(screen: Definition, actor: Actor) -> list[tuple[str, str, bool]]:
    """Return with what the list may open, and what it opens with."""
    chosen = screen.default_view(actor) or EVERYTHING
    views = [(view.mark, view.label) for view in list_views.of_list(screen, actor)]
    return [(mark, label, mark == chosen) for mark, label in [(EVERYTHING, _("All")), *views]]


def _shared(screen: Definition, actor: Actor, views: Sequence[SavedView]) -> list[KeptView]:
    """Return views of others, with the groups of the actor by way of which they are seen."""
    may_end = dict(saved_views.groups_to_share_with(actor))
    shared = []
    for view in views:
        own_groups = [group for group in view.groups if group.id in actor.group_ids]
        endable = [group for group in own_groups if group.id in may_end]
        shared.append(_kept(screen, view, own_groups, endable))
    return shared


def _own(screen: Definition, actor: Actor, view: SavedView) -> KeptView:
    kept = _kept(screen, view, view.groups)
    return replace(kept, share_href=list_views.share_href(screen, actor, view))


def _kept(
    screen: Definition, view: SavedView, groups: Sequence[Group], endable: Sequence[Group] = ()
) -> KeptView:
    return KeptView(
        name=view.name,
        href=screen.url_of("index", view=view.id),
        edit_href=screen.url_of("edit_view", view_id=view.id),
        delete_href=screen.url_of("delete_view", view_id=view.id),
        groups=[group.name for group in groups],
        endable=[
            (screen.url_of("stop_sharing", view_id=view.id, group_id=group.id), group.name)
            for group in endable
        ],
    )


def new(screen: Definition, actor: Actor) -> Answer:
    """Save the list that the form was sent from under a name."""
    form = _form(actor, None)
    if request.method == "POST" and form.validate():
        try:
            view = saved_views.create(
                actor=actor,
                screen=screen.endpoint,
                name=form.name.data,
                address=_address(screen, actor, form),
                group_ids=_groups_sent(form) or (),
            )
            db.session.commit()
        except RuleBroken as error:
            _refuse(form, error)
        else:
            flash(_("The view “%(name)s” is saved.", name=view.name), "success")
            return redirect(screen.url_of("index", view=view.id), HTTPStatus.SEE_OTHER)
    return _page(
        screen,
        form,
        title=_("Save this view"),
        action=screen.url_of("new_view"),
    )


def edit(screen: Definition, actor: Actor, view_id: int) -> Answer:
    """Show the form of a view, or change what of it was sent: name, groups or address."""
    view = saved_views.get_own(actor=actor, screen=screen.endpoint, view_id=view_id)
    form = _form(actor, view)
    version = unsent.version(view.version)
    if request.method == "POST":
        version = request.form.get("version", type=int)
        if form.validate_sent():
            try:
                return _changed(screen, actor, view, version, form)
            except Conflict as error:
                db.session.rollback()
                form.refuse(error)
                # What was typed takes the place of what was saved, if it is sent again.
                version = error.current.version
            except RuleBroken as error:
                _refuse(form, error)
    return _page(
        screen,
        form,
        title=_("Edit the view “%(name)s”", name=form.name.object_data),
        action=screen.url_of("edit_view", view_id=view_id),
        version=version,
    )


def _changed(
    screen: Definition, actor: Actor, view: SavedView, version: int | None, form: SavedViewForm
) -> Answer:
    """Change the view and answer. Raises Conflict or RuleBroken."""
    saved_views.change(
        actor=actor,
        view=view,
        version=version,
        name=form.name.data if form.name.raw_data else None,
        group_ids=_groups_sent(form),
        address=_address(screen, actor, form) if form.address.data else None,
    )
    db.session.commit()
    flash(_("The view “%(name)s” is saved.", name=view.name), "success")
    return redirect(screen.url_of("index", view=view.id), HTTPStatus.SEE_OTHER)


def delete(screen: Definition, actor: Actor, view_id: int) -> Answer:
    """Delete a view of the actor's own."""
    view = saved_views.get_own(actor=actor, screen=screen.endpoint, view_id=view_id)
    saved_views.delete(actor=actor, view=view)
    db.session.commit()
    flash(_("The view “%(name)s” is deleted.", name=view.name), "success")
    return redirect(screen.url_of("views_page"), HTTPStatus.SEE_OTHER)


def stop_sharing(screen: Definition, actor: Actor, view_id: int, group_id: int) -> Answer:
    """Take a view away from a group."""
    view = saved_views.get(actor=actor, screen=screen.endpoint, view_id=view_id)
    saved_views.stop_sharing(actor=actor, view=view, group_id=group_id)
    db.session.commit()
    return redirect(screen.url_of("views_page"), HTTPStatus.SEE_OTHER)


def choose_default(screen: Definition, actor: Actor) -> Answer:
    """Keep with which view the actor's list opens."""
    mark = request.form.get("view", "")
    view = list_views.find(screen, actor, mark)
    if view is None and mark != EVERYTHING:
        raise NotFound(_("There is no such view, or it is not yours to see."))
    lookups.prefer(screen, actor, view=view.mark if view else "")
    db.session.commit()
    label = view.label if view else _("All")
    flash(_("“%(view)s” is the default view of this list now.", view=label), "success")
    return redirect(screen.url_of("index"), HTTPStatus.SEE_OTHER)


def _form(actor: Actor, view: SavedView | None) -> SavedViewForm:
    """Return the form, with groups to choose if the actor may share or take back."""
    shown_to = [(group.id, group.name) for group in view.groups] if view else []
    offered = dict([*shown_to, *saved_views.groups_to_share_with(actor)])
    form_class = offering(list(offered.items()))
    values = {"name": view.name if view else None, "groups": [row_id for row_id, _name in shown_to]}
    return form_class(request.form if request.method == "POST" else None, data=values)


def _groups_sent(form: SavedViewForm) -> list[int] | None:
    """Return the groups to share with, or None if the form has no word about them."""
    chosen: list[int] | None = form["groups"].data if "groups" in form.sent() else None
    return chosen


def _address(screen: Definition, actor: Actor, form: SavedViewForm) -> str:
    """Return the address that was sent, in the form in which it is kept. Raises RuleBroken."""
    try:
        pairs = pairs_of(form.address.data or "")
        query = screen.query(actor, pairs)
    except BadRequest as error:
        raise RuleBroken(error.message) from None
    columns = screen.chosen_columns(actor, None, list_views.columns_in(pairs))
    return list_views.address_of(screen, query, columns)


def _refuse(form: SavedViewForm, error: RuleBroken) -> None:
    """Show a refusal, which changed nothing, at its field."""
    db.session.rollback()
    flood = note_denial(error) if isinstance(error, GrantExceeded) else None
    form.refuse(flood or error)


def _page(
    screen: Definition,
    form: SavedViewForm,
    *,
    title: str,
    action: str,
    version: int | None = None,
) -> Answer:
    page = ViewFormPage(title, form, action, screen.url_of("views_page"), version)
    status = HTTPStatus.OK
    if form.errors or form.form_errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return screen.render("admin/view_form.html", page=page), status

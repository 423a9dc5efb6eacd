"""Download groups as a sheet; send one, look at what it would change, apply it and undo it."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from backoffice import limits, slots
from backoffice.errors import GrantExceeded, RuleBroken
from backoffice.extensions import db
from backoffice.models.sheet_import import SheetImport
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from backoffice.sheets import imports, shipped_sheets, undoing, writing
from backoffice.sheets.sheet import Problems, SheetRefused
from backoffice.sheets.shipped_sheets import ShippedSheet
from forms.group_sheet import SheetForm, offer
from views.admin import group_sheet_pages as pages
from views.screen import no_permission_required, permission_required
from views.screen.definition import Definition
from views.screen.pages import ListMenu
from views.web.actor import signed_in, writes_no_row
from views.web.answers import Answer
from views.web.downloads import offered_on
from views.web.errors import note_denial
from views.web.view_as import not_while_viewing

JSON = "application/json; charset=utf-8"
SCHEMA = Path(imports.__file__).parent / "groups.schema.json"
TOKEN = "<uuid:token>"
PRESENT_NAMED = 3  # groups of a shipped sheet that are there already


class SheetPages(Definition):
    """The pages of sheets, which the screen of groups has besides its own."""

    @not_while_viewing
    @offered_on("index")
    @permission_required("groups.export")
    @expose("/sheet.json")
    def sheet_file(self) -> Answer:
        return _attached(writing.export(actor=signed_in()), "groups.json")

    @no_permission_required("it says what a sheet looks like, and nothing about any group")
    @expose("/sheet.schema.json")
    def sheet_schema(self) -> Answer:
        return Response(SCHEMA.read_bytes(), content_type=JSON)

    @writes_no_row
    @permission_required("groups.import")
    @expose("/sheet", methods=("GET", "POST"))
    def sheet(self) -> Answer:
        return _upload(self, signed_in())

    @permission_required("groups.import")
    @expose(f"/sheet/{TOKEN}", methods=("GET", "POST"))
    def sheet_preview(self, token: UUID) -> Answer:
        answer = _apply if request.method == "POST" else _show
        return answer(self, signed_in(), token)

    @permission_required("groups.import")
    @expose(f"/sheet/{TOKEN}/undo", methods=("GET", "POST"))
    def sheet_undo(self, token: UUID) -> Answer:
        answer = _undo if request.method == "POST" else _show_undo
        return answer(self, signed_in(), token)

    def list_menu(self, actor: Actor) -> ListMenu | None:
        """Return the menu of sheets, with those that come with the product."""
        links = []
        if can(actor, "groups.export"):
            links.append((_("Download all groups"), self.url_of("sheet_file")))
        if can(actor, "groups.import"):
            links.append((_("Import a sheet"), self.url_of("sheet")))
            links += [
                (str(sheet.title), self.url_of("sheet", shipped=sheet.name))
                for sheet in shipped_sheets.SHEETS
            ]
        return ListMenu(_("Sheets"), "table", links, pages.hint(actor)) if links else None


def _attached(content: bytes, name: str) -> Response:
    response = Response(content, content_type=JSON)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _upload(screen: Definition, actor: Actor) -> Answer:
    """Show the form, or keep the sheet that was sent and redirect to its preview."""
    imports.require_rights(actor)
    form = _form(actor)
    problems = Problems()
    if request.method == "POST" and form.validate():
        try:
            found = _prepared(actor, form)
        except SheetRefused as error:
            problems = _refused(error)
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
        else:
            return redirect(screen.url_of("sheet_preview", token=found.token), HTTPStatus.SEE_OTHER)
    is_wrong = bool(problems or form.errors or form.form_errors)
    html = render_sheet(screen, "sheet.html", pages.upload(screen, actor, form, problems))
    return html, HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK


def _form(actor: Actor) -> SheetForm:
    """Return the form with what was sent, or with the shipped sheet that the address names."""
    sent: MultiDict[str, Any] | None = None
    if request.method == "POST":
        sent = MultiDict(request.form)
        sent.update(request.files)
    form = SheetForm(sent, data={"shipped": request.args.get("shipped", ""), "mode": "merge"})
    offer(form, _shipped(actor))
    return form


def _shipped(actor: Actor) -> list[tuple[str, str]]:
    """Return the sheets that come along, each with its title and the groups that are there."""
    present = imports.names_of_groups(actor)
    return [(each.name, _with_present(each, present)) for each in shipped_sheets.SHEETS]


def _with_present(sheet: ShippedSheet, present: Mapping[str, str]) -> str:
    names = sorted(present[key] for key in sheet.keys() & present.keys())
    if not names:
        return str(sheet.title)
    listed = ", ".join([*names[:PRESENT_NAMED], *(["…"] if names[PRESENT_NAMED:] else [])])
    return str(_("%(sheet)s. There already: %(groups)s", sheet=sheet.title, groups=listed))


def render_sheet(screen: Definition, template: str, page: object) -> str:
    """Draw a page of sheets."""
    return str(screen.render(f"admin/groups/{template}", page=page))


def _prepared(actor: Actor, form: SheetForm) -> SheetImport:
    """Keep the sheet that was sent. Raises RuleBroken at the field."""
    if form.sheet.data:
        source = form.sheet.data.filename
        # One byte more than allowed is enough to see that the file is too large.
        data = form.sheet.data.stream.read(limits.SHEET + 1)
    elif form.shipped.data:
        shipped = shipped_sheets.named(form.shipped.data)
        source, data = str(shipped.title), shipped.read()
    else:
        raise RuleBroken(_("Choose a file, or a sheet that comes with the product."), field="sheet")
    found = imports.prepare(actor=actor, data=data, source=source, mode=form.mode.data)
    db.session.commit()
    return found


def _refused(error: SheetRefused) -> Problems:
    """Take back what was begun, and note an attempt beyond the actor's rights."""
    db.session.rollback()
    code = error.problems.lacking
    if code:
        flood = note_denial(GrantExceeded(error.message, field="sheet", code=code))
        if flood:
            raise flood
    return error.problems


def _show(screen: Definition, actor: Actor, token: UUID) -> Answer:
    found = imports.find(actor=actor, token=token)
    if found.state != "planned":
        return render_sheet(screen, "sheet_result.html", pages.result(screen, actor, found))
    with slots.sheets().taken():
        plan = imports.preview(actor=actor, found=found)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if plan.problems else HTTPStatus.OK
    page = pages.preview(screen, actor, found, plan)
    return render_sheet(screen, "sheet_preview.html", page), status


def _apply(screen: Definition, actor: Actor, token: UUID) -> Answer:
    apply = partial(imports.apply, actor=actor, token=token)
    return _carried_out(
        apply, _("The sheet is applied."), screen.url_of("sheet_preview", token=token)
    )


def _show_undo(screen: Definition, actor: Actor, token: UUID) -> Answer:
    found = imports.find(actor=actor, token=token)
    if found.state != "done":
        return redirect(screen.url_of("sheet_preview", token=token), HTTPStatus.SEE_OTHER)
    with slots.sheets().taken():
        plan = undoing.plan(actor=actor, found=found)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if plan.problems else HTTPStatus.OK
    page = pages.undo(screen, actor, found, plan)
    return render_sheet(screen, "sheet_preview.html", page), status


def _undo(screen: Definition, actor: Actor, token: UUID) -> Answer:
    undo = partial(undoing.undo, actor=actor, token=token)
    return _carried_out(undo, _("The import is undone."), screen.url_of("sheet_undo", token=token))


def _carried_out(act: Callable[..., object], done: str, here: str) -> Answer:
    """Do what the page shows, if it still holds, and lead back to it."""
    try:
        with slots.sheets().taken():
            act(digest=request.form.get("plan", ""))
        db.session.commit()
        flash(done, "success")
    except SheetRefused as error:
        _refused(error)  # the page behind the redirect lists the problems
    except imports.Overtaken as error:
        _overtaken(error)
    return redirect(here, HTTPStatus.SEE_OTHER)


def _overtaken(error: imports.Overtaken) -> None:
    db.session.rollback()
    flash(_("%(message)s Here is what it would change now.", message=error.message), "warning")

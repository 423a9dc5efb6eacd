"""One row: its values in sections, its tabs, and what may be done to it."""

from http import HTTPStatus
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from markupsafe import Markup

from backoffice.actions.engine.plan import menu
from backoffice.data import records
from backoffice.errors import NotFound
from backoffice.models import fields
from backoffice.models.base import Entity, Record
from backoffice.policy.actor import Actor
from views.screen import cells
from views.screen.definition import Definition
from views.web.actor import actor as current_actor
from views.web.actor import signed_in

OVERVIEW = "overview"
ALL_PILLS = 1000


def show(screen: Definition, actor: Actor, row_id: int) -> Any:
    """The details page, or one of its tabs."""
    row = records.get(actor=actor, model=screen.model, row_id=row_id)
    current = request.args.get("tab", OVERVIEW)
    tabs = screen.readable_tabs(actor)
    if current not in (OVERVIEW, *tabs):
        raise NotFound("There is no such tab.")
    edit_href, refused = _edit(screen, actor, row)
    page = {
        "title": row.label,
        "subtitle": screen.subtitle(row),
        "badges": screen.badges(row),
        "avatar": "",
        "warnings": screen.warnings(row),
        "edit_href": edit_href,
        "actions": action_items(screen, actor, row, refused) if isinstance(row, Entity) else [],
        "back_href": screen.url_of("index"),
        "back_label": screen.name,
        "tabs": [
            _tab(screen, row, *tab, current) for tab in ((OVERVIEW, "Overview"), *tabs.items())
        ],
        "sections": screen.sections(row) if current == OVERVIEW else [],
        "panel": screen.tab(actor, row, current) if current != OVERVIEW else None,
    }
    return screen.render("admin/details.html", page=page | screen.heading_of(row))


def row_menu(screen: Definition, actor: Actor, row_id: int) -> Any:
    """The menu of one row, as a fragment that the list fetches when it is opened."""
    row = records.get(actor=actor, model=screen.model, row_id=row_id)
    links = [("Open", screen.url_of("details", row_id=row_id))]
    edit_href, refused = _edit(screen, actor, row)
    if edit_href:
        links.append(("Edit", edit_href))
    items = action_items(screen, actor, row, refused) if isinstance(row, Entity) else []
    return render_template("admin/menu.html", items=items, links=links), HTTPStatus.OK


def _edit(screen: Definition, actor: Actor, row: Record) -> tuple[str | None, str]:
    """Where the row is edited, or why the actor, who may edit others, cannot edit this one."""
    if not screen.may(actor, "edit"):
        return None, ""
    refused = records.out_of_reach(actor, row)
    return (None, refused) if refused else (screen.url_of("edit", row_id=row.id), "")


def action_items(
    screen: Definition, actor: Actor, row: Entity, no_edit: str
) -> list[dict[str, Any]]:
    """Exactly what this person may do to this row; what a rule refuses is there, with the reason.

    So is Edit, where `no_edit` says why not. Actions that would change nothing are left out. The dangerous come after
    the others, the refused last.
    """
    found = menu(actor, screen.actions(actor), row.id)
    items = [
        {
            "label": action.label,
            "url": screen.action_url(action),
            "row": row.id,
            "danger": action.danger,
            "refused": action.sentence(rule, row.label) if outcome == "refused" else None,
        }
        for action, outcome, rule in found
        if outcome != "unchanged"
    ]
    if no_edit:
        items.append({"label": _("Edit"), "danger": False, "refused": no_edit})
    return sorted(items, key=lambda item: (bool(item["refused"]), item["danger"]))


def sections(screen: Definition, row: Record) -> list[dict[str, Any]]:
    """The overview: what the list shows and what the form writes, then who and when."""
    names = screen.readable(signed_in(), screen.column_details_list)
    times = [
        n
        for n in names
        if fields.kind(screen.model, n) == "time" or n.endswith("_by") or n == "status_reason"
    ]
    main = [n for n in names if n not in times]
    parts = [(screen.model.__singular__.capitalize(), main), ("History", times)]
    return [
        {"title": title, "fields": [_field(screen, row, n) for n in part]}
        for title, part in parts
        if part
    ]


def _field(screen: Definition, row: Record, name: str) -> dict[str, Any]:
    return {"label": screen.label_of(name), "value": value_of(screen, row, name)}


def value_of(screen: Definition, row: Record, name: str) -> Markup:
    """An attribute of a loaded row as HTML."""
    value, kind = getattr(row, name), fields.kind(screen.model, name)
    if kind in ("one", "many"):
        others = value if kind == "many" else [value] if value else []
        value = records.named(
            actor=current_actor(), model=fields.related_model(screen.model, name), rows=others
        )
    if kind == "many":
        return cells.pills([(other.id, other.label) for other in value], ALL_PILLS)
    if kind == "one":
        value = value[0] if value else None
        base = screen.base_of(fields.related_model(screen.model, name))
        linked = Markup('<a href="{}{}">{}</a>')
        if value is None:
            return cells.NOTHING
        return linked.format(base, value.id, value.label) if base else cells.text(value.label)
    if name in ("id", screen.model.__label__):
        return cells.text(value)
    if name in screen.column_value_labels:
        return cells.text(screen.said(name, value))
    return cells.maker(screen.model, name, "")(value)


def _tab(screen: Definition, row: Record, name: str, label: str, current: str) -> dict[str, Any]:
    href = screen.url_of("details", row_id=row.id, tab=None if name == OVERVIEW else name)
    return {"name": name, "label": label, "href": href, "current": name == current}

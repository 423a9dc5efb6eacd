"""Show one row: its values in sections, its tabs, and the actions on it."""

from dataclasses import replace
from http import HTTPStatus

from flask import render_template, request
from flask_babel import gettext as _
from markupsafe import Markup

from backoffice.actions.engine.menu import menu
from backoffice.data import records, unseen
from backoffice.errors import NotFound
from backoffice.models import fields, masks
from backoffice.models.base import Entity, Record
from backoffice.models.row_keys import RowKey
from backoffice.people import reveals
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.text import capital
from views.screen import access, cells, event_tab, tabs
from views.screen.access import ACCESS
from views.screen.definition import Definition
from views.screen.file_cells import Held
from views.screen.pages import DetailsPage, Fact, MenuItem, Section, Tab
from views.screen.prefilling import COPIED_FROM
from views.web.actor import actor as current_actor
from views.web.actor import signed_in
from views.web.answers import Answer
from views.web.times import hour

ALL_PILLS = 1000


def show(screen: Definition, actor: Actor, row_id: RowKey) -> Answer:
    """Show the details page, or one of its tabs."""
    row = records.get(actor=actor, model=screen.model, row_id=row_id)
    current = request.args.get("tab", screen.overview_tab[0])
    links = tabs.links(screen, actor, row, current)
    if not any(link.current for link in links):
        raise NotFound(_("There is no such tab."))
    page, status = _with_content(_page(screen, actor, row, links), screen, actor, row, current)
    return screen.render("admin/details.html", page=page), status


def _with_content(
    page: DetailsPage, screen: Definition, actor: Actor, row: Record, current: str
) -> tuple[DetailsPage, int]:
    """Return the page with what its tab shows, and its status."""
    if current == screen.overview_tab[0]:
        below = screen.below(actor, row)
        return replace(page, sections=screen.sections(row), below=below), HTTPStatus.OK
    if current in screen.details_sections:
        return replace(page, sections=declared_sections(screen, row, current)), HTTPStatus.OK
    panel = _panel(screen, actor, row, current)
    if panel is not None:
        return replace(page, panel=panel), HTTPStatus.OK
    rows, status = tabs.rows(screen, actor, row, current)
    return replace(page, rows=rows), status


def _panel(screen: Definition, actor: Actor, row: Record, current: str) -> Markup | None:
    """Return what a tab shows; None if that is a list of related rows."""
    if current in screen.details_tabs:
        return screen.tab(actor, row, current)
    if current == ACCESS:
        return Markup(access.draw(screen, actor, row))  # noqa: S704  # rendered from our template
    if current in event_tab.label(screen, actor):
        return event_tab.panel(screen, actor, row)
    return None


def _page(screen: Definition, actor: Actor, row: Record, links: list[Tab]) -> DetailsPage:
    edit_href, edit_refused = _edit(screen, actor, row)
    heading = screen.heading_of(row)
    return DetailsPage(
        title=heading.title,
        avatar=heading.avatar,
        subtitle=screen.subtitle(row),
        badges=screen.badges(row),
        warnings=[*screen.warnings(row), *_revealed(actor, row)],
        back_href=screen.url_of("index"),
        back_label=str(screen.name),
        edit_href=edit_href,
        duplicate_href=_duplicate_href(screen, actor, row),
        actions=_actions(screen, actor, row, edit_refused),
        tabs=links,
    )


def _revealed(actor: Actor, row: Record) -> list[str]:
    """Return a sentence for everybody who sees the row without masks now."""
    if not masks.names(type(row)):
        return []
    return [_sight(each) for each in reveals.of_row(actor, row)]


def _sight(each: reveals.Revealed) -> str:
    time = hour(each.ends_at)
    if each.is_actor:
        return _("You see the full data until %(time)s.", time=time)
    return _("%(person)s sees the full data until %(time)s.", person=each.name, time=time)


def row_menu(screen: Definition, actor: Actor, row_id: RowKey) -> Answer:
    """Return the menu of one row, as a fragment that the list fetches when it is opened."""
    row = records.get(actor=actor, model=screen.model, row_id=row_id)
    links = [(_("Open"), screen.url_of("details", row_id=row_id))]
    edit_href, edit_refused = _edit(screen, actor, row)
    if edit_href:
        links.append((_("Edit"), edit_href))
    duplicate_href = _duplicate_href(screen, actor, row)
    if duplicate_href:
        links.append((_("Duplicate"), duplicate_href))
    items = _actions(screen, actor, row, edit_refused)
    return render_template("admin/menu.html", items=items, links=links), HTTPStatus.OK


def _edit(screen: Definition, actor: Actor, row: Record) -> tuple[str | None, str]:
    """Return where the row is edited and why the actor cannot edit it; one of them is empty.

    Both are empty for an actor who may edit no row at all.
    """
    if not screen.may(actor, "edit"):
        return None, ""
    refused = records.out_of_reach(actor, row)
    if refused:
        return None, refused
    return screen.url_of("edit", row_id=row.id), ""


def _duplicate_href(screen: Definition, actor: Actor, row: Record) -> str:
    """Return where a row like this one is added, or '' if the actor may not."""
    if not screen.can_duplicate or not screen.may(actor, "create"):
        return ""
    return screen.url_of("new", **{COPIED_FROM: row.id})


def _actions(screen: Definition, actor: Actor, row: Record, edit_refused: str) -> list[MenuItem]:
    """Return the actions on the row; only an entity has any."""
    if not isinstance(row, Entity):
        return []
    return action_items(screen, actor, row, edit_refused)


def action_items(screen: Definition, actor: Actor, row: Entity, no_edit: str) -> list[MenuItem]:
    """Return the actions that this person may use on this row.

    What a rule refuses is listed with the reason. So is Edit, where `no_edit` says why not.
    Actions that would change nothing are left out. The dangerous ones come after the others unless
    the screen declares an order, the refused ones last.
    """
    label = masking.label(actor, row)
    items = [
        MenuItem(
            label=str(action.label),
            url=screen.action_url(action),
            row=row.id,
            danger=action.danger,
            refused=action.sentence(rule, label) if outcome == "refused" else "",
            group=screen.action_group(action),
        )
        for action, outcome, rule in menu(actor, screen.actions(actor), row.id)
        if outcome != "unchanged"
    ]
    if no_edit:
        items.append(MenuItem(_("Edit"), refused=no_edit))
    if screen.action_groups:
        return _set_apart(sorted(items, key=lambda item: bool(item.refused)))
    return sorted(items, key=lambda item: (bool(item.refused), item.danger))


def _set_apart(items: list[MenuItem]) -> list[MenuItem]:
    """Return the items with a line before each group, and before those that are refused."""
    groups = [-1 if item.refused else item.group for item in items]
    return [
        replace(item, apart=group != last)
        for item, group, last in zip(items, groups, [*groups[:1], *groups], strict=False)
    ]


def sections(screen: Definition, row: Record) -> list[Section]:
    """Return the overview: what the list shows and the form writes, then who did it and when."""
    if screen.overview_tab[0] in screen.details_sections:
        return declared_sections(screen, row, screen.overview_tab[0])
    names = screen.readable(signed_in(), screen.column_details_list)
    history = [name for name in names if _is_history(screen, name)]
    main = [name for name in names if name not in history]
    parts = [(capital(screen.model.noun()), main), (_("History"), history)]
    return [
        Section(title, [fact(screen, row, name) for name in part]) for title, part in parts if part
    ]


def declared_sections(screen: Definition, row: Record, tab: str) -> list[Section]:
    """Return what the screen declares for a tab, as far as the reader may see it."""
    readable = {
        title: screen.readable(signed_in(), names)
        for title, names in screen.details_sections[tab].items()
    }
    return [
        Section(str(title), [fact(screen, row, name) for name in names])
        for title, names in readable.items()
        if names
    ]


def _is_history(screen: Definition, name: str) -> bool:
    is_time = fields.shape(screen.model, name) == "moment"
    return is_time or name.endswith("_by") or name in screen.column_history_list


def fact(screen: Definition, row: Record, name: str) -> Fact:
    """Return an attribute of a loaded row under its heading."""
    return Fact(screen.label_of(name), value_of(screen, row, name))


def value_of(screen: Definition, row: Record, name: str) -> Markup:
    """Return an attribute of a loaded row as HTML."""
    own = screen.column_formatters_detail.get(name)
    return own(row) if own else _by_kind(screen, row, name)


def _by_kind(screen: Definition, row: Record, name: str) -> Markup:
    value = masking.read(current_actor(), screen.model, row, name)
    if fields.is_many(screen.model, name):
        others = _named(screen, name, value)
        return cells.pills([(other.id, _label(other)) for other in others], ALL_PILLS)
    if fields.is_one(screen.model, name):
        return _related(screen, name, value)
    if name in ("id", screen.model.__label__):
        return cells.text(value)
    if name in screen.column_value_labels:
        return cells.text(screen.value_label(name, value))
    if fields.is_file(screen.model, name):
        value = Held(f"{screen.url_of('details', row_id=row.id)}/", value)
    return cells.full_maker(screen.model, name)(value)


def _related(screen: Definition, name: str, value: Record | None) -> Markup:
    """Return a related row as a link to its details, where it has a page."""
    others = _named(screen, name, [value] if value else [])
    if not others:
        return cells.NOTHING
    other = others[0]
    target = fields.related_model(screen.model, name)
    if unseen.without_page(current_actor(), target, [(other.id, other.label)]):
        return cells.text(masking.numbered(target, other.id))
    base = screen.base_of(target)
    if not base:
        return cells.text(_label(other))
    return Markup('<a href="{}{}">{}</a>').format(base, other.id, _label(other))


def _label(row: Record) -> str:
    """Return what the reader calls a related row."""
    return masking.label(current_actor(), row)


def _named(screen: Definition, name: str, rows: list[Record]) -> list[Record]:
    """Return those of the related rows whose names the actor may read."""
    target = fields.related_model(screen.model, name)
    return records.named(actor=current_actor(), model=target, rows=rows)

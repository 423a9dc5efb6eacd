"""The tabs of a row's details: the overview, those of the screen, and lists of other rows."""

from dataclasses import replace

from flask_babel import gettext as _

from backoffice.actions.engine.attaching import attach_name, detach_name
from backoffice.models.base import Record
from backoffice.policy.actor import Actor
from views.screen import access, adding, event_tab, listing, related_lists
from views.screen.access import ACCESS
from views.screen.definition import Definition
from views.screen.pages import BulkAction, ListPage, Tab
from views.screen.related_lists import Within


def links(screen: Definition, actor: Actor, row: Record, current: str) -> list[Tab]:
    """Return the links to the tabs that the actor may see."""
    overview, overview_label = screen.overview_tab
    named = {overview: overview_label, **screen.readable_tabs(actor, row)}
    named |= event_tab.label(screen, actor)
    tabs = [_link(screen, row, name, label, current) for name, label in named.items()]
    if access.is_shown(screen, actor):
        tabs.append(_link(screen, row, ACCESS, _("Access"), current))
    for each in screen.readable_lists(actor):
        number = related_lists.count(actor, screen.model, each.name, row.id)
        tab = _link(screen, row, each.name, each.heading, current)
        tabs.append(replace(tab, count=number))
    return tabs


def _link(screen: Definition, row: Record, name: str, label: str, current: str) -> Tab:
    tab = None if name == screen.overview_tab[0] else name
    href = screen.url_of("details", row_id=row.id, tab=tab)
    return Tab(label, href, current=name == current)


def rows(screen: Definition, actor: Actor, row: Record, name: str) -> tuple[ListPage, int]:
    """Return the list of other rows in the tab of this name, and its status."""
    target, _back = related_lists.target_of(screen.model, name)
    within = adding.with_buttons(screen, actor, name, _within(screen, actor, row, name))
    return listing.build(screen.screen_of(target), actor, within)


def _within(screen: Definition, actor: Actor, row: Record, name: str) -> Within:
    """Return the tab with the buttons that attach and detach rows, if the actor may use them."""
    within = Within(related_lists.pinned(screen.model, name, row.id), row.id)
    (tab,) = [each for each in screen.tabs if each.name == name]
    if not tab.attach:
        return within
    usable = {action.name: action for action in screen.actions(actor)}
    if attach := usable.get(attach_name(name)):
        button = BulkAction(str(attach.label), screen.action_url(attach), danger=False)
        within = replace(within, attach=button)
    if detach := usable.get(detach_name(name)):
        url = screen.url_of("detach", row_id=row.id, tab=name)
        within = replace(within, detach=BulkAction(str(detach.label), url, danger=False))
    return within

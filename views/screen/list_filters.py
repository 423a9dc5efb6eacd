"""Draw the filters of a list: what they offer, and the chips of those that are on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _

from backoffice.data import comparable, filters, offered
from backoffice.data.filters import BEGINNING, NONE, RANGED, Filter
from backoffice.data.lists import Query
from backoffice.data.offered import Labels
from backoffice.models import fields, row_keys
from backoffice.models.row_keys import RowKey
from backoffice.policy.actor import Actor
from views.screen.definition import Definition
from views.screen.pages import Chip, FilterControl
from views.screen.pages_of_views import EVERYTHING
from views.web.reader import zone

OPTIONS_TICKED = 20  # as many related rows can be ticked without a look-up
WORDS_TICKED = 60  # as many words can be ticked; of more, one is chosen from a menu
TYPED = ("text", "exact")  # the shapes of filters whose value is typed
Choices = dict[str, Labels]  # by the filter's name


def related_choices(screen: Definition, actor: Actor, query: Query) -> Choices:
    """Return the choices of every filter by a related row or by a code."""
    return offered.choices(
        actor=actor,
        model=screen.model,
        names=screen.usable_filters(actor),
        chosen={filter_.name: _ids(screen, filter_) for filter_ in query.filters},
        # One more than is shown, which tells that a look-up is needed.
        limit=OPTIONS_TICKED + 1,
    )


def _ids(screen: Definition, filter_: Filter) -> list[RowKey]:
    """Return the ids in a filter by related rows; other values, such as none, are left out."""
    if fields.shape(screen.model, filter_.name) != "rows":
        return []
    target = fields.related_model(screen.model, filter_.name)
    keys = [row_keys.parse(target, value) for value in filter_.values]
    return [key for key in keys if key is not None]


def control(screen: Definition, name: str, query: Query, choices: Choices) -> FilterControl:
    """Return the control of one filter."""
    given = {f.key: f.values for f in query.filters}
    key = filters.key_of(name)
    plain = FilterControl(name, key, screen.label_of(name))
    shape = fields.shape(screen.model, name)
    if shape in RANGED:
        return _range(plain, shape, given)
    return _choice(screen, plain, given.get(key, ()), choices.get(name, []))


def _choice(
    screen: Definition, plain: FilterControl, chosen: Sequence[str], labels: Labels
) -> FilterControl:
    """Add what a filter offers to choose from, or the text of one that is typed."""
    name = plain.name
    match fields.shape(screen.model, name):
        case "choice" | "derived" | "members":
            return _words(screen, plain, fields.choices(screen.model, name), chosen)
        case "code":
            return _words(screen, plain, [value for value, _label in labels], chosen)
        case "yes" | "filled":
            return replace(_words(screen, plain, ("yes", "no"), chosen), widget="select")
        case "rows":
            return _relation(screen, plain, chosen, labels)
    return replace(plain, value=chosen[0] if chosen else "")


def _range(plain: FilterControl, shape: str, given: Mapping[str, Sequence[str]]) -> FilterControl:
    """Add the two ends of a filter by a number, a date or a time."""
    return replace(
        plain,
        widget="number" if shape == "range" else "date",
        days_of=str(zone()) if shape == "moment" else "",
        value_from=given.get(f"{plain.name}.from", ("",))[0],
        value_to=given.get(f"{plain.name}.to", ("",))[0],
    )


def _words(
    screen: Definition, plain: FilterControl, values: Iterable[str], chosen: Sequence[str]
) -> FilterControl:
    words = [(value, screen.value_label(plain.name, value), value in chosen) for value in values]
    widget = "choice" if len(words) <= WORDS_TICKED else "select"
    return replace(plain, widget=widget, choices=words)


def _relation(
    screen: Definition, plain: FilterControl, chosen: Sequence[str], labels: Labels
) -> FilterControl:
    """Offer the first related rows, and a look-up if there are more."""
    options = [(NONE, _("None"), NONE in chosen)]
    rows = [(value, label, value in chosen) for value, label in labels[:OPTIONS_TICKED]]
    options += sorted(rows, key=lambda row: not row[2])  # what is on is seen without scrolling
    lookup_url = None
    if len(labels) > OPTIONS_TICKED:
        lookup_url = screen.url_of("lookup", field=plain.name)
    return replace(plain, widget="relation", choices=options, lookup_url=lookup_url)


def chips(screen: Definition, query: Query, choices: Choices) -> list[Chip]:
    """Return a chip for the search and for each value of a filter, with the link to remove it."""
    shown = []
    if query.search:
        without = href(replace(query, search=""))
        label = _("“%(text)s”", text=query.search)
        shown.append(Chip(label, without))
    for filter_ in query.asked:
        names = dict(choices.get(filter_.name, ())) | {NONE: _("none")}
        for value in filter_.values:
            label = _chip_label(screen, filter_, value, names)
            without = href(_without(screen, query, filter_, value))
            shown.append(Chip(label, without))
    return shown


def _chip_label(screen: Definition, filter_: Filter, value: str, names: dict[str, str]) -> str:
    period = _period(screen, filter_)
    if period:
        return period
    label = screen.label_of(filter_.name)
    if filter_.operator == "from":
        return _("%(label)s from: %(value)s", label=label, value=value)
    if filter_.operator == "to":
        return _("%(label)s to: %(value)s", label=label, value=value)
    return _("%(label)s: %(value)s", label=label, value=_said(screen, filter_, value, names))


def _said(screen: Definition, filter_: Filter, value: str, names: dict[str, str]) -> str:
    """Return the word for what was chosen; what was typed stays as it is."""
    name = filter_.name
    shape = fields.shape(screen.model, name)
    if shape == "rows" and value in names:
        return names[value]
    if shape in TYPED and name not in screen.column_value_labels:
        return value
    return screen.value_label(name, value)


def _period(screen: Definition, filter_: Filter) -> str:
    """Return how far a log looks back, or '' for any other filter.

    A log looks back some days only, until somebody takes that filter off.
    """
    if (filter_.name, filter_.operator) != (screen.model.__timeline__, "from"):
        return ""
    label = screen.label_of(filter_.name)
    if filter_ == filters.recent(screen.model, filter_.zone):
        days = screen.model.__recent_days__
        return str(_("%(label)s: the last %(days)s days", label=label, days=days))
    if filter_.values[0] == BEGINNING:
        return str(_("%(label)s: since the beginning", label=label))
    return ""


def _without(screen: Definition, query: Query, filter_: Filter, value: str) -> Query:
    """Return the query without one value of a filter.

    Without the filter that limits a log to recent days, the log looks back to its beginning.
    """
    left = tuple(each for each in filter_.values if each != value)
    if filter_ == filters.recent(screen.model, filter_.zone):
        left = (BEGINNING,)

    changed = [replace(each, values=left) if each is filter_ else each for each in query.filters]
    return replace(query, filters=tuple(each for each in changed if each.values))


def href(query: Query, **place: str | None) -> str:
    """Return the query string of a list at a place in it, such as `after` a row."""
    # A size in the address goes along; otherwise the person's own preference holds.
    place["size"] = request.args.get("size")
    for name in ("tab",) if query.pinned else ("view", "columns"):
        place[name] = request.args.get(name)
    given = [(name, value) for name, value in place.items() if value]
    asked = replace(query, filters=query.asked)
    return "?" + urlencode([*asked.pairs(), ("sort", query.sort), *given])


def kept(screen: Definition, actor: Actor, query: Query) -> list[tuple[str, str]]:
    """Return what a search sends along, so that the order and the place of the list stay."""
    names = ("tab", "sort") if query.pinned else ("view", "columns", "sort")
    pairs = [(name, request.args[name]) for name in names if request.args.get(name)]
    if not query.pinned and screen.default_view(actor) and "view" not in request.args:
        # Else a form without any filter would ask for the view with which the list opens.
        pairs.append(("view", EVERYTHING))
    return pairs


def rows_of(query: Query) -> str:
    """Return the query string of the same rows on the page of their own screen."""
    return urlencode([*query.pairs(), ("sort", query.sort)])


def href_of_all(screen: Definition, actor: Actor, query: Query) -> str:
    """Return the address of the list without search and filters."""
    if not query.pinned:
        return screen.href_of_everything(actor)
    return "?" + urlencode({"tab": request.args.get("tab", "")})


def searched(screen: Definition, actor: Actor) -> str:
    """Return the headings of the columns in which a search looks."""
    names = comparable.searched(actor, screen.model)
    return ", ".join(screen.label_of(name) for name in screen.readable(actor, names))


def search_label(screen: Definition, actor: Actor) -> str:
    """Return where a search looks: everywhere, or for whoever sees masks in what has none."""
    if not comparable.is_partly_searched(actor, screen.model):
        return _("Search in %(title)s", title=screen.name)
    names = ("id", *comparable.searched(actor, screen.model))
    columns = ", ".join(screen.label_of(name) for name in names)
    return _("Search by %(columns)s; the rest is masked", columns=columns)

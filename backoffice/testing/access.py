"""What the policy and the URL map say that each address answers, to everyone.

No page is listed by hand. Every rule of the URL map belongs to one of the kinds of pages below,
and every kind derives what it expects from the permission codes, the powers of the screens and
the declarations of the actions. A rule that belongs to none raises `Unknown`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from backoffice.actions.engine.action import Action, actions_of
from backoffice.models import fields
from backoffice.policy.permissions import area_of
from backoffice.policy.shipped import SHIPPED
from backoffice.testing.access_alone import ALONE
from backoffice.testing.access_own import OWN_PAGES
from backoffice.testing.asking import METHODS, Case, Person, Tries, Try, Unknown, World
from backoffice.testing.client import Client
from views.screen.own_pages import permission_of
from views.screen.related_lists import target_of
from views.screen.screen import POWERS, Screen
from views.web.headers import OPEN

# A filter that finds something or nothing, by its shape.
FILTERS = {
    "rows": ("", "none"),
    "range": (".from", "1"),
    "text": ("", "a"),
    "yes": ("", "yes"),
    "filled": ("", "no"),
    "members": ("", "DE"),
}
EVERYBODY = [shipped.key for shipped in SHIPPED]


def screens_of(app: Flask, packages: Collection[str]) -> list[Screen]:
    """Return the screens that these packages bring."""
    screens: list[Screen] = app.extensions["screens"]
    return [each for each in screens if type(each).__module__.partition(".")[0] in packages]


def screens_of_packages(app: Flask) -> list[Screen]:
    """Return the screens of all packages that join, and fail the test if there is none."""
    screens = screens_of(app, app.extensions["apps"])
    assert screens, "no package has a screen: does BACKOFFICE_APPS name yours?"
    return screens


def faults(app: Flask, client: Client, key: str | None, world: World) -> list[str]:
    """Ask every address of the screens of packages that join as a member of a shipped group.

    Returns a line for each answer that is not what the policy says. `key` is one of EVERYBODY, or
    None for somebody who is not signed in; it needs the fixture `staff`.
    """
    assert key in (None, *EVERYBODY), f"no group has the key {key!r}: use {', '.join(EVERYBODY)}"
    screens = screens_of_packages(app)
    if key:
        client.sign_in(key)
    return unexpected(client, cases(app, Person(key), world, screens))


def unexpected(client: Client, asked: Iterable[Case]) -> list[str]:
    """Send every case and return one line for each unexpected answer."""
    wrong = []
    for case in asked:
        if case.method == "GET":
            answer = client.get(case.path)
        else:
            answer = client.post(case.path, case.data)
        if answer.status_code not in case.expected:
            wrong.append(f"{case}: {answer.status_code} and not {case.expected}")
    return wrong


def cases(
    app: Flask, person: Person, world: World, screens: Collection[Screen] | None = None
) -> Iterator[Case]:
    """Yield every rule by every method, with the answer that the person must get.

    With `screens`, those of these screens alone. Signing out comes last.
    """
    for rule in _rules(app, screens):
        tries = [_as_seen(rule, person, each) for each in _tries(app, rule, person, world)]
        for each in (*_wrong_methods(rule, person, tries), *tries):
            yield Case(each.method, _path(app, rule, each.values), each.data, each.expected)


def _rules(app: Flask, screens: Collection[Screen] | None) -> list[Rule]:
    """Return the rules of the URL map, those of `screens` if these are given."""
    rules = list(app.url_map.iter_rules())
    if screens is not None:
        ends = {screen.endpoint for screen in screens}
        rules = [rule for rule in rules if rule.endpoint.rpartition(".")[0] in ends]
    return sorted(rules, key=lambda rule: (rule.endpoint == "sign_out", rule.rule))


def _tries(app: Flask, rule: Rule, person: Person, world: World) -> Tries:
    area, _dot, page = rule.endpoint.rpartition(".")
    screen = next((each for each in app.extensions["screens"] if each.endpoint == area), None)
    if rule.endpoint in ALONE:
        return ALONE[rule.endpoint](person)
    if screen and rule.endpoint in OWN_PAGES:
        return OWN_PAGES[rule.endpoint](screen, person, world)
    if screen and page in PAGES:
        return PAGES[page](screen, person, world)
    if screen and (code := permission_of(type(screen), page)) is not None:
        return _own_page(rule, screen, person, world, code)
    raise Unknown(f"{rule.rule} ({rule.endpoint})")


def _as_seen(rule: Rule, person: Person, wanted: Try) -> Try:
    """Return the try as it ends for somebody who may have to sign in first."""
    if person.signed_in or rule.endpoint in OPEN:
        return wanted
    return replace(wanted, expected=(303,))


def _wrong_methods(rule: Rule, person: Person, tries: Sequence[Try]) -> Iterator[Try]:
    """Yield a try of each method that the rule does not take.

    Raises Unknown if nobody tries one that it does.
    """
    if not tries:
        raise Unknown(f"{rule.endpoint} has no request to try")
    taken = rule.methods or set()
    if missing := (set(METHODS) & taken) - {each.method for each in tries}:
        raise Unknown(f"{rule.endpoint} takes {missing}, which nobody tries")
    nowhere = 405 if person.signed_in or rule.endpoint == "static" else 303
    for method in METHODS:
        if method not in taken:
            yield Try(method, (nowhere,), tries[0].values)


def _path(app: Flask, rule: Rule, values: Mapping[str, Any]) -> str:
    with app.test_request_context():
        return str(app.url_map.bind("127.0.0.1").build(rule.endpoint, dict(values)))


# --- pages that every screen has ---


def gate(screen: Screen, person: Person, power: str, *otherwise: int) -> tuple[int, ...]:
    """Return 404 if the screen cannot do it, 403 if the person may not, else `otherwise`."""
    if not screen.has(power):
        return (404,)
    return otherwise if person.holds(f"{screen.endpoint}.{power}") else (403,)


def _row(screen: Screen, world: World, number: int = 0) -> dict[str, Any]:
    return {"row_id": world.row(screen.model, number)}


def _looking(page: str, *, at_row: bool) -> Callable[[Screen, Person, World], Tries]:
    def tries(screen: Screen, person: Person, world: World) -> Tries:
        values = _row(screen, world) if at_row else {}
        yield Try("GET", gate(screen, person, POWERS[page], 200), values)
        if at_row:
            yield Try("GET", gate(screen, person, POWERS[page], 404), {"row_id": 2**63 - 1})

    return tries


def _file_of_no_column(screen: Screen, person: Person, world: World) -> Tries:
    """Yield a file that the row does not have; none of our own entities has a column for files."""
    values = {**_row(screen, world), "column": "id", "key": "0" * 32}
    yield Try("GET", gate(screen, person, "view", 404), values)


def _picture_of_no_column(screen: Screen, person: Person, world: World) -> Tries:
    for each in _file_of_no_column(screen, person, world):
        yield Try(each.method, each.expected, {**each.values, "size": 256})


def _new(screen: Screen, person: Person, _world: World) -> Tries:
    yield Try("GET", gate(screen, person, POWERS["new"], 200))
    yield Try("POST", gate(screen, person, POWERS["new"], 422))


def _edit(screen: Screen, person: Person, world: World) -> Tries:
    row, version = _row(screen, world), world.versions.get(screen.model)
    yield Try("GET", gate(screen, person, POWERS["edit"], 200), row)
    yield Try("POST", gate(screen, person, POWERS["edit"], 303), row, {"version": version})
    yield Try("POST", gate(screen, person, POWERS["edit"], 409), row, {"version": 0})


def _export(screen: Screen, person: Person, _world: World) -> Tries:
    for ending in ("csv", "json"):
        yield Try("GET", gate(screen, person, POWERS["export"], 200), {"ending": ending})


def _lookup(screen: Screen, person: Person, _world: World) -> Tries:
    writes = any(
        screen.has(p) and person.holds(f"{screen.endpoint}.{p}") for p in ("create", "edit")
    )
    named = {*screen.column_filters, *screen.form_columns, *_added(screen), "nonsense", "id"}
    for name in sorted(named):
        asked = (
            name in screen.column_filters
            or (writes and name in screen.form_columns)
            or (name in _added(screen) and _sees_rows_of(screen, person, name))
        )
        status = 200 if asked and _is_related(screen, person, name) else 404
        yield Try("GET", gate(screen, person, "view", status), {"field": name})


def _is_related(screen: Screen, person: Person, name: str) -> bool:
    """Return whether it is a relation, and the person may read it."""
    return fields.shape(screen.model, name) == "rows" and _sees_told(screen, person, name)


def _added(screen: Screen) -> set[str]:
    """Return the tabs to which rows are added."""
    return {rows.name for rows in screen.tabs if rows.add}


def _sees_rows_of(screen: Screen, person: Person, tab: str) -> bool:
    return person.holds(f"{area_of(target_of(screen.model, tab)[0])}.view")


def _sees_told(screen: Screen, person: Person, name: str) -> bool:
    """Return whether the person may see the rows that the attribute refers to, if there are any."""
    other = fields.told_of(screen.model, name)
    return other is None or person.holds(f"{area_of(other)}.view")


def _list(screen: Screen, person: Person, world: World) -> Tries:
    """Yield the list, also filtered by each column that tells something about other rows.

    Such a filter needs the right to see these rows.
    """
    yield from _looking("index", at_row=False)(screen, person, world)
    for name in (name for name in screen.column_filters if fields.told_of(screen.model, name)):
        if (shape := fields.shape(screen.model, name)) in FILTERS:
            operator, value = FILTERS[shape]
            status = 200 if _sees_told(screen, person, name) else 400
            asked = {f"{name}{operator}": value}
            yield Try("GET", gate(screen, person, POWERS["index"], status), asked)


def _detach(screen: Screen, person: Person, world: World) -> Tries:
    row = _row(screen, world)
    for rows in (rows for rows in screen.tabs if rows.attach):
        expected = 303 if person.holds(f"{screen.endpoint}.edit") else 403
        yield Try("POST", gate(screen, person, "view", expected), {**row, "tab": rows.name})
    yield Try("POST", gate(screen, person, "view", 404), {**row, "tab": "nonsense"})


def _add_rows(screen: Screen, person: Person, world: World) -> Tries:
    """Yield the page that adds rows to a tab, for those who see these and may use its action."""
    row = _row(screen, world)
    for rows in (rows for rows in screen.tabs if rows.add):
        target, _back = target_of(screen.model, rows.name)
        (action,) = [each for each in actions_of(target) if each.name == rows.add]
        may = person.holds(action.permission)
        sees = person.holds(f"{area_of(target)}.view")
        for method, expected in (("GET", 200), ("POST", 422)):
            status = (expected if may else 403) if sees else 404
            yield Try(method, gate(screen, person, "view", status), {**row, "tab": rows.name})
    for method in ("GET", "POST"):
        yield Try(method, gate(screen, person, "view", 404), {**row, "tab": "nonsense"})


def _preferences(screen: Screen, person: Person, _world: World) -> Tries:
    yield Try("POST", gate(screen, person, "view", 303), data={"size": "20"})


def _new_view(screen: Screen, person: Person, _world: World) -> Tries:
    yield Try("GET", gate(screen, person, "view", 200))
    yield Try("POST", gate(screen, person, "view", 422))


def _default_view(screen: Screen, person: Person, _world: World) -> Tries:
    yield Try("POST", gate(screen, person, "view", 303), data={"view": "all"})
    yield Try("POST", gate(screen, person, "view", 404), data={"view": "nonsense"})


def _others_view(*methods: str) -> Callable[[Screen, Person, World], Tries]:
    """Yield a view that nobody has saved, or somebody else has: both are not found."""

    def tries(screen: Screen, person: Person, world: World) -> Tries:
        for method in methods:
            yield Try(method, gate(screen, person, "view", 404), {"view_id": world.view})

    return tries


def _stop_sharing(screen: Screen, person: Person, world: World) -> Tries:
    values = {"view_id": world.view, "group_id": 1}
    yield Try("POST", gate(screen, person, "view", 404), values)


def _act(screen: Screen, person: Person, world: World) -> Tries:
    yield Try("POST", gate(screen, person, "view", 404), {"action": "nonsense"}, {"row": 1})
    for action in actions_of(screen.model):
        values = {"action": action.name.replace("_", "-")}
        if action.name == "delete" and not screen.has("delete"):
            yield Try("POST", gate(screen, person, "view", 404), values, {"row": 1})
            continue
        one, two = world.row(screen.model), world.row(screen.model, 1)
        for data in ({"row": one}, {"row": [one, two]}, {"all_matching": "1"}):
            yield Try("POST", _preview(screen, person, action, data), values, data)
        yield Try("POST", _action_gate(screen, person, action) or (400,), values, {"row": "x"})
    yield from _act_on_nothing(screen, person)


def _act_on_nothing(screen: Screen, person: Person) -> Tries:
    for action in actions_of(screen.model, is_global=True):
        values = {"action": action.name.replace("_", "-")}
        yield Try("POST", _action_gate(screen, person, action) or (303,), values)


def _others_preview(screen: Screen, person: Person, world: World) -> Tries:
    """Yield the preview that somebody else made of an action, by its token.

    The same token is tried with every other action too.
    """
    offered: list[Action | None] = [*actions_of(screen.model)]
    offered += actions_of(screen.model, is_global=True)
    for action in offered or [None]:
        name = action.name.replace("_", "-") if action else "nonsense"
        if action and (action.name != "delete" or screen.has("delete")):
            gated = _action_gate(screen, person, action)
        else:
            gated = gate(screen, person, "view", 404)
        for method, data in (("GET", {}), ("POST", {}), ("POST", {"step": "choose"})):
            yield Try(method, gated or (404,), {"action": name, "token": world.preview}, data)


def _others_options(screen: Screen, person: Person, world: World) -> Tries:
    """Yield what the preview of somebody else offers to choose from."""
    for each in _others_preview(screen, person, world):
        if each.method == "GET":
            yield Try("GET", each.expected, {**each.values, "parameter": "group"})


def _action_gate(screen: Screen, person: Person, action: Action) -> tuple[int, ...]:
    """Return 403 if the person may not use the action here, else nothing."""
    held = person.holds(f"{screen.endpoint}.view") and person.holds(action.permission)
    return () if held else (403,)


def _preview(
    screen: Screen, person: Person, action: Action, data: Mapping[str, Any]
) -> tuple[int, ...]:
    many, every = isinstance(data.get("row"), list), "all_matching" in data
    if refused := _action_gate(screen, person, action):
        return refused
    if every and not person.holds("bulk.run_all_matching"):
        return (403,)
    if (many or every) and not person.holds("bulk.run"):
        return (403,)
    return (400,) if (many or every) and action.most_rows == 1 else (303,)


PAGES: dict[str, Callable[[Screen, Person, World], Tries]] = {
    "index": _list,
    "details": _looking("details", at_row=True),
    "row_menu": _looking("row_menu", at_row=True),
    "file": _file_of_no_column,
    "picture": _picture_of_no_column,
    "new": _new,
    "edit": _edit,
    "export": _export,
    "act": _act,
    "preview": _others_preview,
    "look_up": _others_options,
    "detach": _detach,
    "add_rows": _add_rows,
    "lookup": _lookup,
    "preferences": _preferences,
    "views_page": lambda screen, person, _world: [Try("GET", gate(screen, person, "view", 200))],
    "view_counts": lambda screen, person, _world: [Try("GET", gate(screen, person, "view", 200))],
    "new_view": _new_view,
    "choose_view": _default_view,
    "edit_view": _others_view("GET", "POST"),
    "delete_view": _others_view("POST"),
    "stop_sharing": _stop_sharing,
}


# --- pages of a screen's own ---


# What a page of a screen's own may answer to those who may open it.
ANSWERS = (200, 204, 302, 303, 400, 404, 409, 422)


def _own_page(rule: Rule, screen: Screen, person: Person, world: World, code: str) -> Tries:
    """Yield a page that names its permission, for one row if its address has one."""
    values = _row(screen, world) if "row_id" in rule.arguments else {}
    if others := rule.arguments - values.keys():
        raise Unknown(f"{rule.rule} ({rule.endpoint}): no {', '.join(sorted(others))} to ask for")
    expected = ANSWERS if not code or person.holds(code) else (403,)
    for method in METHODS:
        if method in (rule.methods or ()):
            yield Try(method, expected, values)

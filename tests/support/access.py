"""What the policy and the URL map say that each address answers, to everyone.

No page is listed by hand. Every rule of the URL map belongs to one of the kinds of pages below,
and every kind derives what it expects from the permission codes, the powers of the screens and
the declarations of the actions. A rule that belongs to none raises `Unknown`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from backoffice.actions.engine.action import Action, actions_of
from backoffice.models import fields
from backoffice.policy.permissions import area_of
from tests.support.access_alone import ALONE
from tests.support.asking import METHODS, Case, Person, Tries, Try, Unknown, World
from views.screen.screen import POWERS, Screen
from views.web.headers import OPEN


def cases(app: Flask, person: Person, world: World) -> Iterator[Case]:
    """Yield every rule by every method, with the answer that the person must get.

    Signing out comes last.
    """
    rules = sorted(
        app.url_map.iter_rules(), key=lambda rule: (rule.endpoint == "sign_out", rule.rule)
    )
    for rule in rules:
        tries = list(_tries(app, rule, person, world))
        if not tries:
            raise Unknown(f"{rule.endpoint} has no request to try")
        if missing := (set(METHODS) & set(rule.methods or ())) - {each.method for each in tries}:
            raise Unknown(f"{rule.endpoint} takes {missing}, which nobody tries")
        wrong = (m for m in METHODS if m not in (rule.methods or ()))
        nowhere = 405 if person.signed_in or rule.endpoint == "static" else 303
        tries = [*(Try(m, (nowhere,), tries[0].values) for m in wrong), *tries]
        for each in tries:
            yield Case(each.method, _path(app, rule, each.values), each.data, each.expected)


def _tries(app: Flask, rule: Rule, person: Person, world: World) -> Iterator[Try]:
    tries: Tries
    screen = next(
        (s for s in app.extensions["screens"] if s.endpoint == rule.endpoint.rpartition(".")[0]),
        None,
    )
    if rule.endpoint in ALONE:
        tries = ALONE[rule.endpoint](person)
    elif screen and rule.endpoint in OWN_PAGES:
        tries = OWN_PAGES[rule.endpoint](screen, person, world)
    elif screen and (page := rule.endpoint.rpartition(".")[2]) in PAGES:
        tries = PAGES[page](screen, person, world)
    else:
        raise Unknown(f"{rule.rule} ({rule.endpoint})")
    for each in tries:
        closed = not person.signed_in and rule.endpoint not in OPEN
        yield Try(each.method, (303,) if closed else each.expected, each.values, each.data)


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
    if screen.model not in world.rows:
        raise Unknown(f"no row of {screen.model.__name__} to ask for")
    return {"row_id": world.rows[screen.model][number]}


def _looking(page: str, *, at_row: bool) -> Callable[[Screen, Person, World], Tries]:
    def tries(screen: Screen, person: Person, world: World) -> Tries:
        values = _row(screen, world) if at_row else {}
        yield Try("GET", gate(screen, person, POWERS[page], 200), values)
        if at_row:
            yield Try("GET", gate(screen, person, POWERS[page], 404), {"row_id": 2**63 - 1})

    return tries


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
    named = {*screen.column_filters, *screen.form_columns, "nonsense", "id"}
    for name in sorted(named):
        related = fields.shape(screen.model, name) == "rows"
        open_ = related and (
            name in screen.column_filters or (writes and name in screen.form_columns)
        )
        open_ = open_ and _sees_told(screen, person, name)
        yield Try("GET", gate(screen, person, "view", 200 if open_ else 404), {"field": name})


def _sees_told(screen: Screen, person: Person, name: str) -> bool:
    """Return whether the person may see the rows that the attribute refers to, if there are any."""
    other = fields.told_of(screen.model, name)
    return other is None or person.holds(f"{area_of(other)}.view")


def _list(screen: Screen, person: Person, world: World) -> Tries:
    """Yield the list, also filtered by each relation.

    A filter by a relation needs the right to see the related rows.
    """
    yield from _looking("index", at_row=False)(screen, person, world)
    for name in (name for name in screen.column_filters if fields.told_of(screen.model, name)):
        status = 200 if _sees_told(screen, person, name) else 400
        yield Try("GET", gate(screen, person, POWERS["index"], status), {name: "none"})


def _detach(screen: Screen, person: Person, world: World) -> Tries:
    row = _row(screen, world)
    for rows in (rows for rows in screen.tabs if rows.attach):
        expected = 303 if person.holds(f"{screen.endpoint}.edit") else 403
        yield Try("POST", gate(screen, person, "view", expected), {**row, "tab": rows.name})
    yield Try("POST", gate(screen, person, "view", 404), {**row, "tab": "nonsense"})


def _preferences(screen: Screen, person: Person, _world: World) -> Tries:
    yield Try("POST", gate(screen, person, "view", 303), data={"size": "20"})


def _act(screen: Screen, person: Person, world: World) -> Tries:
    yield Try("POST", gate(screen, person, "view", 404), {"action": "nonsense"}, {"row": 1})
    for action in actions_of(screen.model):
        values = {"action": action.name.replace("_", "-")}
        if action.name == "delete" and not screen.has("delete"):
            yield Try("POST", gate(screen, person, "view", 404), values, {"row": 1})
            continue
        one, two = world.rows[screen.model]
        for data in ({"row": one}, {"row": [one, two]}, {"all_matching": "1"}):
            yield Try("POST", _preview(screen, person, action, data), values, data)
        yield Try("POST", _action_gate(screen, person, action) or (400,), values, {"row": "x"})


def _others_preview(screen: Screen, person: Person, world: World) -> Tries:
    """Yield the preview that somebody else made of an action, by its token.

    The same token is tried with every other action too.
    """
    for action in actions_of(screen.model) or [None]:
        name = action.name.replace("_", "-") if action else "nonsense"
        known = action is not None and (action.name != "delete" or screen.has("delete"))
        gated = (
            _action_gate(screen, person, action)
            if action and known
            else gate(screen, person, "view", 404)
        )
        for method, data in (("GET", {}), ("POST", {}), ("POST", {"step": "choose"})):
            yield Try(method, gated or (404,), {"action": name, "token": world.preview}, data)


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
    "new": _new,
    "edit": _edit,
    "export": _export,
    "act": _act,
    "preview": _others_preview,
    "detach": _detach,
    "lookup": _lookup,
    "preferences": _preferences,
}


# --- pages of a single screen: another's bulk run is out of scope without the permission ---


def _others_run(screen: Screen, person: Person, world: World) -> Tries:
    yield Try("GET", (200,) if person.holds("bulk_runs.view") else (404,), _row(screen, world))


def _others_run_as_a_file(screen: Screen, person: Person, world: World) -> Tries:
    if not person.holds("bulk_runs.view"):
        expected = 404
    else:
        expected = 200 if person.holds("bulk_runs.export") else 403
    yield Try("GET", (expected,), _row(screen, world))


def _undo_others_run(screen: Screen, person: Person, world: World) -> Tries:
    """Yield the undo of a run that gave a client tag, which `users.assign_scope` allows."""
    if not person.holds("bulk.undo"):
        expected = 403
    elif not person.holds("bulk_runs.view"):
        expected = 404
    else:
        expected = 303 if person.holds("users.assign_scope") else 403
    yield Try("POST", (expected,), _row(screen, world))


OWN_PAGES: dict[str, Callable[[Screen, Person, World], Tries]] = {
    "bulk_runs.details": _others_run,
    "bulk_runs.download": _others_run_as_a_file,
    "bulk_runs.take_back": _undo_others_run,
}

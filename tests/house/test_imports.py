"""Imports point down only, without cycles, and none hides in a function to escape one."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.source import PRODUCT, Module, modules

# From the ground up: each area may import itself and those before it. A package of `backoffice/`
# that is not named, such as one of a company's own, stands where `people` does.
AREAS = (
    "backoffice",  # the ground: errors, settings, clock, text ...
    "backoffice.models.types",
    "backoffice.models.files",
    "backoffice.models.columns",
    "backoffice.models.kinds",
    "backoffice.models.keys",
    "backoffice.models.base",
    "backoffice.extensions",
    "backoffice.transactions",
    "backoffice.models",
    "backoffice.policy",
    "backoffice.secrets",
    "backoffice.events",
    "backoffice.data",
    "backoffice.readiness",
    "backoffice.mail",
    "backoffice.auth",
    "backoffice.people",
    "backoffice.dashboard",
    "backoffice.actions.engine",
    "backoffice.actions",
    "backoffice.jobs",
    "backoffice.demo",
    "backoffice.commands",
)
OWN = "backoffice.people"
FORMS = AREAS[: AREAS.index("backoffice.policy") + 1]  # what a form may know
TABLE = {
    **{area: AREAS[: place + 1] for place, area in enumerate(AREAS)},
    "forms": (*FORMS, "forms"),
    "views": (*AREAS, "forms", "views"),
    "app": (*AREAS, "forms", "views"),
    "backoffice.testing": (*AREAS, "forms", "views", "app", "backoffice.testing"),
}
# Flask's own names that mean "there is a request": backoffice/ works without one.
REQUEST_BOUND = {"request", "session", "g", "flash", "abort", "redirect"}


@dataclass(frozen=True)
class Import:
    """One import: `target` is the module, `name` the name after it, which may be a module too.

    It is `lazy` if it stands inside a function.
    """

    target: str
    name: str
    line: int
    lazy: bool = False


def imports(module: Module) -> Iterator[Import]:
    """Yield every import of a module, wherever it stands."""
    yield from _imports(module, module.tree, lazy=False)


def _imports(module: Module, node: ast.AST, *, lazy: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        inside = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for target, name in _targets(module, child):
            yield Import(target, name, getattr(child, "lineno", 0), lazy)
        yield from _imports(module, child, lazy=inside)


def _targets(module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import(names=names):
            yield from ((alias.name, "") for alias in names)
        case ast.ImportFrom(module=source, names=names, level=level):
            base = module.name.split(".")
            base = base[: len(base) - level + module.is_package] if level else []
            target = ".".join([*base, *([source] if source else [])])
            yield from ((target, alias.name) for alias in names)
        case ast.Call(func=func, args=[ast.Constant(value=str(target)), *_]):
            if ast.unparse(func).endswith("import_module") or ast.unparse(func) == "__import__":
                yield target, ""


def known(imported: Import, names: Iterable[str]) -> str | None:
    """Return the product's module that is imported, or None for other packages."""
    full = f"{imported.target}.{imported.name}"
    return next((name for name in (full, imported.target) if name in names), None)


def layer(name: str) -> str:
    """Return the row of the table that a module belongs to."""
    parts = name.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    found = next(prefix for prefix in prefixes if prefix in TABLE)
    is_area = found == "backoffice" and len(parts) > 2 and parts[1] != "text"
    return OWN if is_area else found


def allowed(importer: str, target: str) -> bool:
    """Return whether the table lets one module import the other."""
    return any(target == entry or layer(target) == entry for entry in TABLE[layer(importer)])


def faults(source: list[Module]) -> list[str]:
    """Return one sentence for every import that the house does not allow."""
    names = {module.name for module in source}
    found = []
    for module in source:
        for imported in imports(module):
            where = f"{module.name}:{imported.line}"
            target = known(imported, names)
            if target and not allowed(module.name, target):
                found.append(f"{where} imports {target}, which is above it")
            if target and imported.lazy:
                found.append(f"{where} imports {target} inside a function")
        found += [f"{module.name}:{line} uses flask.{name}" for name, line in request_bound(module)]
    return found


def request_bound(module: Module) -> Iterator[tuple[str, int]]:
    """Yield where a module of backoffice/ uses the request."""
    if module.name.partition(".")[0] != "backoffice":
        return
    for imported in imports(module):
        if imported.target.partition(".")[0] == "flask" and imported.name in REQUEST_BOUND:
            yield imported.name, imported.line
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node.value) == "flask"
            and node.attr in REQUEST_BOUND
        ):
            yield node.attr, node.lineno


def cycle(source: list[Module]) -> list[str]:
    """Return the modules of one import cycle, if there is any.

    Imports for types alone close a cycle too.
    """
    names = {module.name for module in source}
    graph = {
        module.name: {known(imported, names) for imported in imports(module)} - {None, module.name}
        for module in source
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_point_down() -> None:
    assert faults(list(modules())) == []


def test_imports_have_no_cycle() -> None:
    assert cycle(list(modules())) == []


def test_imports_know_every_top_level_name() -> None:
    assert {name.partition(".")[0] for name in TABLE} == set(PRODUCT)


@pytest.mark.parametrize(
    "name, text, complaint",
    [
        ("backoffice.models.user", "from backoffice.policy import rules", "above"),
        ("backoffice.policy.rules", "import backoffice.people.users", "above"),
        ("backoffice.people.users", "from backoffice.commands import users", "above"),
        ("backoffice.people.users", "from forms import user", "above"),
        ("backoffice.text", "from backoffice.models import user", "above"),
        ("backoffice.auth.sessions", "from backoffice.people import users", "above"),
        ("backoffice.shifts.users", "from backoffice.dashboard import figures", "above"),
        ("forms.user", "from views import screen", "above"),
        ("app", "from backoffice.testing import fixtures", "above"),
        ("forms.user", "from backoffice.people import users", "above"),
        ("views.screen", "from app import create_app", "above"),
        ("views.screen", "def f():\n    from backoffice.people import users", "inside a function"),
        ("views.screen", "f = lambda: import_module('backoffice.text')", "inside a function"),
        ("backoffice.people.users", "from ..commands import users", "above"),
        ("backoffice.people.users", "from flask import request", "flask.request"),
        ("backoffice.people.users", "from flask.globals import g", "flask.g"),
        ("backoffice.people.users", "import flask\nflask.session['x'] = 1", "flask.session"),
    ],
)
def test_imports_would_be_found(name: str, text: str, complaint: str) -> None:
    others = [
        Module(path, "")
        for path in (*TABLE, "forms.user", "views.screen", "backoffice.models.user")
    ]
    others += [
        Module(f"backoffice.{path}", "") for path in ("policy.rules", "dashboard.figures", "text")
    ]
    others += [Module(f"backoffice.{path}.users", "") for path in ("people", "shifts", "commands")]
    found = faults([Module(name, text), *(module for module in others if module.name != name)])
    assert len(found) == 1
    assert complaint in found[0]


def test_imports_for_types_alone_close_a_cycle_too() -> None:
    group = Module("backoffice.models.group", "from backoffice.models.user import User")
    user = "from backoffice.models.group import Group"
    for text in (user, f"if TYPE_CHECKING:\n    {user}"):
        assert set(cycle([group, Module("backoffice.models.user", text)])) == {
            group.name,
            "backoffice.models.user",
        }
    assert (
        cycle([group, Module("backoffice.models.user", "from backoffice.models import base")]) == []
    )

"""Write `docs/reference.md` from the docstrings of what a company's package uses: `make reference`.

A test compares the page with what this would write.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGE = HERE / "reference.md"
# What a package may rely on, in the order in which one needs it, with the names if not all that is
# public in the module is for others. A module with `__all__` has what that names.
MODULES: dict[str, tuple[str, ...]] = {
    "backoffice.models.base": ("Record", "Entity", "Searchable"),
    "backoffice.models.columns": ("column",),
    "backoffice.models.files": ("File", "Picture", "StoredFile"),
    "backoffice.models.external": ("External", "SqlView"),
    "views.screen": (),
    "views.screen.columns": ("Column",),
    "views.screen.pages": ("Section", "Fact", "Heading"),
    "views.screen.cells": (),
    "backoffice.actions.engine": (),
    "backoffice.dashboard.parts": (),
    "backoffice.policy.actor": (),
    "backoffice.policy.rules": (),
    "backoffice.data.records": (),
    "backoffice.data.files": ("receive", "content", "copied"),
    "backoffice.errors": (),
    "backoffice.queueing": ("Job",),
    "backoffice.transactions": ("lock", "after_commit", "after_rollback", "pause"),
    "backoffice.clock": (),
    "views.web.actor": ("signed_in",),
    "backoffice.testing.rows": (),
    "backoffice.testing.access": ("faults", "cases"),
    "backoffice.testing.walk": ("faults",),
    "backoffice.testing.client": ("Client", "settle"),
}
INTRODUCTION = """# Reference

What a company's package may rely on, from the docstrings of the product: `make reference` writes
this page. How it goes together is in [company.md](company.md); every option of screens and actions
stands in [screens.md](screens.md), kinds of columns in [kinds.md](kinds.md).
"""
LISTS = ("Args", "Attributes", "Raises", "Returns")  # with a name and a sentence on each line
LISTED = 4  # blanks before such a line
Definition = ast.ClassDef | ast.FunctionDef


def text() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for name, wanted in MODULES.items():
        parts += _module(name, wanted)
    return "\n".join(parts) + "\n"


def _module(name: str, wanted: tuple[str, ...]) -> Iterator[str]:
    tree = _tree(name)
    yield f"\n## `{name}`\n"
    yield _words(tree)
    public = {found.name: found for found in _public(name)}
    for each in wanted or public:
        yield from _definition(public[each])


def _tree(name: str) -> ast.Module:
    path = ROOT.joinpath(*name.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text("utf-8"))


def _public(name: str) -> list[Definition]:
    """Return what a module defines for others, or what it passes on from others."""
    tree = _tree(name)
    passed_on = _passed_on(tree)
    if passed_on:
        return [found for source, wanted in passed_on for found in _named(source, wanted)]
    return [
        node
        for node in tree.body
        if isinstance(node, Definition) and not node.name.startswith("_") and _words(node)
    ]


def _passed_on(tree: ast.Module) -> list[tuple[str, str]]:
    """Return the module and the name of each thing in `__all__` that comes from elsewhere."""
    sources = {
        alias.asname or alias.name: str(node.module)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return [(sources[name], name) for names in listed for name in names if name in sources]


def _named(module: str, name: str) -> Iterator[Definition]:
    for node in _tree(module).body:
        if isinstance(node, Definition) and node.name == name:
            yield node


def _definition(node: Definition) -> Iterator[str]:
    yield f"\n### `{_signature(node)}`\n"
    yield _words(node)
    if isinstance(node, ast.ClassDef):
        methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        shown = [each for each in methods if _is_for_others(each)]
        if shown:
            yield ""
        for method in shown:
            yield f"- `.{_signature(method)}`: {_words(method, indent='  ')}"


def _is_for_others(method: ast.FunctionDef) -> bool:
    return not method.name.startswith("_") and bool(ast.get_docstring(method))


def _signature(node: Definition) -> str:
    """Return a function with its arguments, or a class with the fields that it is made from."""
    if isinstance(node, ast.FunctionDef):
        if any(ast.unparse(each).endswith("property") for each in node.decorator_list):
            return node.name
        return f"{node.name}({_arguments(node.args)})"
    if not any("dataclass" in ast.unparse(each) for each in node.decorator_list):
        return f"class {node.name}"
    fields = [
        f"{ast.unparse(each.target)}=..." if each.value else ast.unparse(each.target)
        for each in node.body
        if isinstance(each, ast.AnnAssign) and "ClassVar" not in ast.unparse(each.annotation)
    ]
    return f"class {node.name}({', '.join(fields)})"


def _arguments(arguments: ast.arguments) -> str:
    """Return the names of the arguments with their defaults, without types and `self`."""
    plain = ast.parse(f"def f({ast.unparse(arguments)}): pass").body[0]
    assert isinstance(plain, ast.FunctionDef)
    for each in ast.walk(plain.args):
        if isinstance(each, ast.arg):
            each.annotation = None
    written = ast.unparse(plain.args)
    return written.removeprefix("self, ").removeprefix("cls, ").removeprefix("self").strip()


def _words(node: ast.Module | Definition, indent: str = "") -> str:
    """Return the docstring as Markdown: its lists of arguments, attributes and errors as lists."""
    lines = inspect.cleandoc(ast.get_docstring(node) or "").splitlines()
    shown = []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        name, colon, rest = line.strip().partition(": ")
        if line.removesuffix(":") in LISTS:
            shown.append(f"{line}\n")
        elif depth == LISTED and colon:
            shown.append(f"- `{name}`: {rest}")
        else:
            shown.append(f"  {line.strip()}" if depth else line)
    return f"\n{indent}".join(shown)


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")

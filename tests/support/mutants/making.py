"""Make the mutants of a module: the same source with one small change each."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import CodeType
from typing import Any

import libcst as cst
from libcst.metadata import (
    MetadataWrapper,
    PositionProvider,
    WhitespaceInclusivePositionProvider,
)

from tests.house.source import ROOT
from tests.support.mutants.changes import changes

TYPES = re.compile(r"[A-Z][a-z]|T$|log$")  # names of types and the like, which nothing runs


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        key: names it in reports and in `equivalent.txt`, without a number of a line.
        path: the module, relative to the root.
        lines: the lines of the statement that is changed, or of the class or module around it if
            that only declares something.
        source: the whole changed module.
        declared: whether it changes what happens when the module is imported.
    """

    key: str
    path: str
    lines: tuple[int, ...]
    source: str
    declared: bool


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield the mutants of a module whose code differs from the module's."""
    text = (ROOT / path).read_text("utf-8")
    wrapper = MetadataWrapper(cst.parse_module(text))
    places = Places(text)
    wrapper.visit(places)
    original, seen = compile(text, str(path), "exec"), Counter[str]()
    every = tuple(range(1, text.count("\n") + 1))
    for place in places.found:
        source = text[: place.start] + wrapper.module.code_for_node(place.instead)
        source += text[place.end :]
        try:
            code = compile(source, str(path), "exec")
        except SyntaxError:
            continue
        units = changed_units(original, code)
        if units is not None and not units:
            continue
        key = f"{path} {place.where}: {_told(text, source)}"
        seen[key] += 1
        if seen[key] > 1:
            key += f" ({seen[key]})"
        lines = place.lines if units else place.around or every
        yield Mutant(key, str(path), lines, source, declared=not units)


def _told(text: str, source: str) -> str:
    """Return the lines that differ, before and after, as one line."""
    before, after = text.splitlines(), source.splitlines()
    first = _alike(before, after)
    last = _alike(before[first:][::-1], after[first:][::-1])
    kept = (lines[first : len(lines) - last] for lines in (before, after))
    return " => ".join(" ".join(line.strip() for line in lines) for lines in kept)


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Return with how many equal lines both begin."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


@dataclass(frozen=True)
class Place:
    """A piece of the text, and what can stand there instead."""

    start: int
    end: int
    instead: cst.CSTNode
    where: str
    lines: tuple[int, ...]
    around: tuple[int, ...]


class Places(cst.CSTVisitor):
    """Collects what can be changed in a module."""

    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self, text: str) -> None:
        super().__init__()
        lengths = (len(line) for line in text.splitlines(keepends=True))
        self.line_starts = list(accumulate(lengths, initial=0))
        self.found: list[Place] = []
        self.names: list[str] = []
        self.depth = 0  # of functions
        self.statement: tuple[int, ...] = ()
        self.around: tuple[int, ...] = ()  # the lines of the class

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_out(node):
            return False
        if isinstance(node, cst.SimpleStatementLine | cst.If | cst.For | cst.With | cst.Return):
            self.statement = self._lines(node)
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self.names.append(node.name.value)
        if isinstance(node, cst.ClassDef):
            self.around = self._lines(node)
        self.depth += isinstance(node, cst.FunctionDef | cst.Lambda)
        where = ".".join(self.names) or "module"
        for instead in changes(node, in_function=self.depth > 0):
            start, end = self._piece(node)
            self.found.append(Place(start, end, instead, where, self.statement, self.around))
        return True

    def on_leave(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self.names.pop()
        if isinstance(node, cst.ClassDef):
            self.around = ()
        self.depth -= isinstance(node, cst.FunctionDef | cst.Lambda)

    def _piece(self, node: cst.CSTNode) -> tuple[int, int]:
        at: Any = self.get_metadata(WhitespaceInclusivePositionProvider, node)
        start, end = (self.line_starts[p.line - 1] + p.column for p in (at.start, at.end))
        return start, end

    def _lines(self, node: cst.CSTNode) -> tuple[int, ...]:
        at: Any = self.get_metadata(PositionProvider, node)
        end = at.end.line
        if isinstance(node, cst.If | cst.For | cst.With):
            body: Any = self.get_metadata(PositionProvider, node.body)
            end = max(at.start.line, body.start.line - 1)
        return tuple(range(at.start.line, end + 1))


def _is_left_out(node: cst.CSTNode) -> bool:
    """Return whether nothing below the node is executed, or nothing worth a test."""
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom():
            return True
        case cst.Expr(value=cst.SimpleString()):
            return True
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return TYPES.match(name) is not None
        case cst.Call(func=cst.Name(value="isinstance" | "len" | "TypeVar" | "super")):
            return True
    return False


# --- what a change does to compiled code ---


def changed_units(before: CodeType, after: CodeType) -> dict[str, tuple[CodeType, CodeType]] | None:
    """Return the functions that differ, by a name, as pairs of code objects.

    A function within another is part of that one. Return None if the code of the module itself or
    of a class differs: what it declares is made anew only by an import.
    """
    if _own(before) != _own(after):
        return None
    found: dict[str, tuple[CodeType, CodeType]] = {}
    for old, new in zip(_inner(before), _inner(after), strict=True):
        if _is_class(old):
            below = changed_units(old, new)
            if below is None:
                return None
            found |= below
        elif not same(old, new):
            if old.co_freevars != new.co_freevars:
                return None
            found[f"{old.co_qualname} {old.co_firstlineno} {len(found)}"] = (old, new)
    return found


def same(one: CodeType, other: CodeType) -> bool:
    """Return whether two code objects do the same, wherever they stand."""
    pairs = zip(_inner(one), _inner(other), strict=False)
    return _own(one) == _own(other) and all(same(*pair) for pair in pairs)


def _own(code: CodeType) -> tuple[Any, ...]:
    constants = [
        each.co_name if isinstance(each, CodeType) else (type(each), each)
        for each in code.co_consts
    ]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, constants, names, code.co_exceptiontable, code.co_flags)


def _inner(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]


def _is_class(code: CodeType) -> bool:
    return "__qualname__" in code.co_names and "__module__" in code.co_names


def all_mutants(folders: Sequence[str]) -> list[Mutant]:
    """Return the mutants of all modules in these folders, or of these modules."""
    paths = [
        path.relative_to(ROOT)
        for folder in folders
        for path in (
            [ROOT / folder] if folder.endswith(".py") else sorted((ROOT / folder).rglob("*.py"))
        )
    ]
    return [mutant for path in dict.fromkeys(paths) for mutant in mutants_of(path)]

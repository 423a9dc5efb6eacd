"""Write the model and the screen of a new entity."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backoffice.scaffold.columns import ColumnSpec, import_lines

LINE = 100  # characters


@dataclass(frozen=True)
class Entity:
    """The names of a new entity, which follow from that of its class."""

    name: str
    columns: Sequence[ColumnSpec]

    @property
    def module(self) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).lower()

    @property
    def table(self) -> str:
        return plural(self.module)

    @property
    def screen(self) -> str:
        return plural(self.name)

    @property
    def label(self) -> str:
        """The attribute by which people call a row."""
        names = [each.name for each in self.columns]
        texts = [each.name for each in self.columns if each.is_searched]
        return "name" if "name" in names else [*texts, *names][0]


def plural(noun: str) -> str:
    """Return the plural of an English noun, for names of tables and classes.

    >>> plural("Box"), plural("country"), plural("pallet")
    ('Boxes', 'countries', 'pallets')
    """
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(s|x|z|ch|sh)$", noun) else f"{noun}s"


def model(entity: Entity) -> str:
    """Return the file of the model."""
    searched = [each.name for each in entity.columns if each.is_searched]
    bases = ("Searchable", "Entity") if searched else ("Entity",)
    indexes = list(_indexes(entity, is_searchable=bool(searched)))
    imports = [("backoffice.models.base", name) for name in bases]
    imports += [pair for each in entity.columns for pair in each.imports()]
    if indexes:
        imports.append(("sqlalchemy", "Index"))
    lines = [
        f'"""{entity.name}: a row of the table {entity.table}."""',
        "",
        *import_lines(imports),
        "",
        "",
        f"class {entity.name}({', '.join(bases)}):",
        f'    __tablename__ = "{entity.table}"',
        *_words(entity, searched),
        *_body(entity, indexes),
    ]
    return "\n".join(lines) + "\n"


def _body(entity: Entity, indexes: Sequence[str]) -> Iterator[str]:
    """Yield the columns, the relations and the indexes, with a blank line before each part."""
    yield ""
    yield from (_wrapped(f"    {each.line()}") for each in entity.columns)
    relations = [f"    {each.relation()}" for each in entity.columns if each.relation()]
    if relations:
        yield from ("", *relations)
    if indexes:
        yield from ("", "    __table_args__ = (", *indexes, "    )")


def _words(entity: Entity, searched: Sequence[str]) -> Iterator[str]:
    """Yield what the model says of its words, where the product would guess otherwise."""
    singular = entity.module.replace("_", " ")
    if entity.table.replace("_", " ").removesuffix("s") != singular:
        yield f'    __singular__ = "{singular}"'
    if entity.label != "name":
        yield f'    __label__ = "{entity.label}"'
    if searched:
        yield f"    __search__ = {tuple_of(searched)}"


def _indexes(entity: Entity, *, is_searchable: bool) -> Iterator[str]:
    if is_searchable:
        yield f'        Index("ix_{entity.table}_search_key_id", "search_key", "id"),'
    for each in entity.columns:
        if each.target is not None:
            column = f"{each.name}_id"
            yield f'        Index("ix_{entity.table}_{column}", "{column}"),'


def screen(entity: Entity, package: str) -> str:
    """Return the file of the screen; `package` is where the model lies."""
    ours = f"from {package}.{entity.module} import {entity.name}"
    lines = [
        f'"""{entity.screen}: the screen of the table {entity.table}."""',
        "",
        *sorted([ours, "from views.screen import Screen"]),
        "",
        "",
        f"class {entity.screen}(Screen):",
        f"    model = {entity.name}",
        *_form_columns([each.name for each in entity.columns]),
    ]
    return "\n".join(lines) + "\n"


def _form_columns(names: Sequence[str]) -> list[str]:
    line = f"    form_columns = {tuple_of(names)}"
    if len(line) <= LINE:
        return [line]
    return ["    form_columns = (", *(f'        "{name}",' for name in names), "    )"]


def _wrapped(line: str) -> str:
    """Return a line with a call; if it is too long, what is in its brackets is one of its own."""
    if len(line) <= LINE:
        return line
    head, inner = line.split("(", 1)
    return f"{head}(\n        {inner.removesuffix(')')}\n    )"


def tuple_of(names: Sequence[str]) -> str:
    """Return the tuple of these names, as Python writes it."""
    inner = ", ".join(f'"{name}"' for name in names)
    return f"({inner},)" if len(names) == 1 else f"({inner})"

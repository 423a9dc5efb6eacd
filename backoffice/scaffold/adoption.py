"""Write models and screens of tables that exist already, from what the database says of them."""

import json
import keyword
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _
from sqlalchemy import Connection, ForeignKeyConstraint, MetaData, Table, inspect
from sqlalchemy.exc import NoSuchTableError

from backoffice.models import key_tokens, kinds
from backoffice.models.base import Record, records
from backoffice.models.existing_columns import attribute_name, attribute_names, fit
from backoffice.models.reflection import table_names
from backoffice.models.types import TableColumn
from backoffice.scaffold.screen import LINE, tuple_of

SHOWN = 100  # names of tables
IMPORTED = {"Screen", "External", "ClassVar"}  # what the files import under these names
LABEL = 40  # characters; a longer comment is a description


@dataclass(frozen=True)
class Place:
    """The package that gets the files, and the database and schema that have the tables."""

    package: str
    database: str = ""
    schema: str = ""


@dataclass(frozen=True)
class Adopted:
    """A table with the names of its model and its screen.

    Attributes:
        table: the table, as the database describes it.
        place: where it is, and where its files go.
        key: the columns that tell rows apart, where the table has no primary key.
        relations: its foreign keys to tables with a model, by the name of the relation.
        renamed: the attributes of columns that are called like a relation, by the column.
    """

    table: Table
    place: Place
    key: tuple[str, ...] = ()
    relations: Mapping[str, "Relation"] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def attribute(self, column: str) -> str:
        """Return the attribute of a column."""
        names = attribute_names(self.table, self.table.columns)
        return self.renamed.get(column) or names[column]

    @property
    def module(self) -> str:
        name = re.sub(r"\W+", "_", self.table.name.lower(), flags=re.ASCII).strip("_")
        if name[:1].isdigit():
            return f"table_{name}"
        return f"{name}_" if keyword.iskeyword(name) else name

    @property
    def camel(self) -> str:
        return "".join(part.capitalize() for part in self.module.split("_") if part)

    @property
    def model(self) -> str:
        """The class of the model: the table's name, an English plural without its `s`."""
        return singular(self.camel)

    @property
    def screen(self) -> str:
        return self.camel if self.camel != self.model else f"{self.camel}Screen"

    @property
    def path(self) -> str:
        """Where the model is found."""
        return f"{self.place.package}.models.{self.module}.{self.model}"


@dataclass(frozen=True)
class Relation:
    """A foreign key to another table: the path of its model, and the columns at both ends."""

    target: str
    own: tuple[str, ...]
    other: tuple[str, ...]
    is_own_table: bool

    def is_through(self, attribute: str) -> bool:
        """Return whether its only column is called like this."""
        return [attribute_name(name) for name in self.own] == [attribute]


def singular(noun: str) -> str:
    """Return the singular of an English plural; any other noun is itself.

    >>> singular("Boxes"), singular("Orders"), singular("Entries"), singular("Kunden")
    ('Box', 'Order', 'Entry', 'Kunden')
    """
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    if re.search(r"(x|ch|sh|ss|z)es$", noun):
        return noun[:-2]
    return noun[:-1] if re.search(r"[^s]s$", noun) else noun


def read(connection: Connection, names: Sequence[str], place: Place) -> list[Adopted]:
    """Return the tables of these names. Raises ValueError with the sentence for people."""
    metadata = MetaData()
    tables = [_table(connection, name, metadata, place) for name in dict.fromkeys(names)]
    adopted = [Adopted(table, place, _key(connection, table)) for table in tables]
    _require_names(adopted)
    known = _models(place.database) | {each.table.name: each.path for each in adopted}
    return [_related(each, known) for each in adopted]


def _require_names(adopted: Sequence[Adopted]) -> None:
    """Raise ValueError for a table whose name gives its files or classes no name of their own."""
    modules: dict[str, str] = {}
    for each in adopted:
        name = each.table.name
        if not each.module.isidentifier() or {each.model, each.screen} & IMPORTED:
            sentence = _("Nothing in Python can be called %(table)s: write its model by hand.")
            raise ValueError(sentence % {"table": name})
        if (other := modules.setdefault(each.module, name)) != name:
            raise ValueError(
                _(
                    "%(table)s and %(other)s would lie in the same file: adopt one of them.",
                    table=name,
                    other=other,
                )
            )


def _table(connection: Connection, name: str, metadata: MetaData, place: Place) -> Table:
    schema = place.schema or None
    if name in _models(place.database):
        raise ValueError(_("There is a model of the table %(table)s already.", table=name))
    try:
        table = Table(name, metadata, schema=schema, autoload_with=connection, resolve_fks=False)
    except NoSuchTableError:
        there = ", ".join(table_names(connection, schema)[:SHOWN])
        sentence = _("There is no table %(table)s. There are %(there)s.", table=name, there=there)
        raise ValueError(sentence) from None
    for column in table.columns:
        fit(column)
    return table


def _key(connection: Connection, table: Table) -> tuple[str, ...]:
    """Return the columns that tell rows apart, if they are not the primary key."""
    own = tuple(str(column.name) for column in table.primary_key)
    names = own or next(_unique(connection, table), ())
    if not names:
        sentence = _(
            "The table %(table)s has no key: give it a primary key, or write its model by hand.",
            table=table.name,
        )
        raise ValueError(sentence)
    for name in names:
        if not key_tokens.can_hold(table.c[name].type):
            raise ValueError(_("No address can hold the key %(column)s.", column=name))
    return () if own else names


def _unique(connection: Connection, table: Table) -> Iterator[tuple[str, ...]]:
    """Yield columns that no two rows have the same values of, and that every row has."""
    inspector = inspect(connection)
    constraints = inspector.get_unique_constraints(table.name, table.schema)
    # SQLite has an index of its own for each constraint, and tells of some constraints only so.
    indexes = inspector.get_indexes(table.name, table.schema, include_auto_indexes=True)
    found: list[Sequence[str | None]] = [each["column_names"] for each in constraints]
    found += [each["column_names"] for each in indexes if each["unique"]]
    for names in sorted(found, key=len):
        if names and all(name and not table.c[name].nullable for name in names):
            yield tuple(map(str, names))


def _models(database: str) -> dict[str, str]:
    """Return the path of every model with rows in the database, by its table."""
    models = [model for model in records() if model.__database__ == database]
    return {getattr(model.__table__, "name", ""): _path(model) for model in models}


def _path(model: type[Record]) -> str:
    return f"{model.__module__}.{model.__name__}"


def _related(adopted: Adopted, known: Mapping[str, str]) -> Adopted:
    """Return the table with its relations, each under a name of its own."""
    relations: dict[str, Relation] = {}
    renamed: dict[str, str] = {}
    found = list(_relations(adopted.table, known))
    for relation in found:
        taken = {adopted.attribute(str(column.name)) for column in adopted.table.columns}
        name = _wanted_name(relation, found)
        if name not in relations and relation.is_through(name):
            renamed[relation.own[0]] = f"{name}_{attribute_name(relation.other[0])}"
        else:
            name = _free_name(name, relation.own, taken | relations.keys())
        relations[name] = relation
        adopted = replace(adopted, relations=relations, renamed=renamed)
    return adopted


def _wanted_name(relation: Relation, all_relations: Sequence[Relation]) -> str:
    """Return what a relation is best called: like the other model, or like its own column.

    One of several to the same model is called like the column, which says what the other row is.
    """
    targets = [each.target for each in all_relations]
    is_one_of_several = targets.count(relation.target) > 1 or relation.is_own_table
    if is_one_of_several and len(relation.own) == 1:
        return attribute_name(relation.own[0])
    return _name_of(relation.target)


def _relations(table: Table, known: Mapping[str, str]) -> Iterator[Relation]:
    for constraint in sorted(table.foreign_key_constraints, key=_columns_of):
        name = constraint.elements[0].target_fullname.rsplit(".", 1)[0].rsplit(".", 1)[-1]
        if name in known:
            other = tuple(key.target_fullname.rsplit(".", 1)[-1] for key in constraint.elements)
            yield Relation(known[name], _columns_of(constraint), other, name == table.name)


def _columns_of(constraint: ForeignKeyConstraint) -> tuple[str, ...]:
    return tuple(str(key.parent.name) for key in constraint.elements)


def _name_of(target: str) -> str:
    """Return what a relation to a model is called: like the model."""
    return attribute_name(re.sub(r"(?<!^)(?=[A-Z])", "_", target.rsplit(".", 1)[-1]).lower())


def _free_name(name: str, own: Sequence[str], taken: Collection[str]) -> str:
    """Return a name for a relation that nothing else has."""
    if name in taken:
        name = f"{name}_by_{'_'.join(map(attribute_name, own))}"
    while name in taken:
        name = f"{name}_"
    return name


def model(adopted: Adopted) -> str:
    """Return the file of the model."""
    table, database = adopted.table, adopted.place.database
    comment = _in_one_line(table.comment or "")
    lines = [
        f'"""{adopted.model}: a row of {_in_one_line(table.name)}, which existed before."""',
        "",
        *(["from sqlalchemy.orm import relationship", ""] if adopted.relations else ()),
        *(["from backoffice.models.columns import column"] if adopted.renamed else ()),
        "from backoffice.models.external import External",
        "",
        "",
        f"class {adopted.model}(External):",
        *([f'    """{comment}"""', ""] if comment else ()),
        f"    __table_name__ = {_quoted(table.name)}",
        *([f"    __database__ = {_quoted(database)}"] if database else ()),
        *([f"    __schema__ = {_quoted(table.schema)}"] if table.schema else ()),
        *([f"    __key__ = {tuple_of(adopted.key)}"] if adopted.key else ()),
        *_relation_lines(adopted),
    ]
    return "\n".join(lines) + "\n"


def _relation_lines(adopted: Adopted) -> Iterator[str]:
    if adopted.relations:
        yield ""
    for column, attribute in adopted.renamed.items():
        yield f"    {attribute} = column({_quoted(column)})"
    for name, relation in adopted.relations.items():
        arguments = list(_arguments(adopted, relation))
        line = f"    {name} = relationship({', '.join(arguments)})"
        if len(line) <= LINE:
            yield line
        else:
            yield from (
                f"    {name} = relationship(",
                *(f"        {argument}," for argument in arguments),
                "    )",
            )


def _arguments(adopted: Adopted, relation: Relation) -> Iterator[str]:
    yield _quoted(relation.target)
    targets = [each.target for each in adopted.relations.values()]
    if targets.count(relation.target) > 1 or relation.is_own_table:
        yield f"foreign_keys={_list(adopted, relation.own)}"
    if relation.is_own_table:
        yield f"remote_side={_list(adopted, relation.other)}"


def _list(adopted: Adopted, columns: Sequence[str]) -> str:
    attributes = ", ".join(f"{adopted.path}.{adopted.attribute(name)}" for name in columns)
    return _quoted(f"[{attributes}]")


def screen(adopted: Adopted) -> str:
    """Return the file of the screen."""
    imports = [
        f"from {adopted.place.package}.models.{adopted.module} import {adopted.model}",
        "from views.screen import Screen",
    ]
    labels, descriptions = _said(adopted)
    lines = [
        f'"""{adopted.screen}: the screen of {_in_one_line(adopted.table.name)}."""',
        "",
        *(["from typing import ClassVar", ""] if labels or descriptions else ()),
        *sorted(imports),
        "",
        "",
        f"class {adopted.screen}(Screen):",
        f"    model = {adopted.model}",
        *_wrapped("form_columns", list(_written(adopted))),
        *_mapping("column_labels", labels),
        *_mapping("column_descriptions", descriptions),
    ]
    return "\n".join(lines) + "\n"


def _written(adopted: Adopted) -> Iterator[str]:
    """Yield the attributes that forms write: relations instead of their foreign keys."""
    relation_of = {each.own[0]: name for name, each in adopted.relations.items()}
    in_relations = {column for each in adopted.relations.values() for column in each.own}
    for column in adopted.table.columns:
        name = str(column.name)
        if name in relation_of:
            yield relation_of[name]
        elif name not in in_relations and not _is_made(column):
            yield adopted.attribute(name)


def _is_made(column: TableColumn) -> bool:
    """Return whether people cannot write the column: the database does, or it has no kind."""
    is_numbered = column.primary_key and (column.server_default or column.identity)
    is_hidden = kinds.of(column) is None
    return bool(is_hidden or column.computed or is_numbered)


def _said(adopted: Adopted) -> tuple[dict[str, str], dict[str, str]]:
    """Return the comments of columns as labels and, where they are long, as descriptions."""
    labels: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    for column in adopted.table.columns:
        comment = _in_one_line(column.comment or "")
        if comment and kinds.of(column) is not None:
            said = labels if len(comment) <= LABEL else descriptions
            said[adopted.attribute(str(column.name))] = comment
    return labels, descriptions


def _wrapped(option: str, names: Sequence[str]) -> list[str]:
    line = f"    {option} = {tuple_of(names)}"
    if len(line) <= LINE:
        return [line]
    return [f"    {option} = (", *(f"        {_quoted(name)}," for name in names), "    )"]


def _mapping(option: str, said: Mapping[str, str]) -> list[str]:
    if not said:
        return []
    pairs = [f"        {_quoted(name)}: {_quoted(text)}," for name, text in said.items()]
    return [f"    {option}: ClassVar = {{", *pairs, "    }"]


def _in_one_line(text: str) -> str:
    """Return what a database says as it can stand in a docstring."""
    return " ".join(text.replace('"', "'").replace("\\", "/").split())


def _quoted(text: str) -> str:
    """Return a text as Python writes it, in double quotes: as JSON does too."""
    return json.dumps(text, ensure_ascii=False)

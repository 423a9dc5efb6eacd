"""Read the columns of existing tables from the database, and map the models that wait for them.

This happens once, when the models of all packages are imported and before anything else of theirs
is: actions and screens name columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    ForeignKeyConstraint,
    MetaData,
    NullPool,
    Table,
    create_engine,
)
from sqlalchemy import inspect as inspected
from sqlalchemy.exc import DBAPIError, InvalidRequestError, NoSuchTableError
from sqlalchemy.orm import MappedColumn, column_property
from sqlalchemy.types import NullType

from backoffice import apps
from backoffice.database import engine_options
from backoffice.databases import BIND
from backoffice.models import row_keys
from backoffice.models.base import Base, records
from backoffice.models.columns import EXISTING
from backoffice.models.existing_columns import FREE, attribute_names, fit, fitting
from backoffice.models.external import External, SqlView, Waiting, map_onto, waiting
from backoffice.models.files import FilesType
from backoffice.models.kinds.files import File, Picture
from backoffice.models.mapping import Faults, area_of, can_tell_apart, label_of
from backoffice.models.row_versions import row_version
from backoffice.models.sql_views import map_query
from backoffice.models.types import TableColumn
from backoffice.models.unreadable import read_tolerantly
from backoffice.settings import Settings
from backoffice.urls import DatabaseURL

SHOWN = 20  # names of other tables, beside one that is not there


@apps.after_models
def prepare(settings: Settings) -> None:
    """Map every model that waits. Raises DeclarationError with all that is wrong."""
    if not waiting:
        return
    read_tolerantly()
    faults = Faults()
    externals = [each for each in waiting if issubclass(each.model, External)]
    tables = _tables(settings, externals, faults)
    faults.refuse()
    _forget_unknown_keys(tables.values())
    for each, table in tables.items():
        _map_table(each, table, faults)
    faults.refuse()
    for each in waiting:
        if issubclass(each.model, SqlView):
            map_query(each, faults)
    faults.refuse()
    waiting.clear()


@contextmanager
def connected(settings: Settings, database: str = "") -> Iterator[Connection]:
    """Connect to a database with existing tables, with the limits that all connections have.

    Raises KeyError if there is no other database of this name.
    """
    url = _address(settings, database)
    options = engine_options(settings, url)
    kept = {name: options[name] for name in ("hide_parameters", "connect_args") if name in options}
    engine = create_engine(url.url, poolclass=NullPool, **kept)
    try:
        with engine.connect().execution_options(writing=False) as connection:
            yield connection
    finally:
        engine.dispose()


def _address(settings: Settings, database: str) -> DatabaseURL:
    if database:
        return dict(settings.backoffice_databases)[database]
    asked = settings.existing_tables_url
    return asked if isinstance(asked, DatabaseURL) else settings.database_url


def _tables(settings: Settings, models: Sequence[Waiting], faults: Faults) -> dict[Waiting, Table]:
    """Return the table of each model; the database is asked for those that no class describes."""
    tables = {each: _copied(each.model) for each in models if each.is_copied}
    unread = [each for each in models if not each.is_copied]
    for database in dict.fromkeys(each.model.__database__ for each in unread):
        of_database = [each for each in unread if each.model.__database__ == database]
        tables |= _read_tables(settings, database, of_database, faults)
    return tables


def _read_tables(
    settings: Settings, database: str, models: Sequence[Waiting], faults: Faults
) -> dict[Waiting, Table]:
    tables = {}
    try:
        with connected(settings, database) as connection:
            for each in models:
                table = _read_table(connection, each, faults)
                if table is not None:
                    tables[each] = table
    except KeyError:
        faults.add(models[0], f"BACKOFFICE_DATABASES names no database {database!r}.")
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        faults.add(models[0], f"the database does not tell its tables: {reason}. Try again.")
    return tables


def _read_table(connection: Connection, each: Waiting, faults: Faults) -> Table | None:
    model: Any = each.model
    schema = model.__schema__ or None
    name = getattr(model, "__table_name__", "")
    options: dict[str, Any] = {"schema": schema, "resolve_fks": False, "info": {EXISTING: True}}
    metadata = metadata_of(model.__database__)
    if EXISTING not in getattr(metadata.tables.get(name), "info", options["info"]):
        faults.add(each, f"{name!r} is a table of the product or of a package: use its model.")
        return None
    try:
        table = Table(name, metadata, autoload_with=connection, **options)
    except NoSuchTableError:
        others = ", ".join(table_names(connection, schema)[:SHOWN]) or "none"
        faults.add(each, f"there is no table {name!r}. Correct __table_name__; there are {others}.")
        return None
    return _fitted(table, connection.dialect.name)


def _fitted(table: Table, engine: str = "") -> Table:
    for column in table.columns:
        fit(column, engine)
    return table


@cache
def metadata_of(database: str) -> MetaData:
    """Return what describes the tables of a database; that of our own is that of all models."""
    return MetaData(info={BIND: database}) if database else Base.metadata


def _copied(model: Any) -> Table:
    """Return a copy of the table that a class maps for other code, whose own stays as it is."""
    source: Table = getattr(model.__like__, "__table__", model.__like__)
    table = source.to_metadata(metadata_of(model.__database__))
    table.info[EXISTING] = True
    return _fitted(table)


def table_names(connection: Connection, schema: str | None = None) -> list[str]:
    """Return the names of the tables and views in a database."""
    inspector = inspected(connection)
    return sorted((*inspector.get_table_names(schema), *inspector.get_view_names(schema)))


def _forget_unknown_keys(tables: Iterable[Table]) -> None:
    """Forget foreign keys to tables that no model has: they are plain values here."""
    known = {model.__table__ for model in records()} | set(tables)
    for table in tables:
        for constraint in list(table.foreign_key_constraints):
            if _referred(constraint) not in known:
                table.constraints.discard(constraint)
                for key in constraint.elements:
                    key.parent.foreign_keys.discard(key)
                    table.foreign_keys.discard(key)


def _referred(constraint: ForeignKeyConstraint) -> Table | None:
    try:
        return constraint.referred_table
    except InvalidRequestError:
        return None


def _map_table(each: Waiting, table: Table, faults: Faults) -> None:
    named = _named(each, table, faults)
    key_columns = _key(each, table, faults)
    if not key_columns or faults.sentences:
        return
    model: Any = each.model
    area = area_of(each, str(model.__area__ or table.name), faults)
    attributes = _attributes(table, named, key_columns)
    attributes["__label__"] = label_of(model, named, key_columns)
    map_onto(model, area=area, key_columns=key_columns, attributes=attributes)


def _attributes(
    table: Table, named: Mapping[str, TableColumn], key_columns: Sequence[TableColumn]
) -> dict[str, Any]:
    """Return all attributes of the model: its columns, and what every entity has besides.

    Columns that people never see are left out, as they may be large.
    """
    left_out = [c for c in table.columns if c.info.get("hidden") and c not in key_columns]
    excluded = [str(column.key) for column in left_out]
    attributes: dict[str, Any] = dict.fromkeys(FREE)
    attributes |= {name: None if column in left_out else column for name, column in named.items()}
    attributes["__table__"] = table
    attributes["__mapper_args__"] = {"primary_key": key_columns, "exclude_properties": excluded}
    if "id" not in named:
        attributes["id"] = _id(key_columns)
    attributes["version"] = column_property(row_version(list(table.columns)))
    return attributes


def _id(key_columns: Sequence[TableColumn]) -> Any:
    types = [column.type for column in key_columns]
    return column_property(row_keys.expression(key_columns, types))


def _named(each: Waiting, table: Table, faults: Faults) -> dict[str, TableColumn]:
    """Return the columns by attribute, with what the model says of them."""
    by_name = _by_name(table)
    named: dict[str, TableColumn] = {}
    for name, declared in vars(each.model).items():
        if not isinstance(declared, MappedColumn):
            continue
        column = by_name.get(_wanted(name, declared).lower())
        if mistake := _mistake(table, name, declared, column):
            faults.add(each, mistake)
        elif column is not None:
            _say(column, declared)
            named[name] = column
    _name_the_others(table, named, taken=vars(each.model))
    return named


def _wanted(name: str, declared: MappedColumn[Any]) -> str:
    return str(declared.column.name or name)


def _mistake(
    table: Table, name: str, declared: MappedColumn[Any], column: TableColumn | None
) -> str:
    """Return what is wrong with what a model says of a column, with the cure; '' if it is right."""
    if column is None:
        there = ", ".join(str(column.name) for column in table.columns)
        return f"{table.name} has no column {_wanted(name, declared)!r}. It has {there}."
    is_said = declared.column.info.get("kind") in (File.name, Picture.name)
    if is_said or isinstance(declared.column.type, FilesType):
        return (
            f"{name}: files are kept in tables of your own alone: "
            "declare them in an entity with a relation to this one."
        )
    return ""


def _by_name(table: Table) -> Mapping[str, TableColumn]:
    return {str(column.name).lower(): column for column in table.columns}


def _say(column: TableColumn, declared: MappedColumn[Any]) -> None:
    """Add to a column what its model says of it."""
    if declared.column.info:
        column.info.pop("hidden", None)
    column.info.update(declared.column.info)
    if not isinstance(declared.column.type, NullType):
        column.type = fitting(declared.column.type)
    if declared.column.default is not None:
        column.default = declared.column.default


def _name_the_others(
    table: Table, named: dict[str, TableColumn], taken: Mapping[str, object]
) -> None:
    """Give an attribute to each column that the model does not name.

    What the model has itself under a name, such as a relation, keeps that name.
    """
    others = [column for column in table.columns if column not in named.values()]
    names = attribute_names(table, others, {*named, *taken})
    named |= {names[str(column.name)]: column for column in others}


def _key(each: Waiting, table: Table, faults: Faults) -> tuple[TableColumn, ...]:
    """Return the columns that tell rows apart; none if that is not known."""
    by_name = _by_name(table)
    names = each.model.__key__ or tuple(str(column.name) for column in table.primary_key)
    if missing := [name for name in names if name.lower() not in by_name]:
        faults.add(each, f"{table.name} has no column {missing[0]!r}, which __key__ names.")
        return ()
    if not names:
        cure = 'say which columns tell its rows apart, __key__ = ("...",).'
        faults.add(each, f"{table.name} has no primary key: {cure}")
        return ()
    columns = tuple(by_name[name.lower()] for name in names)
    for column in columns:
        column.nullable = False  # SQLite allows NULL in a primary key
    return columns if can_tell_apart(each, columns, faults) else ()

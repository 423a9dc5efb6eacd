"""Read, create and change one row of any entity: permission, scope, version, rules, one event."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, inspect, select, true
from sqlalchemy.exc import IntegrityError

from backoffice import events
from backoffice.data import lists, texts
from backoffice.errors import Conflict, NotAllowed, NotFound, RuleBroken
from backoffice.extensions import db, lock
from backoffice.models import fields, keys, personal
from backoffice.models.base import Entity, Record, Searchable
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import may_read, require, restriction, scope

R = TypeVar("R", bound=Record)
E = TypeVar("E", bound=Entity)
Values = Mapping[str, Any]
Check = Callable[[Actor, Any, dict[str, Any]], None]
Reach = Callable[[Actor, Any], str]
_checks: dict[type[Entity], Check] = {}
_reaches: dict[type[Entity], Reach] = {}
_locks: dict[type[Entity], str] = {}


def checked(model: type[Entity], *, lock_first: str = "") -> Callable[[Check], Check]:
    """Decorate the function that checks, and may complete, the values written to `model`.

    It is called with the actor, the row as it is (None for a new one), and the values it may change. `lock_first`
    is held before a row is locked: the order in which actions take both, so that none waits for the other forever.
    """

    def keep(check: Check) -> Check:
        _checks[model] = check
        if lock_first:
            _locks[model] = lock_first
        return check

    return keep


def first_lock(model: type[Record]) -> str:
    """The lock that is held before any row is locked for writing rows of `model`; '' where there is none."""
    return _locks.get(model, "")  # type: ignore[arg-type]  # a record that is no entity has none


def reached(model: type[Entity]) -> Callable[[Reach], Reach]:
    """Decorate the function that says why the actor may not change a row of `model` at all; '' if they may."""

    def keep(reach: Reach) -> Reach:
        _reaches[model] = reach
        return reach

    return keep


def out_of_reach(actor: Actor, row: Record) -> str:
    """Why the actor may not change the row, though they may change others of its kind; '' if they may."""
    reach = _reaches.get(type(row))  # type: ignore[arg-type]  # a record that is no entity has none
    return reach(actor, row) if reach else ""


def get(*, actor: Actor, model: type[R], row_id: int, locked: bool = False) -> R:
    """The row, if the actor sees it. Raises NotFound otherwise, whether it exists or not."""
    statement = select(model).where(model.id == row_id, scope(actor, model))
    if locked:  # whoever waited for the lock must not go on with what was read before
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalar(statement)
    if row is None:
        raise NotFound(
            f"There is no {model.__singular__} with this number, or it is not yours to see."
        )
    return row


def create(*, actor: Actor, model: type[E], values: Values) -> E:
    """A new row. Raises NotAllowed or RuleBroken with the field it belongs to."""
    require(actor, f"{area_of(model)}.create")
    row = model()
    _before, after = _write(actor, row, values, new=True)
    events.record(
        actor=actor, action=f"{area_of(model)}.create", subject=events.subject_of(row), after=after
    )
    return row


def update(*, actor: Actor, model: type[E], row_id: int, version: int | None, values: Values) -> E:
    """Change the row that was read at `version`; writing what it already has changes nothing.

    Raises NotAllowed, NotFound, Conflict (somebody was faster) or RuleBroken with the field it belongs to.
    """
    require(actor, f"{area_of(model)}.edit")
    if name := _locks.get(model):
        lock(name)
    row = get(actor=actor, model=model, row_id=row_id, locked=True)
    if reason := out_of_reach(actor, row):
        raise NotAllowed(reason)
    change(actor=actor, row=row, version=version, values=values, action=f"{area_of(model)}.edit")
    return row


def change(*, actor: Actor, row: Entity, version: int | None, values: Values, action: str) -> None:
    """Change a locked row that the actor may change, as it was read at `version`, through the checks of its entity.

    Raises Conflict (somebody was faster) or RuleBroken with the field it belongs to.
    """
    if version != row.version:
        raise Conflict("Somebody else changed this meanwhile.", current=row)
    before, after = _write(actor, row, values, new=False)
    changed = [name for name in after if before.get(name) != after[name]]
    if not changed:
        return
    row.version += 1
    db.session.flush()
    events.record(
        actor=actor,
        action=action,
        subject=events.subject_of(row),
        before={name: before.get(name) for name in changed},
        after={name: after[name] for name in changed},
    )


def snapshot(row: Entity, names: list[str]) -> dict[str, Any]:
    """The named values of a row as events keep them; related rows by their labels, people by their numbers."""
    model, found = type(row), {}
    for name in names:
        value, kind = getattr(row, name), fields.kind(model, name)
        if kind == "many":
            value = sorted(map(_noted, value))
        elif kind == "one":
            value = _noted(value) if value else None
        if kind:
            found[name] = value
    return found


def _noted(other: Record) -> str:
    """How events call a related row: not by what would have to be erased with it."""
    return (
        f"{other.__singular__.capitalize()} {other.id}"
        if personal.belongs(type(other))
        else other.label
    )


def _write(
    actor: Actor, row: Entity, values: Values, *, new: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set the values and flush; answer what the row said of them before, and what it says now."""
    model = type(row)
    wanted = {
        name: value if _is_as_before(row, name, value, new) else _fitting(actor, model, name, value)
        for name, value in values.items()
    }
    if check := _checks.get(model):
        check(actor, None if new else row, wanted)
    before = {} if new else snapshot(row, list(wanted))
    with db.session.no_autoflush:
        for name, value in wanted.items():
            if getattr(row, name, None) != value:
                setattr(row, name, value)
    if isinstance(row, Searchable):
        keys.keep(row)
    _check_lengths(row)
    if new:
        db.session.add(row)
    _flush(model)
    return before, snapshot(row, list(wanted))


def _fitting(actor: Actor, model: type[Entity], name: str, value: Any) -> Any:
    """The value as the attribute takes it; related rows are looked up within the actor's scope."""
    kind = fields.kind(model, name)
    if not may_read(actor, model, name):
        raise NotAllowed(
            f"You do not see {fields.heading(name).lower()}, so you cannot change them."
        )
    if kind == "many":
        return _related(actor, fields.related_model(model, name), name, value)
    if kind == "one":
        found = _related(actor, fields.related_model(model, name), name, [value] if value else [])
        return found[0] if found else None
    column = fields.column(model, name)
    if isinstance(value, str) and kind in fields.TEXTS:
        value = texts.kept(value, field=name, kind=kind, lines=fields.has_lines(model, name))
    if isinstance(value, str):
        limit = getattr(column.type, "length", None)
        if limit and len(value) > limit:
            raise RuleBroken(f"Use at most {limit} characters.", field=name)
    if (value is None and not column.nullable) or (value == "" and fields.is_required(model, name)):
        raise RuleBroken("Fill this in.", field=name)
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    if kind == "choice" and value not in fields.choices(model, name):
        raise RuleBroken("Choose one of the offered values.", field=name)
    return value


def _is_as_before(row: Entity, name: str, value: Any, new: bool) -> bool:
    """A text that nobody touches is not judged: it may be older than the rule."""
    return not new and isinstance(value, str) and value == getattr(row, name)


def _check_lengths(row: Entity) -> None:
    """What is made of a text may be longer than the text: folding turns one ligature into eighteen letters."""
    for attribute in inspect(type(row)).column_attrs:
        value, limit = (
            getattr(row, attribute.key),
            getattr(attribute.columns[0].type, "length", None),
        )
        if isinstance(value, str) and limit and len(value) > limit:
            raise RuleBroken("Use fewer or simpler characters.", field=_text_of(attribute.key))


def _related(actor: Actor, model: type[Record], name: str, ids: list[int]) -> list[Record]:
    found = list(db.session.scalars(select(model).where(model.id.in_(ids), scope(actor, model))))
    if missing := set(ids) - {row.id for row in found}:
        raise RuleBroken(
            f"There is no {model.__singular__} with the number {min(missing)}.", field=name
        )
    return sorted(found, key=lambda row: row.id)


def _flush(model: type[Entity]) -> None:
    """Write, and translate what the database refuses into the field it belongs to."""
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError as error:
        raise RuleBroken(
            f"Another {model.__singular__} has this already.", field=_field_of(model, error)
        ) from error


def _field_of(model: type[Entity], error: IntegrityError) -> str | None:
    """The field that a constraint guards: PostgreSQL names the constraint, SQLite the column."""
    text = str(getattr(getattr(error.orig, "diag", None), "constraint_name", None) or error.orig)
    names = [attribute.key for attribute in inspect(model).column_attrs]
    found = (
        name
        for name in names
        if f"{model.__tablename__}_{name}" in text or f"{model.__tablename__}.{name}" in text
    )
    return next((_text_of(name) for name in found), None)


def _text_of(key: str) -> str:
    """The attribute that people know, of the one in which it is kept for comparison."""
    return key.removesuffix(keys.SUFFIX).removesuffix(keys.LOOKS)


def named(*, actor: Actor | None, model: type[Record], rows: list[R]) -> list[R]:
    """Those of `rows` whose names the actor may read."""
    condition = restriction(actor, model)
    if condition is None or not rows:
        return rows
    ids = set(
        db.session.scalars(
            select(model.id).where(model.id.in_([row.id for row in rows]), condition)
        )
    )
    return [row for row in rows if row.id in ids]


def options(
    *,
    actor: Actor,
    model: type[Record],
    search: str = "",
    ids: list[int] | None = None,
    limit: int = 20,
    among: ColumnElement[bool] | None = None,
) -> tuple[list[tuple[int, str]], bool]:
    """Rows to choose from, as (id, label), and whether there are more.

    `ids` asks for those alone; `among` leaves out what the actor may not choose.
    """
    query = lists.parse(model, [("search", search)])
    many = ids is None and lists.are_many(actor, model, query)
    wanted = (
        model.id.in_(ids) if ids is not None else lists.condition(model, query, indexed=not many)
    )
    order = (
        lists.sort_key(model, model.__label__)
        if lists.sortable(model, model.__label__)
        else model.id
    )
    allowed = true() if among is None else among
    statement = select(model.id, model.label_column()).where(scope(actor, model), wanted, allowed)
    rows = db.session.execute(statement.order_by(order, model.id).limit(limit + 1)).all()
    return cast("list[tuple[int, str]]", rows[:limit]), len(rows) > limit

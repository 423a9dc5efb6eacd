"""Read, create and change one row of any entity.

Each of these checks the permission, the scope, the version and the rules, and logs one event.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy import inspect, select

from backoffice import events
from backoffice.data import (
    comparable,
    constraints,
    same_keys,
    uploaded_files,
)
from backoffice.data.unseen import unseen
from backoffice.errors import BackofficeError, Conflict, NotAllowed, RuleBroken
from backoffice.events import mentions
from backoffice.extensions import db
from backoffice.models import fields, keys, row_keys, row_nodes
from backoffice.models.base import Entity, Record, Searchable
from backoffice.models.row_keys import RowKey
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import may_read, require, restriction, scope
from backoffice.text import without_invisible
from backoffice.transactions import lock

R = TypeVar("R", bound=Record)
E = TypeVar("E", bound=Entity)
Values = Mapping[str, object]
# Called with the actor, the row (None for a new one) and the values it may change.
Check = Callable[[Actor, Any, dict[str, Any]], None]
# Called with the actor and the row.
Reach = Callable[[Actor, Any], str]
_checks: dict[type[Entity], Check] = {}
_reaches: dict[type[Entity], Reach] = {}
_locks: dict[type[Entity], str] = {}


def checked(model: type[Entity], *, lock_first: str = "") -> Callable[[Check], Check]:
    """Decorate the function that checks, and may complete, what is written to rows of `model`.

    It is called with the actor, the row as it is (None for a new one), and the values, which it may
    change. `lock_first` names a lock that is taken before a row is locked. Actions take both in the
    same order, which prevents deadlocks.
    """

    def keep(check: Check) -> Check:
        _checks[model] = check
        if lock_first:
            _locks[model] = lock_first
        return check

    return keep


def first_lock(model: type[Record]) -> str:
    """Return the name of the lock that is taken before rows of `model` are locked; '' for none."""
    return _locks.get(model, "")  # type: ignore[arg-type]  # a record that is no entity has none


def reached(model: type[Entity]) -> Callable[[Reach], Reach]:
    """Decorate the function that says why the actor may not change a row of `model`.

    It returns '' if the actor may change the row.
    """

    def keep(reach: Reach) -> Reach:
        _reaches[model] = reach
        return reach

    return keep


def out_of_reach(actor: Actor, row: Record) -> str:
    """Return why the actor may not change this row, although others of its kind; '' if they may."""
    reach = _reaches.get(type(row))  # type: ignore[arg-type]  # a record that is no entity has none
    return reach(actor, row) if reach else ""


def is_checked(model: type[Entity]) -> bool:
    """Return whether a function checks, or completes, what is written to rows of `model`."""
    return model in _checks


def is_reached(model: type[Entity]) -> bool:
    """Return whether a function says which rows of `model` somebody may change."""
    return model in _reaches


def get(*, actor: Actor, model: type[R], row_id: RowKey, locked: bool = False) -> R:
    """Return the row if the actor sees it.

    Raises NotFound if not, without revealing whether the row exists.
    """
    statement = select(model).where(model.id == row_id, scope(actor, model))
    if locked:
        # After waiting for the lock, the values read before may be outdated.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(statement.limit(2) if model.__key_columns__ else statement).all()
    same_keys.require_one(model, row_id, found)
    return found[0]


def create(*, actor: Actor, model: type[E], values: Values) -> E:
    """Create a row. Raises NotAllowed, or RuleBroken with the field it belongs to."""
    require(actor, f"{area_of(model)}.create")
    row = model()
    _place(actor, row)
    _before, after = _write(actor, row, values, new=True)
    events.record(
        actor=actor, action=f"{area_of(model)}.create", subject=events.subject_of(row), after=after
    )
    return row


def _place(actor: Actor, row: Entity) -> None:
    """Put a new row where the actor belongs, unless its values say another node."""
    of_node = row_nodes.own_column(type(row))
    if of_node is not None and not of_node.nullable and of_node.foreign_keys:
        setattr(row, of_node.key, actor.node_id)


def update(
    *, actor: Actor, model: type[E], row_id: RowKey, version: int | None, values: Values
) -> E:
    """Change the row that was read at `version`; writing the same values again changes nothing.

    What the actor sees masked in the row stays as it is, whatever is given for it.
    Raises NotAllowed, NotFound, Conflict (somebody else changed the row first), or RuleBroken with
    the field it belongs to.
    """
    require(actor, f"{area_of(model)}.edit")
    if name := _locks.get(model):
        lock(name)
    row = get(actor=actor, model=model, row_id=row_id, locked=True)
    if reason := out_of_reach(actor, row):
        raise NotAllowed(reason)
    values = masking.writable(actor, row, values)
    change(actor=actor, row=row, version=version, values=values, action=f"{area_of(model)}.edit")
    return row


def change(*, actor: Actor, row: Entity, version: int | None, values: Values, action: str) -> None:
    """Change a locked row that was read at `version`, and that the actor may change.

    The checks of the entity are applied. Raises Conflict (somebody else changed the row first), or
    RuleBroken with the field it belongs to.
    """
    if version != row.version:
        raise Conflict(_("Somebody else changed this meanwhile."), current=row)
    files = uploaded_files.held_by(row)
    before, after = _write(actor, row, values, new=False)
    changed = [name for name in after if before.get(name) != after[name]]
    if not changed:
        return
    uploaded_files.forget_replaced(row, files)
    if row.__counts_versions__:
        row.version += 1
    db.session.flush()
    events.record(
        actor=actor,
        action=action,
        subject=events.subject_of(row),
        before={name: before.get(name) for name in changed},
        after={name: after[name] for name in changed},
    )


def refusal(*, actor: Actor, row: Entity, values: Values | None) -> str:
    """Return why the actor may not write these values to the row; '' if they may.

    Without values, only the row counts.
    """
    if sentence := out_of_reach(actor, row):
        return sentence
    try:
        if values is not None:
            _checked(actor, row, values, new=False)
    except BackofficeError as error:
        return without_invisible(str(error.message)) or _("This is not possible.")
    return ""


def complete(*, actor: Actor, model: type[Entity], row: Any, values: dict[str, Any]) -> None:
    """Apply the function that checks, and may complete, what is written to rows of `model`.

    `row` is what is there already, with its attributes; None for a new row. Raises as that function
    does.
    """
    if check := _checks.get(model):
        check(actor, row, values)


def write(*, actor: Actor, row: Entity, values: Values) -> None:
    """Write values to a locked row, checked and completed, without an event.

    For actions, which write the events and versions of all their rows.
    Raises NotAllowed, or RuleBroken with the field it belongs to.
    """
    _write(actor, row, values, new=False)


def snapshot(row: Entity, names: list[str]) -> dict[str, object]:
    """Return the named values of a row as events keep them.

    Related rows are noted as events/mentions.py has it, people and their belongings by their ids.
    """
    model = type(row)
    values: dict[str, object] = {}
    for name in names:
        value = getattr(row, name)
        if fields.is_many(model, name):
            in_order = sorted(value, key=lambda other: other.label)
            values[name] = [_mention(other) for other in in_order]
        elif fields.is_one(model, name):
            values[name] = value and _mention(value)
        elif fields.kind(model, name):
            values[name] = fields.writer(model, name, "note")(value)
    return values


def _mention(row: Record) -> object:
    return mentions.of(type(row), row.id, row.label)


def _write(
    actor: Actor, row: Entity, values: Values, *, new: bool
) -> tuple[dict[str, object], dict[str, object]]:
    """Set the values and flush; return the values of the row before and after that."""
    wanted = _checked(actor, row, values, new=new)
    before = {} if new else snapshot(row, list(wanted))
    _set(row, wanted)
    if new:
        db.session.add(row)
    comparable.flush(actor=actor, row=row)
    return before, snapshot(row, list(wanted))


def _checked(actor: Actor, row: Entity, values: Values, *, new: bool) -> dict[str, object]:
    """Return the values as the row stores them, checked and completed by the entity's function."""
    wanted = _wanted(actor, row, values, new=new)
    if check := _checks.get(type(row)):
        check(actor, None if new else row, wanted)
    return wanted


def _wanted(actor: Actor, row: Entity, values: Values, *, new: bool) -> dict[str, object]:
    """Return the values as the row stores them. Raises RuleBroken if one does not fit."""
    model = type(row)
    wanted: dict[str, object] = {}
    for name, value in values.items():
        require_readable(actor, model, name)
        if new and _is_left_out(model, name, value):
            continue
        if not new and _is_same(row, name, value):
            wanted[name] = getattr(row, name)
        elif not new and name in fields.key_attributes(model):
            raise RuleBroken(_("This tells the row from others, so it stays as it is."), field=name)
        elif not new and name in inspect(model).relationships:
            wanted[name] = _with_unseen(actor, row, name, value)
        else:
            wanted[name] = _fitting(actor, model, name, value)
    return wanted


def _with_unseen(actor: Actor, row: Entity, name: str, value: Any) -> object:
    """Return the related rows for their ids, with those that the actor does not see."""
    present = getattr(row, name)
    if fields.is_many(type(row), name):
        wanted: Any = _fitting(actor, type(row), name, value)
        return [*wanted, *unseen(actor, present)]
    kept = unseen(actor, [present]) if present and not value else []
    return kept[0] if kept else _fitting(actor, type(row), name, value)


def _is_left_out(model: type[Entity], name: str, value: object) -> bool:
    """Whether nothing was given for a column that has a default."""
    if value is not None or name not in inspect(model).column_attrs:
        return False
    column = fields.column(model, name)
    return fields.has_default(column) and not column.nullable


def _is_same(row: Entity, name: str, value: object) -> bool:
    """Whether the value is the one that the row already has; an empty text is none.

    Such a value is not checked, because it may be older than the rule.
    """
    if name not in inspect(type(row)).column_attrs:
        return False
    current = getattr(row, name)
    return value == current or (value == "" and current is None)


def _set(row: Entity, values: Values) -> None:
    with db.session.no_autoflush:
        for name, value in values.items():
            if getattr(row, name, None) != value:
                setattr(row, name, value)
    if isinstance(row, Searchable):
        keys.update(row)
    constraints.check_lengths(row)


def require_readable(actor: Actor, model: type[Entity], name: str) -> None:
    """Raise NotAllowed for an attribute that the actor may not read, whatever was sent for it.

    If the value that the row has already were taken, its answer would tell that value.
    """
    if may_read(actor, model, name):
        return
    other = fields.told_of(model, name) or model
    text = _("You do not see %(nouns)s, so you cannot change them.", nouns=other.nouns())
    raise NotAllowed(text)


def _fitting(actor: Actor, model: type[Entity], name: str, value: Any) -> object:
    """Return the value as the attribute stores it, related rows for their ids."""
    if fields.is_many(model, name):
        return _related(actor, fields.related_model(model, name), name, value)
    if fields.is_one(model, name):
        if not value and fields.is_required(model, name):
            raise RuleBroken(_("Fill this in."), field=name)
        ids = [value] if value else []
        rows = _related(actor, fields.related_model(model, name), name, ids)
        return rows[0] if rows else None
    return _fitting_value(model, name, value)


def _fitting_value(model: type[Entity], name: str, value: object) -> object:
    """Return the value as the column stores it. Raises RuleBroken if it does not fit."""
    kind = fields.kind(model, name)
    column = fields.column(model, name)
    if value is not None and kind is not None:
        try:
            value = kind.clean(column, value)
        except ValueError as error:
            raise RuleBroken(str(error), field=name) from None
    if value == "" and column.nullable:
        value = None
    is_missing = value is None and not column.nullable
    if is_missing or (value == "" and fields.is_required(model, name)):
        raise RuleBroken(_("Fill this in."), field=name)
    return value


def _related(actor: Actor, model: type[Record], name: str, ids: list[RowKey]) -> list[Record]:
    """Return the rows with these ids in the actor's scope. Raises RuleBroken if one is missing."""
    statement = select(model).where(model.id.in_(ids), scope(actor, model))
    rows = list(db.session.scalars(statement))
    if missing := set(ids) - {row.id for row in rows}:
        text = _(
            "There is no %(noun)s with the number %(number)s.",
            noun=model.noun(),
            number=row_keys.shown(row_keys.in_order(missing)[0]),
        )
        raise RuleBroken(text, field=name)
    return sorted(rows, key=lambda row: row.id)


def named(*, actor: Actor | None, model: type[Record], rows: list[R]) -> list[R]:
    """Return those of `rows` whose names the actor may read."""
    condition = restriction(actor, model)
    if condition is None or not rows:
        return rows
    ids = [row.id for row in rows]
    statement = select(model.id).where(model.id.in_(ids), condition)
    readable_ids = set(db.session.scalars(statement))
    return [row for row in rows if row.id in readable_ids]

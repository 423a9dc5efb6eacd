"""Write a batch of understood lines: judge them against the rows there are, in few statements."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import Select, bindparam, insert, inspect, select, tuple_, update

from backoffice import clock
from backoffice.clients import geoip
from backoffice.clients.sync import claims
from backoffice.clients.sync.lines import Line, Refused, Result, refusal
from backoffice.clients.sync.tables import EXTERNAL_ID, Table
from backoffice.data import records
from backoffice.errors import BackofficeError
from backoffice.events import EventDraft, mentions
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models import keys as text_keys
from backoffice.models.base import Entity, Searchable
from backoffice.models.client import Client
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of

Row = dict[str, Any]
Key = tuple[Any, ...]  # the values of the columns that tell rows apart


class Known(NamedTuple):
    """A row that lines refer to."""

    id: int
    label: str


class Change(NamedTuple):
    """A line that is written: the row as it was, None for a new one, and as it will be."""

    line: Line
    before: Row | None
    after: Row
    fields: tuple[str, ...]


class Writing:
    """The lines of one table of a batch, which `write` judges and writes in one transaction.

    Attributes:
        results: what became of the lines.
        drafts: the events of what was written.
        touched: the ids of the clients that written rows belong to.
    """

    def __init__(self, actor: Actor, table: Table, lines: Sequence[Line]) -> None:
        self.actor = actor
        self.table = table
        self.lines = lines
        self.results: list[Result] = []
        self.drafts: list[EventDraft] = []
        self.touched: set[int] = set()
        self._claims = claims.of(table.model)

    def write(self) -> None:
        self._known = {name: self._referred(name) for name in self.table.references}
        self._labels = {name: _by_id(known.values()) for name, known in self._known.items()}
        changes = self._changes()
        self._write([change for change in changes if change.before])
        self._add([change for change in changes if not change.before])
        written = (change.after for change in changes)
        self.touched = {after["client_id"] for after in written if "client_id" in after}

    def _changes(self) -> list[Change]:
        """Return what is to be written, in the order of the lines."""
        located = [each for line in self.lines if (each := self._located(line))]
        present = self._present(located)
        self._claims.load(values for _line, values in located)
        judged = (
            self._judged(line, values, present.get(self._key(values))) for line, values in located
        )
        return [change for change in judged if change]

    def _referred(self, name: str) -> dict[str, Known]:
        """Return the rows that the lines refer to by a field, by their external IDs."""
        model = self.table.references[name]
        wanted = {each for line in self.lines if (each := line.references.get(name))}
        statement = select(model.external_id, model.id, model.label_column().label("label"))
        statement = statement.where(model.external_id.in_(wanted))
        if model is Client:
            statement = statement.where(Client.status != "deleted")
        return {row.external_id: Known(row.id, row.label) for row in db.session.execute(statement)}

    def _located(self, line: Line) -> tuple[Line, Row] | None:
        """Return the line with its values and the ids of related rows; None if one is missing."""
        values = dict(line.values)
        for name, external_id in line.references.items():
            known = self._known[name].get(external_id or "")
            if external_id and known is None:
                noun = self.table.references[name].noun()
                sentence = _("There is no %(noun)s with this external ID.", noun=noun)
                self._refuse(line, Refused(sentence, name))
                return None
            values[self.table.foreign_keys[name]] = known.id if known else None
        return line, values

    def _key(self, values: Row) -> Key:
        return tuple(values[column] for column in self.table.stored_keys)

    def _present(self, located: Iterable[tuple[Line, Row]]) -> dict[Key, Row]:
        """Return the rows that the lines are about, locked, by their keys."""
        wanted = [self._key(values) for _line, values in located]
        if not wanted:
            return {}
        statement = self._select(self._attributes, wanted).with_for_update()
        rows = (dict(row) for row in db.session.execute(statement).mappings())
        return {self._key(row): row for row in rows}

    def _select(
        self, names: Sequence[str], keys: Sequence[tuple[Any, ...]]
    ) -> Select[*tuple[Any, ...]]:
        """Return the statement for these columns of the rows with these keys."""
        model = self.table.model
        columns = [fields.attribute(model, name) for name in names]
        found = [fields.attribute(model, name) for name in self.table.stored_keys]
        if len(found) == 1:
            return select(*columns).where(found[0].in_([key for (key,) in keys]))
        return select(*columns).where(tuple_(*found).in_(keys))

    def _judged(self, line: Line, values: Row, before: Row | None) -> Change | None:
        try:
            return self._decided(line, values, before)
        except Refused as refused:
            self._refuse(line, refused)
        except BackofficeError as error:
            self._refuse(line, Refused(str(error.message), error.field or ""))
        return None

    def _decided(self, line: Line, values: Row, before: Row | None) -> Change | None:
        """Return what to write for a line; None for nothing. Raises Refused, or what checks do."""
        if before is None:
            self._require_complete(line, values)
        changed = self._changed(before, values)
        if before and not changed:
            self.results.append(self._result(line, "unchanged"))
            return None
        after = (before or self._defaults()) | values
        self._claims.take(before["id"] if before else line.key, before or {}, after)
        return Change(line, before, after, changed)

    def _changed(self, before: Row | None, values: Row) -> tuple[str, ...]:
        """Complete the values; return the columns that they change, all of them for a new row."""
        if before and values.items() <= before.items():
            return ()
        self._complete(before, values)
        written = [name for name in self.table.stored if name in values]
        if before is None:
            return tuple(written)
        changed = tuple(name for name in written if before[name] != values[name])
        self._require_changeable(before, changed)
        return changed

    def _complete(self, before: Row | None, values: Row) -> None:
        """Apply the checks of the entity to the values, which they may complete."""
        model = self.table.model
        if issubclass(model, Entity):
            row = SimpleNamespace(**before) if before else None
            records.complete(actor=self.actor, model=model, row=row, values=values)

    def _require_complete(self, line: Line, values: Row) -> None:
        for name in self.table.fields:
            own = self.table.foreign_keys.get(name, name)
            if name in self.table.required and values.get(own) is None:
                raise Refused(_("A new row needs this."), name)

    def _require_changeable(self, before: Row, changed: Sequence[str]) -> None:
        if self.table.model is Client and before["status"] == "deleted":
            raise Refused(_("This client was deleted here."), EXTERNAL_ID)
        for name in changed:
            if self.table.changeable is not None and name not in self.table.changeable:
                raise Refused(_("This stays as it was written first."), self.table.told(name))

    def _defaults(self) -> Row:
        """Return what a new row has where its line says nothing."""
        attributes = inspect(self.table.model).column_attrs
        return {each.key: _default(each.columns[0]) for each in attributes if each.key != "id"}

    @property
    def _attributes(self) -> tuple[str, ...]:
        return tuple(each.key for each in inspect(self.table.model).column_attrs)

    def _write(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        table: Any = self.table.model.__table__
        rows = [self._stored(change.after) | {"row_id": change.after["id"]} for change in changes]
        names = rows[0].keys() - {"row_id"}
        values: dict[str, Any] = {name: bindparam(name) for name in names}
        if not self.table.is_log:
            values["version"] = table.c.version + 1
        statement = update(table).where(table.c.id == bindparam("row_id")).values(values)
        db.session.connection().execute(statement, rows)
        for change in changes:
            self._tell(change, "updated", change.after["id"])

    def _stored(self, after: Row) -> Row:
        """Return the columns that an update writes, with the keys of texts."""
        stored = after | self._keys(after)
        if not self.table.is_log:
            stored["updated_at"] = clock.now()
        return {name: value for name, value in stored.items() if name not in ("id", "version")}

    def _keys(self, after: Row) -> Row:
        model = self.table.model
        given = {name: after[name] for name in self.table.stored}
        made = text_keys.with_keys(model, given)
        if issubclass(model, Searchable):
            made["search_key"] = text_keys.search_key(model, after)
        return {name: value for name, value in made.items() if name not in given}

    def _add(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        table: Any = self.table.model.__table__
        rows = [self._completed(change.after | self._keys(change.after)) for change in changes]
        db.session.connection().execute(insert(table), rows)
        keys = [self._key(change.after) for change in changes]
        found = db.session.execute(self._select(("id", *self.table.stored_keys), keys))
        ids: dict[Key, Any] = {tuple(key): row_id for row_id, *key in found}
        for change, key in zip(changes, keys, strict=True):
            self._tell(change, "created", ids[key])

    def _completed(self, row: Row) -> Row:
        """Return a new row with the place of a sign-in, where the product does not say it."""
        if self.table.name == "sign_in" and not row["place"]:
            row["place"] = geoip.place_of(row["ip"])
        return row

    def _tell(self, change: Change, outcome: str, row_id: int) -> None:
        """Keep the result and, of entities, the event of a written line."""
        self.results.append(self._result(change.line, outcome, change.fields))
        if self.table.is_log:
            return
        verb = "edit" if change.before else "create"
        area = area_of(self.table.model)
        before = change.before
        self.drafts.append(
            EventDraft(
                action=f"{area}.{verb}",
                subject=(area, row_id),
                before=self._noted(before, change) if before else None,
                after=self._noted(change.after, change),
            )
        )

    def _noted(self, row: Row, change: Change) -> dict[str, object]:
        """Return the changed values as events keep them, related rows by their names."""
        noted: dict[str, object] = {}
        for name in change.fields:
            told = self.table.told(name)
            if told in self.table.references:
                noted[told] = self._mention(told, row[name])
            elif fields.kind(self.table.model, name):
                noted[name] = fields.writer(self.table.model, name, "note")(row[name])
        return noted

    def _mention(self, name: str, row_id: int | None) -> object:
        if row_id is None:
            return None
        label = self._labels[name].get(row_id)
        model = self.table.references[name]
        if label is None:  # of a row that was referred to before
            label = db.session.scalar(select(model.label_column()).where(model.id == row_id))
        return mentions.of(model, row_id, label or "")

    def _refuse(self, line: Line, refused: Refused) -> None:
        self.results.append(refusal(line.number, line.table.name, line.key, refused))

    def _result(self, line: Line, outcome: str, changed: Sequence[str] = ()) -> Result:
        names = tuple(map(self.table.told, changed))
        return Result(line.number, line.table.name, line.key, outcome, names)


def _by_id(rows: Iterable[Known]) -> dict[int, str]:
    return {known.id: known.label for known in rows}


def _default(column: Any) -> object:
    default = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg

"""Read a file of clients: one JSON object a line, each understood or refused on its own."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO, NoReturn

from flask_babel import gettext as _

from backoffice import limits
from backoffice.clients.sync.tables import TABLES, Table
from backoffice.text import fault, masks

BOM = b"\xef\xbb\xbf"
Key = tuple[str, ...]


class Refused(Exception):
    """A line cannot be taken: the sentence, and the field that it belongs to, if any."""

    def __init__(self, sentence: str, field: str = "") -> None:
        self.sentence = sentence
        self.field = field
        super().__init__(sentence)


@dataclass(frozen=True)
class Line:
    """A line that was understood.

    Attributes:
        values: columns as they are stored.
        references: external IDs of other rows by field; None for no row.
    """

    number: int
    table: Table
    key: Key
    values: Mapping[str, Any]
    references: Mapping[str, str | None]


@dataclass(frozen=True)
class Result:
    """What became of a line.

    Attributes:
        outcome: "created", "updated", "unchanged" or "refused".
        fields: those that were changed.
        field: the one that a refusal belongs to, if any.
    """

    number: int
    table: str
    key: Key
    outcome: str
    fields: tuple[str, ...] = ()
    field: str = ""
    reason: str = ""


def refusal(number: int, table: str, key: Key, why: Refused) -> Result:
    """Return what became of a line that is refused."""
    return Result(number, table, key, "refused", field=why.field, reason=why.sentence)


@dataclass
class Reader:
    """The lines of a file, in batches; a row that the file has twice is refused the second time."""

    file: BinaryIO
    number: int = 0
    seen: set[int] = field(default_factory=set)  # hashes of the rows: a few bytes each

    def batches(self) -> Iterator[tuple[list[Line], list[Result]]]:
        """Yield what is understood and what is refused of so many lines after each other."""
        lines: list[Line] = []
        refused: list[Result] = []
        for data in self._read():
            read = self._line(data)
            if isinstance(read, Line):
                lines.append(read)
            else:
                refused.append(read)
            if len(lines) + len(refused) >= limits.SYNC_BATCH:
                yield lines, refused
                lines, refused = [], []
        if lines or refused:
            yield lines, refused

    def _read(self) -> Iterator[bytes]:
        """Yield each line that is not empty; of one that is too long, as much as shows that."""
        while data := self.file.readline(limits.SYNC_LINE + 1):
            self.number += 1
            rest = data
            while not rest.endswith(b"\n") and len(rest) > limits.SYNC_LINE:
                rest = self.file.readline(limits.SYNC_LINE + 1)
            if self.number == 1:
                data = data.removeprefix(BOM)
            if data.strip():
                yield data

    def _line(self, data: bytes) -> Line | Result:
        given: dict[str, Any] = {}
        try:
            given = _object(data)
            line = _understood(self.number, given)
            self._require_new(line)
        except Refused as error:
            return refusal(self.number, *_named(given), error)
        return line

    def _require_new(self, line: Line) -> None:
        number = hash((line.table.name, line.key))
        if number in self.seen:
            raise Refused(_("The file has this row already, further up."), line.table.keys[0])
        self.seen.add(number)


def _object(data: bytes) -> dict[str, Any]:
    if len(data) > limits.SYNC_LINE:
        raise Refused(_("The line is longer than %(limit)s bytes.", limit=limits.SYNC_LINE))
    try:
        value = json.loads(
            data.decode(),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_repetition,
        )
    except UnicodeDecodeError:
        raise Refused(_("The line is no UTF-8.")) from None
    except (ValueError, RecursionError, ArithmeticError):
        raise Refused(_("The line is no JSON.")) from None
    if b"\\ud" in data.lower() and _has_half_letters(value):
        raise Refused(_("The line has characters that cannot be stored."))
    if not isinstance(value, dict):
        raise Refused(_("The line is no JSON object."))
    return value


def _has_half_letters(value: object) -> bool:
    """Return whether a text has one surrogate of two, which is no letter (RFC 8259, 8.2)."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return True
    return False


def _refuse_constant(word: str) -> NoReturn:
    raise Refused(_("JSON has no %(word)s.", word=word))


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    for name in given if len(given) < len(pairs) else ():
        if [each for each, _value in pairs].count(name) > 1:
            raise Refused(_("The line has this field twice."), name)
    return given


def _understood(number: int, given: Mapping[str, Any]) -> Line:
    """Return the line with its values as they are stored. Raises Refused."""
    table = _table(given)
    values = {name: _clean(table, name, given[name]) for name in table.columns if name in given}
    references = {name: _reference(name, given[name]) for name in table.references if name in given}
    key = tuple(str(values.get(name) or references.get(name)) for name in table.keys)
    if "recipient" in values:
        values["recipient"] = _hidden(str(values["recipient"]))
    return Line(number, table, key, values, references)


def _table(given: Mapping[str, Any]) -> Table:
    """Return the table of a line that has only its fields, and those of its key. Raises Refused."""
    table = TABLES.get(str(given.get("table")))
    if table is None:
        names = ", ".join(TABLES)
        raise Refused(_("There is no such table: use one of %(names)s.", names=names), "table")
    for name in given.keys() - {"table", *table.fields}:
        raise Refused(_("There is no such field, or it is not for this file."), name)
    for name in table.keys:
        if given.get(name) in (None, ""):
            raise Refused(_("Fill this in."), name)
    return table


def _clean(table: Table, name: str, value: object) -> object:
    try:
        return table.clean(name, value)
    except ValueError as error:
        raise Refused(str(error), name) from None


def _reference(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or fault(value, lines=False):
        raise Refused(_("Write the external ID of the row as a text."), name)
    return value.strip()


def _hidden(recipient: str) -> str:
    """Return an address or a number masked; one that the product has masked stays so."""
    return masks.email(recipient) if "@" in recipient else masks.phone(recipient)


def _named(given: Mapping[str, Any]) -> tuple[str, Key]:
    """Return the table and the key of a line that was refused, as far as it says them."""
    table = TABLES.get(str(given.get("table")))
    keys = table.keys if table else ()
    return table.name if table else "", tuple(str(given.get(name) or "")[:64] for name in keys)

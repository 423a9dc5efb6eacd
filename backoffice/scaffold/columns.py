"""Read columns as developers type them, and write them as models declare them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from keyword import iskeyword

from flask_babel import gettext as _

from backoffice.models import kinds
from backoffice.models.base import Entity, Record, records
from backoffice.models.kinds.texts import Text

# name, name:kind, name:unique, name:kind:unique; with a question mark behind it if it is optional
SPECIFICATION = re.compile(r"([a-z][a-z0-9_]*)(?::([^:?]+))?(:unique)?(\?)?")
Import = tuple[str, str]  # a module, and a name in it

ORM = "sqlalchemy.orm"
SQL = "sqlalchemy"
FILES = "backoffice.models.files"
COLUMN: Import = ("backoffice.models.columns", "column")
BIG: Import = ("backoffice.models.types", "BigInt")


@dataclass(frozen=True)
class Written:
    """How a kind of column is declared.

    Attributes:
        annotation: the Python type of its values.
        call: what makes the column, with {more} for further arguments.
        imports: what both need, besides `Mapped` and `mapped_column`.
        default: what a column that may not be empty begins with, as an argument.
    """

    annotation: str
    call: str
    imports: tuple[Import, ...] = ()
    default: str = ""


def _text_of(kind: str, length: int) -> Written:
    call = f'column(String({length}), kind="{kind}"{{more}})'
    return Written("str", call, ((SQL, "String"), COLUMN))


KINDS = {
    "text": Written("str", "mapped_column(String(80){more})", ((SQL, "String"),)),
    "long_text": Written("str", "mapped_column(Text{more})", ((SQL, "Text"),)),
    "email": _text_of("email", 254),
    "url": _text_of("url", 300),
    "phone": _text_of("phone", 40),
    "login": _text_of("login", 64),
    "code": _text_of("code", 20),
    "ip": _text_of("ip", 45),
    "network": _text_of("network", 50),
    "country": _text_of("country", 2),
    "language": _text_of("language", 20),
    "currency": _text_of("currency", 3),
    "integer": Written("int", "mapped_column({more})"),
    "float": Written("float", "mapped_column({more})"),
    "decimal": Written(
        "Decimal",
        "mapped_column(Numeric(12, 2){more})",
        ((SQL, "Numeric"), ("decimal", "Decimal")),
    ),
    "money": Written(
        "Decimal",
        'column(Numeric(12, 2), kind="money", currency="EUR"{more})',
        ((SQL, "Numeric"), ("decimal", "Decimal"), COLUMN),
    ),
    "boolean": Written("bool", "mapped_column({more})", default="default=False"),
    "date": Written("date", "mapped_column({more})", (("datetime", "date"),)),
    "time": Written("datetime", "mapped_column({more})", (("datetime", "datetime"),)),
    "time_of_day": Written("time", "mapped_column({more})", (("datetime", "time"),)),
    "json": Written(
        "dict[str, Any]", "mapped_column({more})", (("typing", "Any"),), default="default=dict"
    ),
    "texts": Written("list[str]", "mapped_column({more})", default="default=list"),
    "countries": Written(
        "list[str]", 'column(kind="countries"{more})', (COLUMN,), default="default=list"
    ),
    "uuid": Written("UUID", "mapped_column({more})", (("uuid", "UUID"),)),
    "file": Written("File", "mapped_column({more})", ((FILES, "File"),)),
    "picture": Written("Picture", "mapped_column({more})", ((FILES, "Picture"),)),
}


@dataclass(frozen=True)
class ColumnSpec:
    """A column as a developer typed it.

    Attributes:
        name: the attribute.
        kind: its kind, "choice" or "one" among them.
        choices: the values of a choice.
        target: the model that it is a row of.
        unique, optional: whether it is unique, and whether it may be empty.
    """

    name: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    target: type[Record] | None = None
    unique: bool = False
    optional: bool = False

    @property
    def is_searched(self) -> bool:
        """Whether a search looks into it, and it may name a row."""
        kind = kinds.named(self.kind)
        return isinstance(kind, Text) and kind.searched and not kind.lines

    def imports(self) -> Iterator[Import]:
        """Yield what its declaration needs."""
        yield ORM, "Mapped"
        if self.target is not None:
            yield from ((SQL, "ForeignKey"), (ORM, "mapped_column"), (ORM, "relationship"), BIG)
            yield self.target.__module__, self.target.__name__
        elif self.choices:
            yield from ((SQL, "String"), COLUMN)
        else:
            written = KINDS[self.kind]
            yield from written.imports
            if written.call.startswith("mapped_column") and self.line().find("mapped_column") > 0:
                yield ORM, "mapped_column"

    def line(self) -> str:
        """Return the line of the class that declares it."""
        if self.target is not None:
            return self._key(self.target)
        if self.choices:
            return self._choice()
        written = KINDS[self.kind]
        arguments = ["unique=True"] if self.unique else []
        if written.default and not self.optional:
            arguments.append(written.default)
        more = "".join(f", {argument}" for argument in arguments)
        call = written.call.format(more=more).replace("(, ", "(")
        declared = f"{self.name}: {self._mapped(written.annotation)}"
        return declared if call == "mapped_column()" else f"{declared} = {call}"

    def relation(self) -> str:
        """Return the line of the relation that belongs to a foreign key, or ''."""
        if self.target is None:
            return ""
        mapped = self._mapped(self.target.__name__)
        return f"{self.name}: {mapped} = relationship(foreign_keys=[{self.name}_id])"

    def _mapped(self, annotation: str) -> str:
        return f"Mapped[{annotation} | None]" if self.optional else f"Mapped[{annotation}]"

    def _key(self, target: type[Record]) -> str:
        gone = ', ondelete="SET NULL"' if self.optional else ""
        key = f'ForeignKey("{target.__tablename__}.id"{gone})'
        return f"{self.name}_id: {self._mapped('int')} = mapped_column(BigInt, {key})"

    def _choice(self) -> str:
        values = ", ".join(f'"{value}"' for value in self.choices)
        comma = "," if len(self.choices) == 1 else ""
        length = max(10, *map(len, self.choices))
        default = "" if self.optional else f'default="{self.choices[0]}", '
        return (
            f"{self.name}: {self._mapped('str')} = "
            f"column(String({length}), {default}choices=({values}{comma}))"
        )


def parse(text: str) -> ColumnSpec:
    """Return the column that a text such as `code:unique` or `day:date?` declares.

    Raises ValueError with the sentence for people.
    """
    found = SPECIFICATION.fullmatch(text)
    if found is None:
        sentence = _("Write a column like name, code:unique or day:date?, not %(text)s.", text=text)
        raise ValueError(sentence)
    name, what, unique, optional = found.groups()
    if iskeyword(name) or name in taken():
        raise ValueError(_("A column cannot be called %(name)s.", name=name))
    if what == "unique":
        what, unique = None, what
    meant = _meant(name, what or "text")
    return replace(meant, unique=bool(unique), optional=bool(optional))


def taken() -> set[str]:
    """Return the names that every entity uses already."""
    return {name for name in dir(Entity) if not name.startswith("__")}


def _meant(name: str, what: str) -> ColumnSpec:
    """Return the column whose kind, choices or model the word behind the colon is."""
    if what in KINDS:
        return ColumnSpec(name, what)
    if target := next((each for each in records() if each.__name__ == what), None):
        return ColumnSpec(name, "one", target=target)
    choices = tuple(part.strip() for part in what.split(","))
    if len(choices) > 1 and all(re.fullmatch(r"[\w .-]{1,80}", choice) for choice in choices):
        return ColumnSpec(name, "choice", choices=choices)
    sentence = _(
        "“%(what)s” is no kind, no entity and no list of choices. Kinds are %(kinds)s.",
        what=what,
        kinds=", ".join(sorted(KINDS)),
    )
    raise ValueError(sentence)


def import_lines(imports: Sequence[Import]) -> list[str]:
    """Return the import statements: the standard library, then SQLAlchemy, then ours."""
    by_module: dict[str, set[str]] = {}
    for module, name in imports:
        by_module.setdefault(module, set()).add(name)
    groups: dict[int, list[str]] = {0: [], 1: [], 2: []}
    for module in sorted(by_module):
        names = ", ".join(sorted(by_module[module], key=lambda name: (not name.isupper(), name)))
        groups[_group(module)].append(f"from {module} import {names}")
    parts = [lines for lines in groups.values() if lines]
    return "\n\n".join("\n".join(lines) for lines in parts).splitlines()


def _group(module: str) -> int:
    if module in ("datetime", "decimal", "typing", "uuid"):
        return 0
    return 1 if module.startswith(SQL) else 2

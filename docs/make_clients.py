"""Write the tables of fields of `docs/clients.md` from the models: `python -m docs.make_clients`.

A test compares the page with what this would write.
"""

from collections.abc import Iterator
from pathlib import Path

from backoffice.clients.sync.tables import TABLES, Table, accepted
from backoffice.models.kinds.choices import Babel, Choice
from backoffice.models.kinds.texts import Text, length

PAGE = Path(__file__).parent / "clients.md"
BEGIN, END = "<!-- fields: python -m docs.make_clients -->", "<!-- end of fields -->"
STANDARDS = {
    "country": "a country, ISO 3166-1",
    "language": "a language, ISO 639",
    "currency": "a currency, ISO 4217",
}
FORMATS = {
    "time": "a time, ISO 8601; without a zone it is in UTC",
    "email": "an e-mail address",
    "phone": "a phone number, with country code",
    "url": "an address with http or https",
    "ip": "an Internet address",
    "code": "a code of your own",
}


def main() -> None:
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{text()}{tail}", "utf-8")


def text() -> str:
    """Return what stands between the two marks of the page, with them."""
    tables = "\n".join(line for table in TABLES.values() for line in _described(table))
    return f"{BEGIN}\n{tables}\n{END}"


def _described(table: Table) -> Iterator[str]:
    yield f"\n### `{table.name}`\n"
    yield "| field | needed | value |"
    yield "|---|---|---|"
    for name in (*table.references, *table.columns):
        needed = "yes" if name in table.required else ""
        yield f"| `{name}` | {needed} | {_value(table, name)} |"


def _value(table: Table, name: str) -> str:
    if name in table.references:
        noun = table.references[name].__singular__
        return f"the external ID of a {noun}"
    kind, column = table.described[name]
    if isinstance(kind, Babel):
        return STANDARDS[kind.name]
    if isinstance(kind, Choice):
        return ", ".join(f"`{value}`" for value in kind.values(column))
    _types, called = accepted(kind)
    told = FORMATS.get(kind.name, called)
    limit = f", at most {length(column)} characters" if isinstance(kind, Text) else ""
    return f"{told}{limit}"


if __name__ == "__main__":
    main()

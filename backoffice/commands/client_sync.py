"""Take in clients from the company's own product, and say of each line what became of it."""

import json
from typing import BinaryIO

import click
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.clients import sync as clients_sync
from backoffice.clients.sync_lines import Result
from backoffice.errors import BackofficeError
from backoffice.text.numbers import formatted

OUTCOMES = {
    "created": _l("created"),
    "updated": _l("updated"),
    "unchanged": _l("unchanged"),
    "refused": _l("refused"),
}


@click.argument("file", type=click.File("rb"))
@click.option("--check", is_flag=True, help="Only say what would happen; nothing is kept.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each line.")
def sync(*, file: BinaryIO, check: bool, as_json: bool) -> None:
    """Take in FILE, or - for the input: one JSON object a line (docs/clients.md).

    Lines that are refused are listed, and the others kept. The exit code is 1 if there are any.
    Unchanged lines are only listed with --json.
    """
    report = _print_json if as_json else _print
    try:
        counts = clients_sync.run(file=file, report=report, check=check)
    except BackofficeError as error:
        raise click.ClickException(str(error.message)) from error
    if as_json:
        click.echo(json.dumps({outcome: counts[outcome] for outcome in OUTCOMES}))
    else:
        numbers = (f"{word}: {formatted(counts[name])}" for name, word in OUTCOMES.items())
        click.echo(", ".join(numbers))
        if check:
            click.echo(_("Nothing was kept."))
    if counts["refused"]:
        raise SystemExit(1)


def _print(result: Result) -> None:
    if result.outcome == "unchanged":
        return
    about = " ".join((result.table, *result.key)).strip()
    told = ", ".join(result.fields) if result.outcome == "updated" else ""
    if result.outcome == "refused":
        told = f"{result.field}: {result.reason}" if result.field else result.reason
    line = _(
        "Line %(number)s, %(about)s: %(outcome)s",
        number=result.number,
        about=about or "?",
        outcome=OUTCOMES[result.outcome],
    )
    click.echo(_printable(f"{line} ({told})" if told else line))


def _print_json(result: Result) -> None:
    told = {
        "line": result.number,
        "table": result.table,
        "key": list(result.key),
        "result": result.outcome,
        "fields": list(result.fields),
        "field": result.field,
        "reason": result.reason,
    }
    click.echo(json.dumps(told))


def _printable(text: str) -> str:
    """Return the text without lone surrogates, which no file takes, and without control signs."""
    return "".join(c if c.isprintable() else "�" for c in text)

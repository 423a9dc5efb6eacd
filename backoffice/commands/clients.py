"""Take in clients, and answer whether a token or a password of theirs is right.

Secrets come from the input, where no list of processes shows them. Each answer is a line of JSON.
"""

import json
import sys
from typing import BinaryIO

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.auth.attempts import Origin
from backoffice.clients import passwords, sign_ins, tokens
from backoffice.clients.sync import running
from backoffice.clients.sync.lines import Result
from backoffice.clients.tokens import Answer
from backoffice.errors import BackofficeError, RuleBroken
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.settings import configured
from backoffice.text.numbers import formatted
from backoffice.transactions import begin

LONGEST = 4000  # bytes of a line
FACTORS = {"right": True, "wrong": False}
OUTCOMES = {
    "created": _l("created"),
    "updated": _l("updated"),
    "unchanged": _l("unchanged"),
    "refused": _l("refused"),
}


def add(group: AppGroup) -> None:
    commands = AppGroup("clients", help="Answer about clients, and take them in.")
    commands.command("check-token")(check_token)
    commands.command("choose-password")(choose_password)
    commands.command("check-password")(check_password)
    commands.command("sync")(sync)
    group.add_command(commands)


@click.option("--use", is_flag=True, help="Use it up: it works no second time.")
def check_token(*, use: bool) -> None:
    """Say whether a token of a password link works; it is the first line of the input."""
    (value,) = _lines(1)
    begin(writing=use)
    _say_token(tokens.use_token(value) if use else tokens.check_token(value))
    db.session.commit()


def choose_password() -> None:
    """Use up a token, the first line of the input, and store the password in the second."""
    value, password = _lines(2)
    begin(writing=False)
    try:
        answer = passwords.choose(value, password, configured())
    except RuleBroken as error:
        _say(_refused(error))
        raise SystemExit(1) from error
    except BackofficeError as error:
        raise click.ClickException(str(error.message)) from error
    _say_token(answer)
    db.session.commit()


@click.option("--ip", default="", help="The address from which the client signs in.")
@click.option("--device", default="", help="What the browser or the app calls itself.")
@click.option("--session", default="", help="What your product calls the session.")
@click.option(
    "--second-factor",
    type=click.Choice(FACTORS),
    help="What your product found of the second factor; leave it out before it asks.",
)
@click.option(
    "--change", is_flag=True, help="A third line is the password to have from now on, if it is OK."
)
def check_password(
    *, ip: str, device: str, session: str, second_factor: str | None, change: bool
) -> None:
    """Say whether a client may sign in: e-mail address and password are two lines of the input.

    The attempt is recorded, as OK, failed or blocked.
    """
    email, password, *new = _lines(3 if change else 2)
    begin(writing=False)
    decision = sign_ins.decide(
        email,
        password,
        configured(),
        origin=Origin(ip, device),
        factor_is_right=FACTORS.get(second_factor or ""),
        session=session,
    )
    db.session.commit()
    _say_decided(decision, *new)


def _say_decided(decision: sign_ins.Decision, password: str | None = None) -> None:
    """Tell the decision, and store the password if there is one and the client may sign in."""
    try:
        _say(_decided(decision) | _changed(decision, password))
    except RuleBroken as error:
        _say(_decided(decision) | {"change": _refused(error)})
        raise SystemExit(1) from error
    except BackofficeError as error:
        raise click.ClickException(str(error.message)) from error


def _decided(decision: sign_ins.Decision) -> dict[str, object]:
    answer: dict[str, object] = {"result": decision.result, "reason": decision.reason}
    if decision.result == "ok":
        answer["must_change"] = decision.must_change
    return answer | _told(decision.client)


def _changed(decision: sign_ins.Decision, password: str | None) -> dict[str, bool]:
    """Store the password, as `_say_decided` says; return what differs then.

    Raises RuleBroken if the password is not fit for the client.
    """
    if password is None or decision.client is None or decision.result != "ok":
        return {}
    begin(writing=False)
    is_stored = passwords.change(decision.client, password, configured())
    db.session.commit()
    return {"must_change": not is_stored}


def _refused(error: RuleBroken) -> dict[str, object]:
    """Return why a new password was not taken."""
    return {"state": "refused", "field": error.field, "message": str(error.message)}


def _say_token(answer: Answer) -> None:
    _say({"state": answer.state} | _told(answer.client))


def _say(answer: dict[str, object]) -> None:
    click.echo(json.dumps(answer))


def _told(client: Client | None) -> dict[str, object]:
    """Return by which the product knows the client."""
    if client is None:
        return {}
    return {"client": client.id, "uuid": str(client.uuid), "external_id": client.external_id}


def _lines(number: int) -> list[str]:
    """Return so many lines of the input, without their ends; missing ones are empty.

    They are read before a transaction begins, because whoever gives them may take their time. What
    is no UTF-8 is part of no secret.
    """
    stream = sys.stdin.buffer
    lines = [stream.readline(LONGEST) for _ in range(number)]
    return [line.decode(errors="replace").rstrip("\r\n") for line in lines]


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
        counts = running.run(file=file, report=report, check=check)
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

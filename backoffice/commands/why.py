"""Say at the command line whether a person may do something, and why."""

from collections.abc import Iterator

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from backoffice.actions.engine import why as explained
from backoffice.actions.engine.why import Answer
from backoffice.errors import BackofficeError
from backoffice.policy.actor import system
from backoffice.transactions import begin

NO, WRONG = 1, 2  # exit codes; 0 is yes


class WrongQuestion(click.ClickException):
    """The question makes no sense, so there is neither a yes nor a no."""

    exit_code = WRONG


def add(group: AppGroup) -> None:
    group.command("why")(why)


@click.argument("user")
@click.argument("action")
@click.argument("row", default="")
def why(*, user: str, action: str, row: str) -> None:
    """Say whether USER may do ACTION, such as users.block, to ROW, and why.

    USER is an e-mail address, a login, a number or a name, ROW a number, a key or a name; a part of
    a name is enough if nothing else has it. The exit code is 0 for yes, 1 for no, and 2 if the
    question makes no sense.
    """
    begin(writing=False)
    asker = system()
    try:
        person = explained.person_of(asker=asker, text=user)
        found = explained.row_of(asker=asker, code=action, text=row)
        answer = explained.ask(asker=asker, person=person, code=action, row=found)
    except BackofficeError as error:
        raise WrongQuestion(error.message) from error
    for line in _lines(answer):
        click.echo(line)
    if not answer.allowed:
        raise click.exceptions.Exit(NO)


def _lines(answer: Answer) -> Iterator[str]:
    word = _("Yes") if answer.allowed else _("No")
    yield f"{word}: {answer.sentence}"
    if answer.remedy:
        yield answer.remedy
    for given in answer.path:
        yield f"{given.meaning} ({given.code}): {', '.join(given.sources)}"
    yield from answer.notes

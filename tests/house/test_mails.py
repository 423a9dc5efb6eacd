"""Whoever names a mail names one that is in the table."""

import ast
from collections.abc import Iterator

import pytest

from backoffice.models import mails
from tests.house.source import Module, modules

KEYWORDS = ("mail", "requested_mail")  # of any call
PLACES = {"notify": 1, "prepared": 0}  # of these calls, the argument that names a mail


def names(module: Module) -> Iterator[tuple[int, str]]:
    """Yield every text by which the module names a mail, with its line."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Call():
                yield from _texts(_arguments(node))
            case ast.Compare(left=left, comparators=others):
                if ast.unparse(left) in ("Message.purpose", "message.purpose"):
                    yield from _texts(others)


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    name = ast.unparse(call.func).rpartition(".")[2]
    keywords = ("purpose",) if name == "OutgoingMail" else KEYWORDS
    yield from (each.value for each in call.keywords if each.arg in keywords)
    if name in PLACES:
        yield from call.args[PLACES[name] : PLACES[name] + 1]


def _texts(nodes: Iterator[ast.expr] | list[ast.expr]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def unknown(source: list[Module]) -> list[str]:
    """Return a sentence for every mail that is not in the table."""
    return [
        f"{module.name}:{line} names the mail {name!r}: write mails.<NAME>"
        for module in source
        for line, name in names(module)
        if name not in mails.names()
    ]


def test_mails_are_all_in_the_table() -> None:
    assert unknown(list(modules())) == []


@pytest.mark.parametrize(
    "text",
    [
        'OutgoingMail(purpose="no_such_mail", address="")',
        'outbox.notify(people, "no_such_mail")',
        '@outbox.prepared("no_such_mail")\ndef prepare(): pass',
        'Message.purpose == "no_such_mail"',
        'Kind(mail="no_such_mail")',
    ],
)
def test_mails_that_are_not_would_be_found(text: str) -> None:
    (sentence,) = unknown([Module("example", text)])
    assert sentence.startswith("example:")

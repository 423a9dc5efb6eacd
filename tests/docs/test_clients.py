"""docs/clients.md has the fields that the models have, and an example that is taken."""

import re
from io import BytesIO

from flask import Flask

from backoffice.clients.sync import running
from docs import make_clients

EXAMPLE = re.compile(r"```json\n(.*?)```", re.DOTALL)


def test_fields_are_those_of_the_models() -> None:
    page = make_clients.PAGE.read_text("utf-8")
    assert make_clients.text() in page, "run `python -m docs.make_clients`"


def test_the_example_is_taken_whole(app: Flask) -> None:
    (example,) = EXAMPLE.findall(make_clients.PAGE.read_text("utf-8"))
    counts = running.run(file=BytesIO(example.encode()), report=lambda _result: None)
    assert counts == {"created": len(example.splitlines())}

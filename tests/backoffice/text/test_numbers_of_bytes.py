"""A number of bytes is written in the unit that reads best."""

import pytest
from flask import Flask
from flask_babel import force_locale

from backoffice.text.numbers import memory


@pytest.mark.parametrize(
    "size, words",
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1 KB"),
        (1536, "1.5 KB"),
        (100_000, "98 KB"),
        (10 * 2**20, "10 MB"),
        (3 * 2**20 + 1, "3 MB"),
        (5 * 2**30, "5 GB"),
    ],
)
def test_bytes_are_written_in_the_unit_that_reads_best(size: int, words: str) -> None:
    assert memory(size) == words


def test_bytes_are_written_as_the_language_writes_numbers(app: Flask) -> None:
    with app.test_request_context(), force_locale("de"):
        assert memory(1536) == "1,5 KB"

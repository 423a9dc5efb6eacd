"""The part of an address that says which row it is about: a number, or a token."""

from typing import Any

from flask import Flask
from werkzeug.routing import BaseConverter, ValidationError

from backoffice.models import row_keys
from backoffice.models.row_keys import PATTERN, RowKey

TOKEN = "~"  # how a key begins that is no number


class RowKeyConverter(BaseConverter):
    """Reads the key of a row; whether a row of the screen can have it, the screen says."""

    regex = PATTERN

    def to_python(self, value: str) -> RowKey:
        if value.startswith(TOKEN):
            return value
        number = row_keys.number(value)
        if number is None:
            raise ValidationError
        return number

    def to_url(self, value: Any) -> str:
        return str(value)


def register(app: Flask) -> None:
    """Let the addresses of the app have the part `<row_key:...>`."""
    app.url_map.converters["row_key"] = RowKeyConverter

"""The sheets that come with the product: one for each kind of company that it was made for."""

import json
from dataclasses import dataclass
from pathlib import Path

from flask_babel import lazy_gettext as _l

from backoffice.errors import NotFound

FOLDER = Path(__file__).parent / "shipped"


@dataclass(frozen=True)
class ShippedSheet:
    """A sheet in the folder `shipped`, with a title for people."""

    name: str
    title: str

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.json"

    def read(self) -> bytes:
        """Return the bytes of the sheet."""
        return self.file.read_bytes()

    def keys(self) -> set[str]:
        """Return the keys of its groups."""
        return {group["key"] for group in json.loads(self.read())["groups"]}


SHEETS = (
    ShippedSheet("trading", _l("A trading platform: roles by level of the account")),
    ShippedSheet("field_service", _l("A field-service company: five roles")),
    ShippedSheet("payments", _l("A payment processor: eleven departments")),
    ShippedSheet("hosting", _l("A hosting account: owners and managers")),
)


def named(name: str) -> ShippedSheet:
    """Return the shipped sheet of this name. Raises NotFound."""
    for sheet in SHEETS:
        if sheet.name == name:
            return sheet
    raise NotFound

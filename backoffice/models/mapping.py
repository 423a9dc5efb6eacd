"""What mapping existing tables and mapping queries have in common: names, keys, and faults."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backoffice.models import key_tokens, kinds
from backoffice.models.base import records
from backoffice.models.columns import EXISTING
from backoffice.models.external import Waiting
from backoffice.models.kinds.texts import Text
from backoffice.models.types import TableColumn
from backoffice.places import DeclarationError

LONGEST_AREA = 40  # characters, as events store them
NAMES = ("name", "title", "label")  # of a column that names a row, if there is one


@dataclass
class Faults:
    """What is wrong with the waiting models, each with its place and its cure."""

    sentences: list[str] = field(default_factory=list)

    def add(self, model: Waiting, sentence: str) -> None:
        """Note what is wrong with a model."""
        self.sentences.append(f"{model.place}: {sentence}")

    def refuse(self) -> None:
        """Raise DeclarationError if anything is wrong."""
        if self.sentences:
            raise DeclarationError("\n".join(self.sentences))


def described(column: TableColumn) -> TableColumn:
    """Note that a column is not ours, and hide it if no kind of values fits it."""
    column.info[EXISTING] = True
    try:
        kinds.of(column)
    except DeclarationError:
        column.info["hidden"] = True
    return column


def can_tell_apart(each: Waiting, columns: Sequence[TableColumn], faults: Faults) -> bool:
    """Return whether addresses can hold the values of all these columns."""
    for column in columns:
        if not key_tokens.can_hold(column.type):
            faults.add(each, f"no address can hold the key {column.name}, a {column.type!r}.")
            return False
    return True


def label_of(
    model: Any, named: Mapping[str, TableColumn], key_columns: Sequence[TableColumn]
) -> str:
    """Return the attribute that names a row: a text that every row has, or else its key."""
    if "__label__" in vars(model):
        return str(model.__label__)
    texts = [
        name
        for name, column in named.items()
        if isinstance(kinds.of(column), Text)
        and not (column.nullable or column in key_columns or column.foreign_keys)
    ]
    of_the_key = [name for name, column in named.items() if column in key_columns]
    preferred = [name for name in NAMES if name in texts]
    return [*preferred, *texts, *of_the_key][0]


def area_of(each: Waiting, name: str, faults: Faults) -> str:
    """Return the name in permissions and addresses, which no other model may have."""
    area = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")[:LONGEST_AREA]
    if not area or area in {model.__tablename__ for model in records()}:
        faults.add(each, f"{area!r} is the name of another model: say another one, __area__ = ...")
    return area

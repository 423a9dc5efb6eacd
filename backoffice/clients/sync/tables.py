"""The tables that the company's own product may feed, and the fields of each, from the models."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect

from backoffice.models import fields, kinds
from backoffice.models.base import Entity, Record
from backoffice.models.client import Client
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.kinds import Kind
from backoffice.models.kinds.choices import Boolean
from backoffice.models.kinds.documents import TextLines
from backoffice.models.kinds.files import File
from backoffice.models.kinds.numbers import Number
from backoffice.models.kinds.texts import Text
from backoffice.models.kyc_case import KycCase
from backoffice.models.types import TableColumn
from backoffice.models.wallet import Wallet, WalletMember

EXTERNAL_ID = "external_id"
# What is the back office's own, whatever the product says.
OWN = {"id", "uuid", "kyc_state", "password_state", "version", "created_at", "updated_at"}


@dataclass(frozen=True)
class Table:
    """One table of a file of clients.

    Attributes:
        name: how lines call it.
        keys: the fields by which rows are told apart.
        references: the fields that name another row by its external ID, and the model of that.
        changeable: the fields that a line may change later; None for all. Others are written once.
    """

    name: str
    model: type[Record]
    keys: tuple[str, ...] = (EXTERNAL_ID,)
    references: Mapping[str, type[Any]] = field(default_factory=dict)
    changeable: tuple[str, ...] | None = None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The attributes that lines may give values for, in the order of the model."""
        names = [name for name in _attributes(self.model) if self._is_fed(name)]
        return (*(name for name in self.keys if name == EXTERNAL_ID), *names)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names that a line may have, without `table`."""
        return (*self.columns, *self.references)

    @cached_property
    def foreign_keys(self) -> dict[str, str]:
        """The columns that refer to other rows, by the field that names the row."""
        return {name: f"{name}_id" for name in self.references}

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """The columns that lines write."""
        return (*self.columns, *self.foreign_keys.values())

    @cached_property
    def stored_keys(self) -> tuple[str, ...]:
        """The columns by which rows are told apart."""
        return tuple(self.foreign_keys.get(name, name) for name in self.keys)

    def told(self, column: str) -> str:
        """Return the name of the field that writes a column."""
        name = column.removesuffix("_id")
        return name if self.foreign_keys.get(name) == column else column

    @property
    def is_log(self) -> bool:
        """Whether its rows are no entities, and have neither versions nor events."""
        return not issubclass(self.model, Entity)

    @cached_property
    def required(self) -> frozenset[str]:
        """The fields that a line about a new row has to have."""
        needed = (name for name in self.fields if fields.is_required(self.model, name))
        return frozenset((*self.keys, *needed))

    @cached_property
    def described(self) -> dict[str, tuple[Kind, TableColumn]]:
        """The kind of the values of each column, and the table's column."""
        text = kinds.named("text")
        return {
            name: (fields.kind(self.model, name) or text, fields.column(self.model, name))
            for name in self.columns
        }

    def clean(self, name: str, value: object) -> object:
        """Return the value as the column stores it. Raises ValueError with a sentence."""
        kind, column = self.described[name]
        if value is None and isinstance(kind, Text) and not column.nullable:
            value = ""
        if value is not None:
            _require_type(kind, value)
            take: Callable[..., object] = kind.parse if isinstance(value, str) else kind.clean
            value = take(column, value)
        if value in (None, "") and column.nullable:
            return None
        if value is None or (value == "" and name in self.required):
            raise ValueError(_("Fill this in."))
        return value

    def _is_fed(self, name: str) -> bool:
        is_file = isinstance(fields.kind(self.model, name), File)
        return name not in OWN and name != EXTERNAL_ID and not is_file


def _attributes(model: type[Record]) -> tuple[str, ...]:
    return tuple(name for name in fields.visible(model) if name in inspect(model).column_attrs)


def accepted(kind: Kind) -> tuple[tuple[type, ...], str]:
    """Return the types that JSON has for values of the kind, and what documents call them."""
    if isinstance(kind, Boolean):
        return (bool,), "true or false"
    if isinstance(kind, Number):
        return (int, Decimal, str), "number"
    if isinstance(kind, TextLines):
        return (list,), "list of texts"
    return (str,), "text"


def _require_type(kind: Kind, value: object) -> None:
    """Raise ValueError unless JSON's type of the value is one of the kind's."""
    types, _name = accepted(kind)
    is_odd = isinstance(value, bool) and bool not in types
    if isinstance(value, list):
        is_odd = not all(isinstance(each, str) for each in value)
    if isinstance(value, types) and not is_odd:
        return
    if bool in types:
        raise ValueError(_("Write true or false."))
    if list in types:
        raise ValueError(_("Write a list of texts."))
    raise ValueError(_("Write a number.") if int in types else _("Write a text."))


# In the order in which the lines of a batch are written: what is referred to comes first.
TABLES = {
    table.name: table
    for table in (
        Table("company", Company),
        Table("client", Client, references={"company": Company}),
        Table("wallet", Wallet, references={"client": Client}),
        Table(
            "wallet_member",
            WalletMember,
            keys=("wallet", "client"),
            references={"wallet": Wallet, "client": Client},
        ),
        Table("kyc_case", KycCase, references={"client": Client}),
        Table("sign_in", ClientSignIn, references={"client": Client}, changeable=()),
        Table("token", ClientToken, references={"client": Client}, changeable=("state",)),
    )
}

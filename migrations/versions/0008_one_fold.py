"""Names, addresses and phone numbers are compared by keys that one fold makes, byte by byte on both engines."""

import logging
import unicodedata

import sqlalchemy as sa
from alembic import op

from backoffice import schema
from backoffice.models.keys import Key
from backoffice.models.refolding import refold
from backoffice.text import address_key, fold, login_key, phones
from backoffice.text.looks import skeleton

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

log = logging.getLogger("alembic.runtime.migration")
LENGTHS = {
    ("users", "search_key"): 700, ("users", "email_key"): 254, ("users", "login_key"): 64,
    ("groups", "search_key"): 700, ("groups", "name_key"): 80,
    ("client_tags", "search_key"): 700, ("client_tags", "name_key"): 60,
}  # fmt: skip
SKELETONS = (("users", "login_skeleton"), ("groups", "name_skeleton"), ("client_tags", "name_skeleton"))


def upgrade() -> None:
    schema.forget_search(op.get_bind(), "users")
    _collate("C")
    # Not in a batch, which would copy the tables of SQLite without what was made there by hand.
    op.add_column("users", sa.Column("phone_key", _text(32), server_default="", nullable=False))
    op.add_column("groups", sa.Column("description_key", _text(300), server_default="", nullable=False))
    for table, column in SKELETONS:
        op.add_column(table, sa.Column(column, _text(200), nullable=True))
        op.create_index(f"ix_{table}_{column}", table, [column], unique=True)
    name = (Key("name", "name_key", fold, unique=True), Key("name", "name_skeleton", skeleton, None, unique=True))
    _refold("users", ("first_name", "last_name", "email", "login", "phone"), _found, [
        Key("email", "email_key", address_key, None, unique=True),
        Key("login", "login_key", login_key, None, unique=True),
        Key("login", "login_skeleton", skeleton, None, unique=True),
        Key("phone", "phone_key", phones.digits, "", 32),
    ])  # fmt: skip
    _refold("groups", ("name", "description"), _found, [*name, Key("description", "description_key", fold, "", 300)])
    _refold("client_tags", ("name",), _found, name)


def downgrade() -> None:
    schema.forget_search(op.get_bind(), "users")
    _refold("users", ("first_name", "last_name", "email", "login"), _found_before, [
        Key("email", "email_key", _address_before, None, unique=True),
        Key("login", "login_key", _address_before, None, unique=True),
    ])  # fmt: skip
    for table, searched in (("groups", ("name", "description")), ("client_tags", ("name",))):
        _refold(table, searched, _found_before, [Key("name", "name_key", _name_before, unique=True)])
    for table, column in SKELETONS:
        op.drop_index(f"ix_{table}_{column}", table)
        op.drop_column(table, column)
    op.drop_column("groups", "description_key")
    op.drop_column("users", "phone_key")
    _collate("default")


def _text(length):
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _collate(collation):
    """SQLite compares bytes as it is."""
    if op.get_bind().dialect.name == "postgresql":
        for (table, column), length in LENGTHS.items():
            op.execute(f'ALTER TABLE {table} ALTER {column} TYPE varchar({length}) COLLATE "{collation}"')


def _refold(name, searched, search, keys):
    """Two that are alike by now, though they were not before, stay as they are; whoever migrates is told."""
    columns = dict.fromkeys(["id", "search_key", *searched, *(key.name for key in keys), *(key.key for key in keys)])
    table = sa.table(name, *map(sa.column, columns))
    for line in refold(op.get_bind(), table, keys, lambda row: search({n: row[n] or "" for n in searched})):
        log.warning("alike, and left as it was: %s", line)


def _found(values):
    made = {"email": address_key, "phone": phones.digits}
    return fold(" ".join(made.get(name, str)(text) for name, text in values.items()))[:700]


def _found_before(values):
    plain = _normalised("NFKD", _normalised("NFKD", " ".join(filter(None, values.values()))).casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())[:700]


def _address_before(text):
    return _normalised("NFKC", _normalised("NFKC", text).casefold()).strip()


def _name_before(text):
    return " ".join(_address_before(text).split())


def _normalised(form, text):
    return unicodedata.normalize(form, text[:2000])

"""How Alembic reaches the application's database, in one transaction for the whole upgrade."""

import warnings
from typing import Any

from alembic import context
from flask import current_app

from backoffice.models.base import UTCDateTime
from backoffice.queueing import PREFIX

# Made by hand in a migration, because models cannot say them: expressions, and what one engine alone has.
BY_HAND = ("ix_users_last_login", "ix_users_search_key_trigram")
SEARCH = "_search"  # the tables of models/search.py end so, and in SQLite those that FTS5 makes go on
database = current_app.extensions["migrate"].db


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations outlive the code: they name SQL's own types, not ours."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave alone what only migrations know, and the tables that the queue of jobs makes for itself."""
    if kind == "table":
        return not (str(name).startswith(f"{PREFIX}_") or SEARCH in str(name))
    return not (kind == "index" and name in BY_HAND)


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """No file is written where nothing changed."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives.clear()


# SQLite copies a table to change it, and looks at those it points at: their hand-made indexes are not touched.
warnings.filterwarnings("ignore", message="Skipped unsupported reflection")

with database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_item=render_item,
        include_name=include_name,
        render_as_batch=True,
        process_revision_directives=skip_empty,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

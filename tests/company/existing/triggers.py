"""Triggers on the customers of the ERP, for the walks that `test_existing_tables.py` runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.company.existing import rows

SQLITE = 'CREATE TRIGGER of_erp {when} ON "KUNDEN" BEGIN {body} END'
FUNCTION = """
CREATE FUNCTION of_erp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$
"""
CALLED = 'CREATE TRIGGER of_erp {when} ON "KUNDEN" FOR EACH ROW EXECUTE FUNCTION of_erp()'


@contextmanager
def trigger(engine: str, *, sqlite: tuple[str, str], postgresql: tuple[str, str]) -> Iterator[None]:
    """Have a trigger within the block; of each engine, when it fires and what it does."""
    if engine == "sqlite":
        when, body = sqlite
        rows.sql(SQLITE.format(when=when, body=body))
    else:
        when, body = postgresql
        rows.sql(FUNCTION.format(body=body))
        rows.sql(CALLED.format(when=when))
    try:
        yield
    finally:
        if engine == "sqlite":
            rows.sql("DROP TRIGGER of_erp")
        else:
            rows.sql("DROP FUNCTION of_erp CASCADE")


@contextmanager
def ignoring(engine: str, change: str) -> Iterator[None]:
    """Have the database leave rows as they are, without an error."""
    ignored = f"BEFORE {change}"
    silent = (ignored, "SELECT RAISE(IGNORE);"), (ignored, "RETURN NULL;")
    with trigger(engine, sqlite=silent[0], postgresql=silent[1]):
        yield

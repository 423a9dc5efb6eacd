"""The search index: which rows hold a piece of text, without reading the table, on both engines.

Beside a table with `__grams__` stands another one, `<table>_search`, which knows the runs of three characters in
every row's texts; each word is preceded by two blanks, so that one or two letters are runs as well, if a word
begins with them. Triggers keep it. In PostgreSQL it is a column of arrays with a GIN index, in SQLite FTS5.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, column, literal, select, table, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from backoffice.models.base import Record

RUN = 3  # characters, as FTS5's tokenizer has it
BETWEEN = "\x1f"  # which no cleaned text holds
HIGHEST = 0x10FFFF  # no character comes after it


class Condition(GenericFunction[bool]):
    """A function that is a condition as it stands: SQLite would be told to compare it with 1, and use no index."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        return self


class holds(Condition):  # noqa: N801  # SQLAlchemy knows functions by lower-case names
    """In SQL: an entry of the index holds every one of the runs, which come as one text."""

    inherit_cache = True


@compiles(holds)
def _arrays(element: Any, compiler: Any, **kwargs: Any) -> str:
    entry, runs = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"{entry} @> string_to_array({runs}, chr({ord(BETWEEN)}))"


@compiles(holds, "sqlite")
def _full_text(element: Any, compiler: Any, **kwargs: Any) -> str:
    """Of the table, whose only column is the runs: without places of words FTS5 cannot be asked about a column."""
    entry, runs = element.clauses
    runs = compiler.process(runs, **kwargs)
    quoted = f"replace(replace({runs}, '\"', '\"\"'), char({ord(BETWEEN)}), '\" \"')"
    return f"{entry.table.name} MATCH ('\"' || {quoted} || '\"')"


class begins(Condition):  # noqa: N801  # as above
    """In SQL: a text begins with another one; said to each engine as its indexes understand it."""

    inherit_cache = True


@compiles(begins)
def _pattern(element: Any, compiler: Any, **kwargs: Any) -> str:
    texts, beginning = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"{texts} ^@ {beginning}"


@compiles(begins, "sqlite")
def _binary(element: Any, compiler: Any, **kwargs: Any) -> str:
    texts, beginning = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"({texts} >= {beginning} AND {texts} < ({beginning} || char({HIGHEST})))"


def grams(text: str) -> list[str]:
    """The runs that every row has in which the folded `text` occurs; shorter ones only where a word begins.

    >>> grams("anna"), grams("an"), grams("a")
    (['ann', 'nna'], [' an'], ['  a'])
    """
    padded = text.replace(" ", "  ") if len(text) >= RUN else text and text.rjust(RUN)
    return list(dict.fromkeys(padded[i : i + RUN] for i in range(len(padded) - RUN + 1)))


def occurs(texts: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """In SQL: `text` occurs in the folded texts; one or two letters only where a word begins."""
    if len(text) < RUN:
        return (" " + texts).contains(" " + text, autoescape=True) if text else texts.contains("")
    return texts.contains(text, autoescape=True)


def indexed(model: type[Record], name: str) -> bool:
    """Whether the index of `model` holds the texts of the column called `name`."""
    within = (*model.__grams__, *(model.__search__ if "search_key" in model.__grams__ else ()))
    return name in within


def candidates(
    model: type[Record], texts: Iterable[str], *others: int
) -> ColumnElement[bool] | None:
    """In SQL: the rows that the index finds for all the folded texts, and the rows with the ids `others`.

    More than those in which they occur, so that `occurs` has to be asked as well. None where it cannot help.
    """
    runs = BETWEEN.join(dict.fromkeys(run for text in texts for run in grams(text)))
    if not (model.__grams__ and runs):
        return None
    entries = table(f"{model.__tablename__}_search", column("rowid"), column("grams"))
    found: Select[Any] = select(entries.c.rowid).where(holds(entries.c.grams, runs))
    if not others:
        return model.id.in_(found)
    return model.id.in_(union_all(found, *(select(literal(row_id)) for row_id in others)))

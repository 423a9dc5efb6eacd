"""The search index: finds the rows that contain a piece of text without reading the table.

For each model with `__trigrams__` there is a table `<table>_search`, which triggers keep up to
date. It has the runs of three characters in the texts of every row. Two blanks precede each word,
so one or two letters at the beginning of a word are a run as well. In PostgreSQL it has a column of
arrays with a GIN index, in SQLite it is an FTS5 table.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, column, literal, select, table, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.sql.operators import OperatorType

from backoffice.models.base import Record

RUN = 3  # characters, like FTS5's trigram tokenizer
BETWEEN = "\x1f"  # separates runs; no text that is searched for contains it
HIGHEST = 0x10FFFF  # the last code point


class Condition(GenericFunction[bool]):
    """A function that is used as a condition as it is.

    Otherwise SQLAlchemy would compare it with 1 on SQLite, which then would use no index.
    """

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> "Condition":
        return self


class contains(Condition):  # noqa: N801  # SQLAlchemy knows functions by lower-case names
    """Whether an entry of the index contains all runs, which are given as one text."""

    inherit_cache = True


@compiles(contains)
def _arrays(element: contains, compiler: SQLCompiler, **kwargs: object) -> str:
    entry, runs = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"{entry} @> string_to_array({runs}, chr({ord(BETWEEN)}))"


@compiles(contains, "sqlite")
def _full_text(element: contains, compiler: SQLCompiler, **kwargs: object) -> str:
    """Return the condition on the whole FTS5 table, whose only column has the runs.

    FTS5 cannot match a single column if it stores no positions of words.
    """
    entry, given = element.clauses
    runs = compiler.process(given, **kwargs)
    quoted = f"replace(replace({runs}, '\"', '\"\"'), char({ord(BETWEEN)}), '\" \"')"
    return f"{entry.table.name} MATCH ('\"' || {quoted} || '\"')"


class begins(Condition):  # noqa: N801  # as above
    """Whether a text begins with another one, in a form that the engine's indexes can serve."""

    inherit_cache = True


@compiles(begins)
def _pattern(element: begins, compiler: SQLCompiler, **kwargs: object) -> str:
    texts, beginning = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"{texts} ^@ {beginning}"


@compiles(begins, "sqlite")
def _binary(element: begins, compiler: SQLCompiler, **kwargs: object) -> str:
    texts, beginning = (compiler.process(part, **kwargs) for part in element.clauses)
    return f"({texts} >= {beginning} AND {texts} < ({beginning} || char({HIGHEST})))"


def trigrams(text: str) -> list[str]:
    """Return the runs of every row that contains the folded `text`.

    One or two letters are found only at the beginning of a word.

    >>> trigrams("anna"), trigrams("an"), trigrams("a")
    (['ann', 'nna'], [' an'], ['  a'])
    """
    if not text:
        return []
    padded = text.replace(" ", "  ") if len(text) >= RUN else text.rjust(RUN)
    starts = range(len(padded) - RUN + 1)
    runs = (padded[start : start + RUN] for start in starts)
    return list(dict.fromkeys(runs))


def occurs(texts: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """SQL: whether the folded texts contain `text`.

    One or two letters are found only at the beginning of a word.
    """
    if not text:
        return texts.contains("")
    if len(text) < RUN:
        return (" " + texts).contains(" " + text, autoescape=True)
    return texts.contains(text, autoescape=True)


def indexed(model: type[Record], name: str) -> bool:
    """Return whether the index of `model` contains the texts of the column called `name`."""
    if name in model.__trigrams__:
        return True
    return "search_key" in model.__trigrams__ and name in model.__search__


def candidates(
    model: type[Record], texts: Iterable[str], *others: int
) -> ColumnElement[bool] | None:
    """SQL: whether the row is one that the index finds for all the folded texts.

    The rows with the ids `others` are included. Some rows do not contain the texts, so `occurs` is
    needed as well. Returns None if the index cannot help.
    """
    runs = dict.fromkeys(run for text in texts for run in trigrams(text))
    if not model.__trigrams__ or not runs:
        return None
    entries = table(f"{model.__tablename__}_search", column("rowid"), column("grams"))
    matches = contains(entries.c.grams, BETWEEN.join(runs))
    ids: Select[Any] = select(entries.c.rowid).where(matches)
    if not others:
        return model.id.in_(ids)
    other_ids = [select(literal(row_id)) for row_id in others]
    return model.id.in_(union_all(ids, *other_ids))

"""What the page of a run shows; it computes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ResultRow:
    """A row of a run, with what became of it; `message` says why nothing was done."""

    href: str
    number: str
    label: str
    outcome: str
    outcome_label: str
    message: str


@dataclass(frozen=True)
class ResultCount:
    """A link to the rows of one outcome, or to all of them, with their number in words."""

    label: str
    count: str
    current: bool
    href: str


@dataclass(frozen=True)
class Undo:
    """About undoing a run.

    Attributes:
        url: where it is undone; None if it cannot be, or not by this person.
        note: what that cannot bring back.
        refused: why this person cannot, although others can.
        undone: how much of it was undone since, in a sentence.
        undos: the runs that did so.
        undo_of: the run that this one undid, if it is an undo itself.
    """

    url: str | None
    note: Sequence[str]
    refused: str
    undone: str
    undos: list[str]
    undo_of: str | None


@dataclass(frozen=True)
class ResultPage:
    """What a run did.

    Attributes:
        title: what was done to how many rows.
        actor, at: who did it and when.
        summary: what became of the rows, in sentences.
        reason: why it was done.
        parameters: what was chosen, as labels and names.
        undo: about undoing it.
        counts: links to the rows by their outcomes.
        rows: those of one outcome, or of all.
        next_href: the rows after these; None if these are the last.
        download_href: all rows as a file.
        back_href: the list.
    """

    title: str
    actor: str
    at: datetime
    summary: list[str]
    reason: str
    parameters: list[tuple[str, str]]
    undo: Undo
    counts: list[ResultCount]
    rows: list[ResultRow]
    next_href: str | None
    download_href: str
    back_href: str

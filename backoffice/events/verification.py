"""Check the events log: recompute its chain, and say which event or comment does not fit."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from sqlalchemy import ColumnElement, select

from backoffice.events import anchors, seals
from backoffice.events.anchors import Anchor
from backoffice.events.hashing import hashed
from backoffice.events.log import BATCH, CHAINED, DETAILS, GENESIS, KEY, NODE, covered
from backoffice.events.seals import Seal
from backoffice.extensions import db
from backoffice.models import personal
from backoffice.models.base import Record, records
from backoffice.models.client import Client
from backoffice.models.event import Event
from backoffice.models.event_comment import EventComment
from backoffice.models.kyc_case import KycCase
from backoffice.models.user import User
from backoffice.policy.permissions import area_of
from backoffice.text import N_, refilled

# Of those whose rows stay, in SQL, whether they were erased.
ERASED: Mapping[type[Record], ColumnElement[bool]] = {
    User: User.status == "deleted",
    Client: Client.status == "deleted",
    KycCase: KycCase.client_id.in_(select(Client.id).where(Client.status == "deleted")),
}
MOST_FAULTS = 100  # that are told; the others are only counted
# Stored like this with the result of a check, and translated when it is shown.
MISSING = N_("Event %(id)s is missing.")
MISSING_SEVERAL = N_("Events %(first)s to %(last)s are missing.")
MISPLACED = N_("Event %(id)s does not continue the event before it.")
CHANGED = N_("Event %(id)s was changed.")
DETAILS_CHANGED = N_("The details of event %(id)s were changed.")
DETAILS_EMPTIED = N_(
    "The details of event %(id)s were emptied, but what it is about was not erased."
)
NOT_ANCHORED = N_("Event %(id)s is not the one that was anchored.")
CUT_OFF = N_(
    "The log ends with event %(last)s, but event %(anchored)s was anchored: the end was cut off."
)
COMMENT_MISSING = N_("Comment %(number)s on event %(id)s is missing.")
COMMENT_ADDED = N_("No event tells of comment %(number)s on event %(id)s.")
COMMENT_CHANGED = N_("Comment %(number)s on event %(id)s was changed.")
COMMENT_EMPTIED = N_(
    "Comment %(number)s on event %(id)s was emptied, but what the event is about was not erased."
)
FAULTS = (
    *(MISSING, MISSING_SEVERAL, MISPLACED, CHANGED, DETAILS_CHANGED, DETAILS_EMPTIED),
    *(NOT_ANCHORED, anchors.ILLEGIBLE, CUT_OFF),
    *(COMMENT_MISSING, COMMENT_ADDED, COMMENT_CHANGED, COMMENT_EMPTIED),
)

Subject = tuple[str, int | None]  # the area and the id of the row that an event is about
BEGINNING = Anchor(0, GENESIS)  # before the first event


@dataclass
class Report:
    """What a check of the log found.

    Attributes:
        newest: the newest event that was checked, and its hash.
        first_faults: one sentence for each of the first faults, none if everything fits.
        faults: how many there are.
    """

    newest: Anchor = BEGINNING
    first_faults: list[str] = field(default_factory=list)
    faults: int = 0


def verify(known: Collection[Anchor] = ()) -> list[str]:
    """Check the log; return one sentence for each of the first faults, none if all fits."""
    return examine(known).first_faults


def told(fault: str) -> str:
    """Return the sentence about a fault in the language of its reader."""
    return refilled(fault, FAULTS)


def examine(known: Collection[Anchor] = ()) -> Report:
    """Recompute the whole chain, with the comments, and compare it with the known anchors.

    The caller's transaction has to be a snapshot: otherwise a comment that is written meanwhile
    looks like a fault.
    """
    report = Report()
    faults = chain(_faults_of_events(report, known), _faults_of_comments())
    report.first_faults += islice(faults, MOST_FAULTS)
    report.faults = len(report.first_faults) + sum(1 for _fault in faults)
    return report


def _faults_of_events(report: Report, known: Collection[Anchor]) -> Iterator[str]:
    """Yield the faults of the chain in the order of events, and note the newest event."""
    anchored = _hashes(known)
    # Rows, because objects take half as long again.
    statement = select(*Event.__table__.columns).order_by(Event.id)
    found = db.session.execute(statement.execution_options(yield_per=BATCH))
    for batch in found.partitions():
        erased = _erased_subjects(batch)
        for event in batch:
            yield from _chain_faults(event, report.newest)
            yield from _detail_faults(event, erased)
            if anchored.get(event.id, {event.hash}) != {event.hash}:
                yield NOT_ANCHORED % {"id": event.id}
            report.newest = Anchor(event.id, event.hash)
    yield from _cut_off(report.newest.number, max(anchored, default=0))


def _hashes(known: Collection[Anchor]) -> dict[int, set[str]]:
    """Return the hashes that anchors know of each event, by its number."""
    hashes: dict[int, set[str]] = {}
    for anchor in known:
        hashes.setdefault(anchor.number, set()).add(anchor.hash)
    return hashes


def _cut_off(last: int, anchored: int) -> Iterator[str]:
    """Yield the fault of a log that ends before the event that was anchored last."""
    if last < anchored:
        yield CUT_OFF % {"last": last, "anchored": anchored}


def _chain_faults(event: Any, previous: Anchor) -> Iterator[str]:
    """Yield what is wrong with the place of the event in the chain."""
    first, last = previous.number + 1, event.id - 1
    if first == last:
        yield MISSING % {"id": first}
    elif first < last:
        yield MISSING_SEVERAL % {"first": first, "last": last}
    if event.previous_hash != previous.hash:
        yield MISPLACED % {"id": event.id}
    if event.hash != hashed(
        covered({name: getattr(event, name) for name in (*CHAINED, KEY, NODE)})
    ):
        yield CHANGED % {"id": event.id}


def _detail_faults(event: Any, erased: Collection[Subject]) -> Iterator[str]:
    """Yield what is wrong with the details of the event, which may be redacted."""
    details = [getattr(event, name) for name in DETAILS]
    if event.redacted_at is None:
        if event.details_hash != hashed(details):
            yield DETAILS_CHANGED % {"id": event.id}
    elif any(details) or (event.subject_type, event.subject_id) not in erased:
        yield DETAILS_EMPTIED % {"id": event.id}


def _erased_subjects(events: Sequence[Any]) -> set[Subject]:
    """Return what the redacted ones of the events are about, as far as it was erased."""
    redacted: dict[str, set[int | None]] = {}
    for event in events:
        if event.redacted_at is not None:
            redacted.setdefault(event.subject_type, set()).add(event.subject_id)
    return {(area, row_id) for area, ids in redacted.items() for row_id in _erased(area, ids)}


def _erased(area: str, ids: set[int | None]) -> set[int | None]:
    """Return those of the rows that were erased, or went with a person and exist no longer."""
    model = next((model for model in records() if area_of(model) == area), None)
    if model is None:
        return set()
    if model in ERASED:
        return set(db.session.scalars(select(model.id).where(model.id.in_(ids), ERASED[model])))
    if not personal.belongs(model):
        return set()
    return ids.difference(db.session.scalars(select(model.id).where(model.id.in_(ids))))


def _faults_of_comments() -> Iterator[str]:
    """Yield what is wrong with the comments, by what the events about them say."""
    sealed = seals.latest()
    every_comment = select(EventComment).order_by(EventComment.id)
    found = db.session.scalars(every_comment.execution_options(yield_per=BATCH))
    for batch in found.partitions():
        redacted = _redacted_events(batch)
        for comment in batch:
            seal = sealed.pop(comment.id, None)
            yield from _comment_faults(comment, seal, redacted)
    for number, seal in sealed.items():
        yield COMMENT_MISSING % {"number": number, "id": seal.event_id}


def _redacted_events(comments: Sequence[EventComment]) -> set[int]:
    """Return the ids of the events that are redacted, as the comments on them are."""
    ids = [comment.event_id for comment in comments if comment.redacted_at is not None]
    redacted = select(Event.id).where(Event.id.in_(ids), Event.redacted_at.is_not(None))
    return set(db.session.scalars(redacted)) if ids else set()


def _comment_faults(
    comment: EventComment, seal: Seal | None, redacted: Collection[int]
) -> Iterator[str]:
    where = {"number": comment.id, "id": comment.event_id}
    if seal is None:
        yield COMMENT_ADDED % where
    elif not seals.is_sealed(comment, seal):
        yield COMMENT_CHANGED % where
    elif comment.redacted_at is not None and not _is_rightly_empty(comment, redacted):
        yield COMMENT_EMPTIED % where


def _is_rightly_empty(comment: EventComment, redacted: Collection[int]) -> bool:
    """Whether nothing is left of a comment on an event about somebody who was erased."""
    return not comment.text and not comment.salt and comment.event_id in redacted

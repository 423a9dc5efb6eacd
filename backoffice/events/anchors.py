"""Anchors: the number and hash of the newest event, kept outside the table of events.

The chain alone does not tell that its end was cut off, or that all of it was computed anew. A file,
a log or a mailbox that knows how far it went, and with which hash, does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.event_check import EventCheck
from backoffice.settings import Settings
from backoffice.text import N_

LOG, FILE, MAIL = "log", "file", "mail"
WRITTEN = re.compile(r"([1-9][0-9]{0,18}):([0-9a-f]{64})")
LONGEST_LINE = 200  # characters
ILLEGIBLE = N_("The file of anchors %(path)s has a line that is no anchor.")  # stored like this
OWN = 100  # checks of the past that serve as anchors too


@dataclass(frozen=True)
class Anchor:
    """How far the log went at some time: the number of its newest event, and that one's hash."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def parsed(text: str) -> Anchor:
    """Return the anchor that was written as `NUMBER:HASH`. Raises ValueError."""
    found = WRITTEN.fullmatch(text.strip())
    if not found:
        raise ValueError(_("An anchor is a number, a colon and 64 hexadecimal digits."))
    return Anchor(int(found[1]), found[2])


def newest() -> Anchor | None:
    """Return the newest event as an anchor, or None if there is no event yet."""
    statement = select(Event.id, Event.hash).order_by(Event.id.desc()).limit(1)
    row = db.session.execute(statement).first()
    return Anchor(*row) if row else None


def targets(settings: Settings, kind: str) -> Iterator[str]:
    """Yield where anchors of this kind go, such as the path of a file; '' for the log."""
    for place in settings.events_anchor:
        name, _colon, target = place.partition(":")
        if name == kind:
            yield target


def append(path: Path, anchor: Anchor) -> None:
    """Add the anchor to a file, on a line of its own after the time. Raises OSError."""
    with path.open("a", encoding="ascii") as file:
        file.write(f"{clock.now():%Y-%m-%dT%H:%M:%SZ} {anchor}\n")


def kept(settings: Settings) -> tuple[list[Anchor], list[str]]:
    """Return the anchors that this machine knows, and a sentence for each that cannot be read.

    They are those of files, and the results of former checks.
    """
    anchors = _of_checks()
    faults = []
    for target in targets(settings, FILE):
        for line in _lines(Path(target)):
            try:
                anchors.append(parsed(line.rpartition(" ")[2]))
            except ValueError:
                faults.append(ILLEGIBLE % {"path": target})
    return anchors, faults


def _of_checks() -> list[Anchor]:
    """Return the newest events of former checks that found no fault."""
    statement = (
        select(EventCheck.newest_id, EventCheck.newest_hash)
        .where(EventCheck.faults == 0, EventCheck.newest_id > 0)
        .order_by(EventCheck.id.desc())
        .limit(OWN)
    )
    return [Anchor(*row) for row in db.session.execute(statement)]


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file of anchors; before the first anchor there is none.

    What cannot be read counts as a line that is no anchor.
    """
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            while line := file.readline(LONGEST_LINE):
                yield line.strip()
    except FileNotFoundError:
        return
    except OSError as error:
        yield type(error).__name__

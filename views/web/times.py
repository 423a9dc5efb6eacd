"""Times as people say them, with the exact one on hover: by the reader's clock, and in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import ngettext as _n
from markupsafe import Markup

from backoffice import clock
from views.web.reader import zone

STEPS = ((60, 1, "second"), (3600, 60, "minute"), (86400, 3600, "hour"), (30 * 86400, 86400, "day"))
SAID: dict[tuple[str, bool], Callable[[int], str]] = {
    ("minute", True): lambda n: _n("%(num)d minute ago", "%(num)d minutes ago", n),
    ("hour", True): lambda n: _n("%(num)d hour ago", "%(num)d hours ago", n),
    ("day", True): lambda n: _n("%(num)d day ago", "%(num)d days ago", n),
    ("minute", False): lambda n: _n("in %(num)d minute", "in %(num)d minutes", n),
    ("hour", False): lambda n: _n("in %(num)d hour", "in %(num)d hours", n),
    ("day", False): lambda n: _n("in %(num)d day", "in %(num)d days", n),
}


def ago(moment: datetime | None) -> Markup:
    """A time as people say it, with the exact one on hover."""
    if moment is None:
        return Markup('<span class="muted">–</span>')
    seconds = (clock.now() - moment).total_seconds()
    step = next(((size, word) for limit, size, word in STEPS if abs(seconds) < limit), None)
    language, place = _reader()
    said = step and _said(int(abs(seconds) // step[0]), step[1], seconds > 0, language)
    utc = moment.isoformat(" ")[:19]  # always UTC; strftime takes five times as long
    local = moment.astimezone(place)
    # All texts are ours, digits and letters: escaping each of hundreds of cells would be half the page's time.
    # A date is its own `datetime`; other words need one, which times.js reads as well.
    machine = f' datetime="{utc.replace(" ", "T")}Z"' if said else ""
    text = f'<time{machine} title="{_exact(local, utc)}">{said or local.isoformat()[:10]}</time>'
    return Markup(text)  # noqa: S704  # see above


def exact(moment: datetime) -> str:
    """The time by the reader's clock, with UTC beside it unless that is the same."""
    return _exact(moment.astimezone(_reader()[1]), moment.astimezone(UTC).isoformat(" ")[:19])


def _reader() -> tuple[str, tzinfo]:
    """Language and clock of the reader, found out once for all times of a page."""
    if "reader" not in g:
        g.reader = str(get_locale()), zone()
    found: tuple[str, tzinfo] = g.reader
    return found


def _exact(local: datetime, utc: str) -> str:
    """`2026-11-21 22:43 CET · 21:43 UTC`; the date of UTC too where it is another one."""
    if local.tzinfo is UTC:
        return f"{utc} UTC"
    said = local.isoformat(" ")
    there = utc[11:16] if said[:10] == utc[:10] else utc[:16]
    return f"{said[:16]} {local.tzname()} · {there} UTC"


@lru_cache(maxsize=4096)
def _said(number: int, word: str, past: bool, _language: str) -> str:
    """In the reader's language, by whose name it is kept: a page has hundreds of times."""
    return _("just now") if word == "second" else SAID[word, past](number)

"""Write times as people say them, with the exact time on hover, in the reader's zone and in UTC."""

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

# Up to how many seconds a unit is used, how many seconds it has, and its name.
STEPS = ((60, 1, "second"), (3600, 60, "minute"), (86400, 3600, "hour"), (30 * 86400, 86400, "day"))
# By the name of the unit, and by whether the time is past.
SAID: dict[tuple[str, bool], Callable[[int], str]] = {
    ("minute", True): lambda n: _n("%(num)d minute ago", "%(num)d minutes ago", n),
    ("hour", True): lambda n: _n("%(num)d hour ago", "%(num)d hours ago", n),
    ("day", True): lambda n: _n("%(num)d day ago", "%(num)d days ago", n),
    ("minute", False): lambda n: _n("in %(num)d minute", "in %(num)d minutes", n),
    ("hour", False): lambda n: _n("in %(num)d hour", "in %(num)d hours", n),
    ("day", False): lambda n: _n("in %(num)d day", "in %(num)d days", n),
}


def ago(moment: datetime | None) -> Markup:
    """Return a time as people say it, with the exact time on hover."""
    if moment is None:
        return Markup('<span class="muted">–</span>')
    language, reader_zone = _reader()
    words = _in_words((clock.now() - moment).total_seconds(), language)
    utc = moment.isoformat(" ")[:19]  # always UTC; strftime takes five times as long
    local = _local(moment, reader_zone)
    # All texts are ours, digits and letters: escaping each of hundreds of cells would be half the
    # page's time. A date is its own `datetime`; other words need one, which times.js reads as well.
    machine = f' datetime="{utc.replace(" ", "T")}Z"' if words else ""
    text = f'<time{machine} title="{_exact(local, utc)}">{words or local.isoformat()[:10]}</time>'
    return Markup(text)  # noqa: S704  # see above


def _in_words(seconds: float, language: str) -> str | None:
    """Return a recent or near time in words, or None if only its date is shown."""
    for limit, unit_seconds, unit in STEPS:
        if abs(seconds) < limit:
            return _said(int(abs(seconds) // unit_seconds), unit, seconds > 0, language)
    return None


def exact(moment: datetime) -> str:
    """Return the time in the reader's zone, with UTC beside it unless that is the same."""
    _language, reader_zone = _reader()
    utc = moment.astimezone(UTC).isoformat(" ")[:19]
    return _exact(_local(moment, reader_zone), utc)


def to_the_minute(moment: datetime) -> str:
    """Return the same as `exact`, for sentences in which seconds say nothing."""
    _language, reader_zone = _reader()
    return _exact(_local(moment, reader_zone), moment.astimezone(UTC).isoformat(" ")[:16])


def hour(moment: datetime) -> str:
    """Return the time of day in the reader's zone, such as `14:10`."""
    _language, reader_zone = _reader()
    return f"{_local(moment, reader_zone):%H:%M}"


def _local(moment: datetime, reader_zone: tzinfo) -> datetime:
    """Return the time in a zone; the first and the last day there is are the same in all zones."""
    try:
        return moment.astimezone(reader_zone)
    except OverflowError:
        return moment


def _reader() -> tuple[str, tzinfo]:
    """Return the reader's language and time zone, which are found out once for a page."""
    if "reader" not in g:
        g.reader = str(get_locale()), zone()
    reader: tuple[str, tzinfo] = g.reader
    return reader


def _exact(local: datetime, utc: str) -> str:
    """Return a time such as `2026-11-21 22:43 CET · 21:43 UTC`.

    The part in UTC has its own date if that is another one.
    """
    if local.tzinfo is UTC:
        return f"{utc} UTC"
    local_text = local.isoformat(" ")
    is_same_day = local_text[:10] == utc[:10]
    utc_text = utc[11:16] if is_same_day else utc[:16]
    return f"{local_text[:16]} {local.tzname()} · {utc_text} UTC"


@lru_cache(maxsize=4096)
def _said(number: int, word: str, past: bool, _language: str) -> str:
    """Return the words in the reader's language.

    They are cached, and the language is part of the key: a page has hundreds of times.
    """
    if word == "second":
        return str(_("just now"))
    return SAID[word, past](number)

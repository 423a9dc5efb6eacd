"""Write `docs/limits.md` from the throttles, the settings and the constants: `make limits`.

A test compares the page with what this would write.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, get_type_hints

from backoffice import limits, throttles
from backoffice.limits import GROUPS, Unit
from backoffice.settings import Settings
from backoffice.text import duration_to_store
from backoffice.throttles import Lease, Rate, Throttle

HERE = Path(__file__).parent
PAGE = HERE / "limits.md"
MEANING = re.compile(r"^\| `(\w+)` \| (?:`[^`]*`|none) \| (.+) \|$", re.MULTILINE)
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
# Patterns of the names of settings, with their unit; the first that fits counts.
NAMES = (
    (r"_slots$", Unit("slots", "at once")),
    (r"_threads$", Unit("slots", "threads")),
    (r"_connections$", Unit("slots", "connections")),
    (r"_length", Unit("size", "characters")),
    (r"_kib$", Unit("size", "KiB")),
    (r"_cost$", Unit("size", "passes")),
)
# What the page calls a constant whose name alone says too little.
LABELS = {
    "BODY": "request body",
    "HEADERS": "request headers",
    "READY": "readiness checks",
    "QUEUE": "storage of the job queue",
    "QUEUED": "wait for a thread",
    "REPEATING": "time to repeat a request",
    "REPEATS": "runs of a request",
    "TICKED": "ticked rows",
    "REASON": "reason of an action",
    "PAGES": "rows on a page",
    "COUNTED": "counted rows",
    "COUNTED_OF_PART": "counted rows of a part",
    "SEARCH": "search text",
    "WHITELIST": "IP whitelist",
    "RELATED": "related rows in a field",
    "TYPED": "text in a field",
    "PASSWORD_TYPED": "typed password",
    "FILE": "file of a row",
    "FILES": "files of a row",
    "FILES_BODY": "request body with files",
    "REMOVING": "removal of files",
    "STORE_CONNECT": "connection to a bucket",
    "STORE_ANSWER": "answer of a bucket",
    "STORE_TRIES": "tries to reach a bucket",
    "PICTURE": "avatar file",
    "PICTURE_WHOLE": "picture at full size",
    "PICTURE_PNG_SIDE": "side of a PNG",
    "PICTURE_JPEG_SIDE": "side of a JPEG",
    "PICTURE_JPEG": "pixels of a JPEG",
    "EXPORT_ROWS": "rows of an export at once",
    "EXPORT_BUFFER": "buffer of an answer",
    "CONNECTIONS": "open connections",
    "BACKLOG": "connections not accepted yet",
    "TASKS": "waiting tasks",
}
HEAD = """\
# Limits

Made by `make limits`. The page lists the throttles (`backoffice/throttles.py`), every setting \
that is a number or a time
(`backoffice/settings.py`), and the constants of `backoffice/limits.py`. A name in capitals that \
stands in `code` is a setting, with
its default; [deployment.md](deployment.md) says how to set it. Everything else is a constant.

Other numbers stand where they are used: how long old rows are kept (`backoffice/jobs/purge.py`), \
how long a text may be (its column
in `backoffice/models/`), how much a page shows at once, and what a password must consist of \
(`backoffice/auth/password_strength.py`).

## Throttles

A refused use never prolongs the wait.

| Name | What is counted | For each | Limit | Refusal |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """One line of the tables of plain limits."""

    name: str
    value: str
    unit: Unit
    reason: str


def text() -> str:
    """Return the page."""
    rows = [*_settings(), *_constants()]
    parts = [HEAD, *map(_line_of_throttle, _throttles())]
    for group in GROUPS:
        parts.append(f"\n## {group.capitalize()}\n\n| Name | Limit | Why |\n|---|---|---|\n")
        parts += [_line(row) for row in rows if row.unit.group == group]
    return "".join(parts)


def _throttles() -> list[Throttle | Lease]:
    """Return everything that `backoffice/throttles.py` declares, in its order."""
    return [value for value in vars(throttles).values() if isinstance(value, (Throttle, Lease))]


def _line_of_throttle(throttle: Throttle | Lease) -> str:
    refusal = PLACEHOLDER.sub("…", str(throttle.refusal))
    columns = (throttle.name, throttle.counts, throttle.per, _limit(throttle), refusal)
    return f"| {' | '.join(columns)} |\n"


def _limit(throttle: Throttle | Lease) -> str:
    """Return the limit of a throttle with the defaults of its settings."""
    if isinstance(throttle, Lease):
        return f"1 at a time, and for {duration_to_store(throttle.lasts)} without a sign of life"
    return ", ".join(map(_of_rate, throttle.rates))


def _of_rate(rate: Rate) -> str:
    limit = f"{rate.number(Settings()):,} in {duration_to_store(rate.within)}"
    if isinstance(rate.most, int):
        return limit
    name = f"`{rate.most.upper()}`"
    if rate.times > 1:
        name = f"{rate.times} × {name}"
    return f"{limit} ({name})"


def _line(row: Row) -> str:
    # "s" alone stands for seconds.
    unit = row.unit.name if row.value != "1" else row.unit.name.removesuffix("s") or "s"
    return f"| {row.name} | {row.value} {unit} | {row.reason} |\n"


def _settings() -> Iterator[Row]:
    """Yield every setting that is a number or a time, but for those that a throttle has.

    `docs/deployment.md` says what each means.
    """
    meanings = dict(MEANING.findall((HERE / "deployment.md").read_text("utf-8")))
    of_throttles = _settings_of_throttles()
    for spec in fields(Settings):
        if _is_limit(spec.default) and spec.name not in of_throttles:
            name = spec.name.upper()
            unit = _unit(spec.name, spec.default)
            yield Row(f"`{name}`", _written(spec.default), unit, meanings[name])


def _settings_of_throttles() -> set[str]:
    found = [throttle for throttle in _throttles() if isinstance(throttle, Throttle)]
    numbers = [rate.most for throttle in found for rate in throttle.rates]
    return {most for most in numbers if isinstance(most, str)}


def _is_limit(default: Any) -> bool:
    # In Python a bool is an int.
    return isinstance(default, (timedelta, int)) and not isinstance(default, bool)


def _unit(name: str, default: Any) -> Unit:
    """Return the unit of a setting, by its default and its name."""
    if isinstance(default, timedelta):
        return Unit("time", "s")
    for pattern, unit in NAMES:
        if re.search(pattern, name):
            return unit
    raise LookupError(
        f"docs/make_limits.py: the setting {name} is in no throttle, and its name says no unit"
    )


def _constants() -> Iterator[Row]:
    """Yield every constant of `backoffice/limits.py`."""
    reasons = _reasons()
    hints = get_type_hints(limits, include_extras=True)
    if gone := LABELS.keys() - hints.keys():
        raise LookupError(f"docs/make_limits.py: LABELS names what is no limit: {sorted(gone)}")
    for name, hint in hints.items():
        (unit,) = hint.__metadata__
        value = _written(getattr(limits, name))
        label = LABELS.get(name) or name.replace("_", " ").lower()
        yield Row(label, value, unit, reasons[name])


def _reasons() -> dict[str, str]:
    """Return the docstring below each constant of `backoffice/limits.py`, by its name."""
    found = {}
    for statement, following in pairwise(ast.parse(inspect.getsource(limits)).body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(reason))),
            ):
                found[name] = reason
    return found


def _written(value: Any) -> str:
    """Return the value as the page shows it; times are in seconds."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():,.0f}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")

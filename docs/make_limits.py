"""Write `docs/limits.md` from the settings and the constants: `make limits`.

A test compares the page with what this would write.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, get_type_hints

from backoffice import limits
from backoffice.limits import GROUPS, Limit
from backoffice.settings import Settings

HERE = Path(__file__).parent
PAGE = HERE / "limits.md"
MEANING = re.compile(r"^\| `(\w+)` \| (?:`[^`]*`|none) \| (.+) \|$", re.MULTILINE)
# Patterns of the names of settings, with their group and unit; the first that fits counts.
NAMES = (
    (r"_slots$", "slots", "at once"),
    (r"_threads$", "slots", "threads"),
    (r"_connections$", "slots", "connections"),
    (r"_per_", "rate", "tries"),
    (r"_length", "size", "characters"),
    (r"_kib$", "size", "KiB"),
    (r"_cost$", "size", "passes"),
)
HEAD = """\
# Limits

Every limit of the product, made by `make limits` from `backoffice/settings.py` \
and `backoffice/limits.py`. A name in
capitals that stands in `code` is a setting, with its default; \
[deployment.md](deployment.md) says how to set it. What
has no name in capitals is a constant.
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    value: str
    limit: Limit


def text() -> str:
    """Return the page."""
    rows = [*_settings(), *_constants()]
    parts = [HEAD]
    for group in GROUPS:
        parts.append(f"\n## {group.capitalize()}\n\n| Name | Limit | Why |\n|---|---|---|\n")
        parts += [_line(row) for row in rows if row.limit.group == group]
    return "".join(parts)


def _line(row: Row) -> str:
    return f"| {row.name} | {row.value} {row.limit.unit} | {row.limit.reason} |\n"


def _settings() -> Iterator[Row]:
    """Yield every setting that is a number or a time; `docs/deployment.md` says what it means."""
    meanings = dict(MEANING.findall((HERE / "deployment.md").read_text("utf-8")))
    for spec in fields(Settings):
        if _is_limit(spec.default):
            name = spec.name.upper()
            limit = _of_setting(spec.name, spec.default, meanings[name])
            yield Row(f"`{name}`", _said(spec.default), limit)


def _is_limit(default: Any) -> bool:
    # In Python a bool is an int.
    return isinstance(default, (timedelta, int)) and not isinstance(default, bool)


def _of_setting(name: str, default: Any, meaning: str) -> Limit:
    """Return the limit that a setting is, by its default and its name."""
    if isinstance(default, timedelta):
        return Limit("time", "s", meaning)
    for pattern, group, unit in NAMES:
        if re.search(pattern, name):
            return Limit(group, unit, meaning)
    raise LookupError(f"docs/make_limits.py: what kind of limit is the setting {name}?")


def _constants() -> Iterator[Row]:
    """Yield every constant of `backoffice/limits.py`, whose annotations say what they limit."""
    for name, hint in get_type_hints(limits, include_extras=True).items():
        (limit,) = hint.__metadata__
        yield Row(name.replace("_", " ").lower(), _said(getattr(limits, name)), limit)


def _said(value: Any) -> str:
    """Return the value as the page shows it; times are in seconds."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():,.0f}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")

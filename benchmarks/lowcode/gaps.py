"""What a system cannot do, or does by half: `missing.toml` beside its application.

    [missing.two-keys]
    what = "tables with two keys"
    says = "The Django admin does not support composite primary keys."
    source = "https://docs.djangoproject.com/..."

`half` instead of `missing` says what is not there although the feature is.
"""

import tomllib
from dataclasses import dataclass

from benchmarks.lowcode.features import FEATURES, System


@dataclass(frozen=True)
class Gap:
    """What is missing, the words of the documentation (or what was tried), and where they stand."""

    what: str
    says: str
    source: str
    is_whole: bool


def gaps(system: System) -> dict[str, Gap]:
    """Return what a system lacks, by feature. Raises ValueError if an entry names no feature."""
    path = system.folder / "missing.toml"
    entries = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    found = {
        feature: Gap(**entry, is_whole=sort == "missing")
        for sort in ("half", "missing")
        for feature, entry in entries.get(sort, {}).items()
    }
    if strange := set(found) - set(FEATURES):
        raise ValueError(f"{path} names {sorted(strange)}, which are no features")
    return found

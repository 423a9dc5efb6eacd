"""What a system cannot do, or does by half: `missing.toml` beside its application.

    [[missing]]
    features = ["two-keys"]
    what = "the admin refuses such models"
    says = "The model … has a composite primary key, so it cannot be registered with admin."
    source = "https://..."

`[[half]]` says what is not there although the feature is. Instead of the documentation's words
(`says`) an entry may have what was `tried`.
"""

import tomllib
from dataclasses import dataclass

from benchmarks.lowcode.features import FEATURES, System


@dataclass(frozen=True, kw_only=True)
class Gap:
    """What is missing in some features, what the documentation says of it, and where.

    `is_whole` says that nothing of them is there.
    """

    features: tuple[str, ...]
    what: str
    is_whole: bool
    says: str = ""
    tried: str = ""
    source: str

    @property
    def evidence(self) -> str:
        """The words of the documentation, as a quotation, or what was tried."""
        return f"“{self.says}”" if self.says else f"Tried: {self.tried}"


def gaps(system: System) -> list[Gap]:
    """Return what a system lacks.

    Raises ValueError if an entry names no feature, or one that another entry has.
    """
    path = system.folder / "missing.toml"
    entries = tomllib.loads(path.read_text("utf-8"))
    found = [
        Gap(**entry | {"features": tuple(entry["features"])}, is_whole=sort == "missing")
        for sort in ("missing", "half")
        for entry in entries.get(sort, ())
    ]
    names = [feature for gap in found for feature in gap.features]
    if strange := set(names) - set(FEATURES):
        raise ValueError(f"{path} names {sorted(strange)}, which are no features")
    if len(names) > len(set(names)):
        raise ValueError(f"{path} names a feature twice: {sorted(names)}")
    return found

"""Write the comparison as Markdown: lines and files, and what is missing with its sources."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.lowcode.counting import Count, counted
from benchmarks.lowcode.features import APART, FEATURES, System
from benchmarks.lowcode.gaps import Gap, gaps


@dataclass(frozen=True)
class Result:
    """What one system takes for each feature, and what it lacks."""

    system: System
    counts: Mapping[str, Count]
    gaps: Mapping[str, Gap]

    @classmethod
    def of(cls, system: System) -> "Result":
        """Count a system. Raises ValueError where its counts and its gaps contradict each other."""
        found = {feature: gap for gap in gaps(system) for feature in gap.features}
        result = cls(system, counted(system.code), found)
        known = {*FEATURES, *APART}
        if strange := set(result.counts) - known:
            raise ValueError(f"{system.title}: {sorted(strange)} are no features")
        whole = {feature for feature, gap in result.gaps.items() if gap.is_whole}
        if both := whole & set(result.counts):
            raise ValueError(f"{system.title}: {sorted(both)} are missing, and have lines")
        return result

    def cell(self, feature: str) -> str:
        """Return what the table says: lines (files), and what is missing."""
        count, gap = self.counts.get(feature, Count()), self.gaps.get(feature)
        if gap and gap.is_whole:
            return f"*missing: {gap.what}*"
        number = f"**{count.lines}** ({count.files})" if count.files else "**0**"
        return f"{number} *{gap.what}*" if gap else number

    def total(self) -> str:
        """Return the sum of all features, and how many are missing or there by half."""
        lines = sum(self.counts.get(feature, Count()).lines for feature in FEATURES)
        missing = sum(gap.is_whole for gap in self.gaps.values())
        return f"**{lines}**, {missing} missing, {len(self.gaps) - missing} by half"


def markdown(systems: Sequence[System]) -> str:
    """Return the table of all features, and the sources of what is missing."""
    results = [Result.of(system) for system in systems]
    return "\n".join([*_table(results), "", *_sources(results), ""])


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield _row("", *(result.system.title for result in results))
    yield _row("---", *("---" for _result in results))
    for feature, words in FEATURES.items():
        yield _row(words, *(result.cell(feature) for result in results))
    yield _row("**All of these**", *(result.total() for result in results))
    for part, words in APART.items():
        yield _row(f"Apart: {words}", *(result.cell(part) for result in results))


def _sources(results: Sequence[Result]) -> Iterator[str]:
    yield _row("system", "features", "what is missing", "what its documentation says", "source")
    yield _row(*["---"] * 5)
    for result in results:
        for gap in dict.fromkeys(result.gaps.values()):
            features = ", ".join(gap.features)
            yield _row(result.system.title, features, gap.what, gap.evidence, gap.source)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"

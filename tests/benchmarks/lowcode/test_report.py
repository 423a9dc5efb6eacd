"""The comparison contradicts neither itself nor what is written down."""

import re
from pathlib import Path

import pytest

from benchmarks.lowcode.counting import Count
from benchmarks.lowcode.features import FEATURES, HERE, OURS, PEERS, SYSTEMS, System
from benchmarks.lowcode.gaps import gaps
from benchmarks.lowcode.report import Result, markdown

RESULTS = {system.title: Result.of(system) for system in SYSTEMS}
GAP = 'what = "No undo"\nsays = "None."\nsource = "https://docs.example"\n'


def system(folder: Path, code: str, gap: str = "") -> System:
    (folder / "company").mkdir()
    (folder / "company" / "__init__.py").touch()
    (folder / "company" / "admin.py").write_text(code)
    (folder / "missing.toml").write_text(gap)
    return System(folder, "Some admin")


def test_the_page_has_the_latest_result() -> None:
    """After a change: `python -m benchmarks.lowcode --write`."""
    page = (HERE / "README.md").read_text("utf-8")
    assert f"<!-- result -->\n{markdown(SYSTEMS)}<!-- end of the result -->" in page


@pytest.mark.parametrize("feature", FEATURES)
def test_ours_is_never_longer(feature: str) -> None:
    ours = RESULTS[OURS.title]
    if feature in ours.gaps:
        return
    others = [RESULTS[peer.title] for peer in PEERS]
    lines = [each.counts[feature].lines for each in others if feature in each.counts]
    assert ours.counts.get(feature, Count()).lines <= min(lines)


@pytest.mark.parametrize("title", RESULTS)
def test_every_feature_is_counted_or_missing(title: str) -> None:
    result = RESULTS[title]
    there = {*result.counts, *result.gaps}
    assert set(FEATURES) - there <= {"history"}, "in ours it needs no line"
    for gap in result.gaps.values():
        assert gap.what
        assert gap.says
        assert re.match(r"https://|docs/", gap.source)


def test_a_cell_says_lines_files_and_what_is_missing(tmp_path: Path) -> None:
    some = system(tmp_path, "# feature: move\nX = 1\n", f"[half.move]\n{GAP}[missing.files]\n{GAP}")
    result = Result.of(some)
    assert result.cell("move") == "**1** (1) *No undo*"
    assert result.cell("files") == "*missing: No undo*"
    assert result.cell("plain") == "**0**"
    assert result.total() == "**1**, 1 missing, 1 by half"


def test_what_is_missing_has_no_lines(tmp_path: Path) -> None:
    some = system(tmp_path, "# feature: move\nX = 1\n", f"[missing.move]\n{GAP}")
    with pytest.raises(ValueError, match="are missing, and have lines"):
        Result.of(some)


def test_a_feature_that_nobody_asked_for_is_found(tmp_path: Path) -> None:
    some = system(tmp_path, "# feature: fly\nX = 1\n", f"[half.swim]\n{GAP}")
    with pytest.raises(ValueError, match="swim"):
        gaps(some)
    (tmp_path / "missing.toml").unlink()
    with pytest.raises(ValueError, match="fly"):
        Result.of(some)

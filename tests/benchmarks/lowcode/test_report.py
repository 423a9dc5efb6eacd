"""The comparison contradicts neither itself nor what is written down."""

import re
from pathlib import Path

import pytest

from benchmarks.lowcode.counting import Count
from benchmarks.lowcode.features import FEATURES, HERE, OURS, PEERS, SYSTEMS, System
from benchmarks.lowcode.gaps import gaps
from benchmarks.lowcode.report import Result, markdown

RESULTS = {system.title: Result.of(system) for system in SYSTEMS}


def gap(sort: str, *features: str) -> str:
    """Return an entry of a `missing.toml`."""
    names = ", ".join(f'"{feature}"' for feature in features)
    words = 'what = "No undo"\nsays = "None."\nsource = "https://docs.example"\n'
    return f"[[{sort}]]\nfeatures = [{names}]\n{words}"


def system(folder: Path, code: str, missing: str) -> System:
    (folder / "company").mkdir()
    (folder / "company" / "__init__.py").touch()
    (folder / "company" / "admin.py").write_text(code)
    (folder / "missing.toml").write_text(missing)
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
    others = [each for peer in PEERS if feature in (each := RESULTS[peer.title]).counts]
    own = ours.counts.get(feature, Count()).lines
    assert all(own <= each.counts[feature].lines for each in others)
    whole = [each.counts[feature].lines for each in others if feature not in each.gaps]
    assert not whole or own < min(whole), "what does all of it, does it in more lines"


@pytest.mark.parametrize("title", RESULTS)
def test_every_feature_is_counted_or_missing(title: str) -> None:
    result = RESULTS[title]
    there = {*result.counts, *result.gaps}
    assert set(FEATURES) - there <= {"history"}, "in ours it needs no line"
    for missing in result.gaps.values():
        assert missing.what
        assert bool(missing.says) != bool(missing.tried)
        assert re.match(r"https://|docs/", missing.source)


def test_a_cell_says_lines_files_and_what_is_missing(tmp_path: Path) -> None:
    some = system(
        tmp_path, "# feature: move\nX = 1\n", gap("half", "move") + gap("missing", "files")
    )
    result = Result.of(some)
    assert result.cell("move") == "**1** (1) *No undo*"
    assert result.cell("files") == "*missing: No undo*"
    assert result.cell("plain") == "**0**"
    assert result.total() == "**1**, 1 missing, 1 by half"


def test_what_is_missing_has_no_lines(tmp_path: Path) -> None:
    some = system(tmp_path, "# feature: move\nX = 1\n", gap("missing", "move"))
    with pytest.raises(ValueError, match="are missing, and have lines"):
        Result.of(some)


def test_a_feature_that_nobody_asked_for_or_asked_twice_is_found(tmp_path: Path) -> None:
    some = system(tmp_path, "# feature: fly\nX = 1\n", gap("half", "swim"))
    with pytest.raises(ValueError, match="swim"):
        gaps(some)
    (tmp_path / "missing.toml").write_text(gap("half", "move") + gap("missing", "move"))
    with pytest.raises(ValueError, match="names a feature twice"):
        gaps(some)
    (tmp_path / "missing.toml").write_text("")
    with pytest.raises(ValueError, match="fly"):
        Result.of(some)

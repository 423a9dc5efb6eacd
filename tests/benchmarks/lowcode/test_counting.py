"""Lines count once, for the feature that they are there for, and nothing else counts."""

from pathlib import Path

import pytest

from benchmarks.lowcode.counting import Count, attributed, counted

TEXT = '''"""What people do."""

# feature: start
import os
from decimal import (
    Decimal,
    InvalidOperation,
)

from somewhere import first, second as third

ROOT = os.environ["ROOT"]  # where it is


# feature: move
class Move:
    """Move something.

    Somewhere else.
    """

    # Not everywhere.
    form = """
        <form>

        </form>
    """
    value = first(Decimal)

    # feature: note
    text = third

    def save(self):
        try:
            """No docstring."""
        except InvalidOperation:
            return
'''


def test_every_line_counts_for_its_feature() -> None:
    assert attributed(TEXT, Path("actions.py")) == {
        "start": 1 + 1,  # the import of os, and what uses it
        "move": 2 + 1 + 1 + 1 + 4 + 1,  # brackets, Decimal, first, the class, the form, the value
        "note": 1 + 1 + 5,  # InvalidOperation, the text, the function
    }


def test_comments_blank_lines_and_docstrings_count_nothing() -> None:
    bare = 'X = 1\n\n\n# a comment\ndef f():\n    """A promise."""\n    return X\n'
    assert attributed(f"# feature: move\n{bare}", Path("a.py")) == {"move": 3}
    assert attributed('"""Nothing but this."""\n', Path("__init__.py")) == {}


def test_templates_count_without_comments() -> None:
    text = "{# feature: figure #}\n<p>\n\n{# why\n   so #}\n{# feature: move #}\n</p>\n<br>\n"
    assert attributed(text, Path("home.html")) == {"figure": 1, "move": 2}


@pytest.mark.parametrize("path", ["models.py", "models/warehouse.py"])
def test_models_count_apart(path: str) -> None:
    assert attributed("import os\n\nX = os\n", Path(path)) == {"models": 2}


@pytest.mark.parametrize(
    "text", ["X = 1\n# feature: move\n", "import os\n# feature: move\nX = 1\n"]
)
def test_a_line_of_no_feature_is_found(text: str) -> None:
    with pytest.raises(ValueError, match="line 1 stands above the first marker"):
        attributed(text, Path("actions.py"))


def test_an_application_is_summed_up_without_its_migrations(tmp_path: Path) -> None:
    for name in ("a.py", "deep/b.py", "migrations/c.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("# feature: move\nX = 1\nY = 2\n")
    assert counted(tmp_path) == {"move": Count(4, 2)}
    (tmp_path / "d.py").write_text("X = 1\n")
    with pytest.raises(ValueError, match=r"d\.py: line 1 stands above"):
        counted(tmp_path)

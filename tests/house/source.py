"""Read the product's own files for the house rules."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("app", "backoffice", "forms", "views")


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name, its text and its syntax tree."""

    name: str
    text: str
    is_package: bool = False

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


def tracked() -> list[Path]:
    """Return every file of the repository, relative to its root.

    New files are among them, ignored ones are not.
    """
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


def modules(*tops: str) -> Iterator[Module]:
    """Yield the Python modules under these top-level names, by default those of the product."""
    for path in tracked():
        name = path.with_suffix("").parts
        if path.suffix == ".py" and name[0] in (tops or PRODUCT):
            is_package = name[-1] == "__init__"
            dotted = ".".join(name[:-1] if is_package else name)
            yield Module(dotted, (ROOT / path).read_text("utf-8"), is_package)

"""Write the repository of a company's package: one entity with all its parts, and its tests."""

import json
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from tempfile import TemporaryDirectory

from flask_babel import gettext as _
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backoffice import __version__, readiness

TEMPLATES = Path(__file__).parent / "templates"
WHEEL = f"backoffice-{__version__}-py3-none-any.whl"
LONGEST = 40  # characters of a name
# Folders of the repository itself.
TAKEN = ("build", "dist", "instance", "tests", "uploads", "wheels")


def fault_of(name: str) -> str:
    """Return why a package cannot have this name, in a sentence for people, or ''."""
    if not (name.isascii() and name.isidentifier() and name.islower() and len(name) <= LONGEST):
        return _(
            "Call it in small letters, digits and underscores, such as acme, with at most "
            "%(most)s characters.",
            most=LONGEST,
        )
    if iskeyword(name) or name.startswith("_"):
        return _("No package can be called %(name)s.", name=name)
    if name in TAKEN or name in sys.stdlib_module_names or find_spec(name) is not None:
        return _("Something else is called %(name)s already: choose another name.", name=name)
    return ""


def write(folder: Path, name: str, wheel: Path | None) -> None:
    """Write the repository of the package `name` into a folder that does not exist yet.

    It is there altogether or not at all. `wheel` is copied into it. Raises OSError.
    """
    with TemporaryDirectory(prefix=".", dir=folder.parent) as scratch:
        draft = Path(scratch) / folder.name
        for path, text in files(name).items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_text(text, "utf-8")
        if wheel:
            shutil.copyfile(wheel, draft / "wheels" / WHEEL)
        draft.rename(folder)


def files(name: str) -> Mapping[Path, str]:
    """Return the text of each file by its path in the repository."""
    environment = Environment(  # noqa: S701  # it writes code, and no pages
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True
    )
    heads = sorted(readiness.own_heads())
    values = {
        "app": name,
        "version": __version__,
        "wheel": WHEEL,
        "revision": secrets.token_hex(6),
        "depends_on": json.dumps(heads[0] if len(heads) == 1 else heads),
    }
    return {
        _target(path, values): environment.get_template(path.as_posix()).render(values)
        for path in _templates()
    }


def _templates() -> Iterator[Path]:
    for path in sorted(TEMPLATES.rglob("*.jinja")):
        yield path.relative_to(TEMPLATES)


def _target(path: Path, values: Mapping[str, str]) -> Path:
    """Return where the text of a template belongs.

    `package` stands for the package, `dot_` for a dot, and `revision_` for that of a migration.
    """
    name = path.name.removesuffix(".jinja")
    if name.startswith("dot_"):
        name = f".{name.removeprefix('dot_')}"
    name = name.replace("revision_", f"{values['revision']}_")
    parts = (values["app"] if part == "package" else part for part in path.parent.parts)
    return Path(*parts, name)

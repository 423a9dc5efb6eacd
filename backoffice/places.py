"""Say where something is declared, for mistakes that stop the start."""

import inspect
import re
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

NEAR = 0.8  # how alike a name must be to an option that it is not; what is like none is another's
SHOWN = 20  # names that there are, where nothing like one was meant


class DeclarationError(TypeError):
    """What a developer declared is wrong; each line of the text has its place and its cure."""


@contextmanager
def placed(declared: type) -> Iterator[None]:
    """Put the place of a class before the message of a DeclarationError within the block."""
    try:
        yield
    except DeclarationError as error:
        place = place_of(declared)
        message = str(error)
        if not place or message.startswith(place):
            raise
        raise DeclarationError(f"{place}{message}") from error


def meant(name: str, known: Collection[str]) -> str:
    """Return which name was meant, or else which there are."""
    if near := get_close_matches(name, known, n=1):
        return f"did you mean {near[0]!r}?"
    shown = sorted(known)[:SHOWN]
    end = ", ..." if len(known) > SHOWN else "."
    return f"there are {', '.join(shown)}{end}" if shown else "there is none."


def place_of(declared: type) -> str:
    """Return `file:line: ` of a class, or '' if it is in no file."""
    try:
        file = inspect.getsourcefile(declared)
        _lines, line = inspect.getsourcelines(declared)
    except (OSError, TypeError):
        return ""
    return _place(str(file), line)


def place_of_call(above: int) -> str:
    """Return `file:line: ` of the call that is so many functions above the one that asks."""
    frame, *_others = traceback.extract_stack(limit=above + 2)
    return _place(frame.filename, frame.lineno or 1)


def place_in(module: ModuleType, variable: str) -> str:
    """Return `file:line: ` of the line that sets a variable of a module."""
    lines = inspect.getsource(module).splitlines()
    sets = re.compile(rf"{re.escape(variable)}\b\s*(:[^=]+)?=")
    line = next((number for number, text in enumerate(lines, 1) if sets.match(text)), 1)
    return _place(str(module.__file__), line)


def _place(file: str, line: int) -> str:
    path = Path(file)
    here = Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{line}: "

"""Say where something is declared, for mistakes that stop the start."""

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


@contextmanager
def placed(declared: type) -> Iterator[None]:
    """Put the file and the line of a class before the message of a TypeError within the block."""
    try:
        yield
    except TypeError as error:
        place = place_of(declared)
        message = str(error)
        if not place or message.startswith(place):
            raise
        raise TypeError(f"{place}{message}") from error


def place_of(declared: type) -> str:
    """Return `file:line: ` of a class, or '' if it is in no file."""
    try:
        file = inspect.getsourcefile(declared)
        _lines, line = inspect.getsourcelines(declared)
    except (OSError, TypeError):
        return ""
    return _place(str(file), line)


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

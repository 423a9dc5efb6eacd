"""Notice options of an action that are misspelt, and so would say nothing."""

from difflib import get_close_matches

from backoffice.places import NEAR, DeclarationError


def check_options(declared: type) -> None:
    """Raise DeclarationError if an attribute is nearly called like an option of its bases."""
    known = [name for base in declared.__bases__ for name in dir(base) if not name.startswith("_")]
    for name, value in vars(declared).items():
        if name.startswith("_") or name in known or callable(value):
            continue
        if near := get_close_matches(name, known, n=1, cutoff=NEAR):
            raise DeclarationError(
                f"{declared.__name__}: there is no option {name!r}: did you mean {near[0]!r}?"
            )

"""Notice options of an action that are misspelt, and so would say nothing."""

from difflib import get_close_matches

NEAR = 0.8  # how alike a name must be; what is like no option is the action's own


def check_options(declared: type, base: type) -> None:
    """Raise TypeError if an attribute is nearly called like an option of `base`."""
    known = [name for name in dir(base) if not name.startswith("_")]
    for name, value in vars(declared).items():
        if name.startswith("_") or hasattr(base, name) or callable(value):
            continue
        if near := get_close_matches(name, known, n=1, cutoff=NEAR):
            raise TypeError(
                f"{declared.__name__}: there is no option {name!r}: did you mean {near[0]!r}?"
            )

"""The templates of mails: three for each purpose, found by its name."""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

import flask_babel
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from backoffice.models import mails

FOLDER = Path(__file__).parent.parent / "templates"
PARTS = ("subject", "txt", "html")  # of a mail, each with a template of its own


def render(purpose: str, part: str, values: Mapping[str, str], language: str) -> str:
    """Return one part of a mail. Raises UndefinedError if a value is missing."""
    template = environment().get_template(f"email/{purpose}.{part}")
    return template.render(values, language=language)


@cache
def environment() -> Environment:
    """Return the template environment for mails.

    Its templates know neither a request nor a page, only the values they are given.
    """
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        gettext=flask_babel.gettext,
        ngettext=lambda one, many, number: flask_babel.get_translations().ungettext(
            one, many, number
        ),
        newstyle=True,
    )
    return made


def verify_at_start() -> None:
    """Refuse to start unless every purpose has its templates, and every template its purpose.

    Raises LookupError with a sentence for each mistake.
    """
    if found := mistakes(mails.names(), FOLDER / "email"):
        raise LookupError("\n".join(found))


def mistakes(names: Collection[str], folder: Path) -> list[str]:
    """Return a sentence for each template that is missing in the folder or has no purpose.

    Files whose names begin with `_` are parts that several mails have in common.
    """
    wanted = {f"{name}.{part}" for name in names for part in PARTS}
    found = {path.name for part in PARTS for path in folder.glob(f"[!_.]*.{part}")}
    missing = [
        f"there is no {name} in backoffice/templates/email: every mail needs "
        f"{', '.join(f'.{part}' for part in PARTS)}."
        for name in sorted(wanted - found)
    ]
    left_over = [
        f"backoffice/templates/email/{name} belongs to no mail: "
        "add an entry to backoffice/models/mails.py, or delete it."
        for name in sorted(found - wanted)
    ]
    return missing + left_over

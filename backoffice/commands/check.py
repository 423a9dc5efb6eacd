"""Tell developers what a package lacks before others notice it: indexes, migrations, texts.

What is wrong in a declaration stops every start, and so this command too.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext as _n
from sqlalchemy import and_, func, literal, not_, select, true

from backoffice import failures, readiness
from backoffice.commands import translations
from backoffice.data import unindexed
from backoffice.extensions import db
from backoffice.models import row_keys
from backoffice.models.base import Record
from backoffice.models.external import is_existing
from backoffice.text.numbers import formatted

SHOWN = 5  # untranslated texts of a language
COUNTED = 1_000_000  # rows of a table; more of them cost no less
# What Alembic says of a table, or of something in one: ('add_column', None, 'tanks', ...
CHANGE = re.compile(r"\('(\w+)', (?:None, )?(?:Table\()?'(\w+)'")
MANY = 10_000  # rows: with fewer, an index is advice for later


def add(group: AppGroup) -> None:
    group.command("check")(check)


@dataclass(frozen=True)
class Finding:
    """Something that is missing, and what would help; `is_late` says that it hurts already."""

    sentence: str
    cures: tuple[str, ...] = ()
    is_late: bool = True


@click.option("--all", "everything", is_flag=True, help="The product's own screens too.")
def check(*, everything: bool) -> None:
    """Say which migrations, indexes and texts the packages of a company lack.

    It also says which keys do not tell rows of existing tables apart. The status is 1 if any is
    missing; an index is, once its table has 10,000 rows.
    """
    packages = current_app.extensions["apps"]
    late = False
    for title, part in PARTS:
        found = list(part(("", *packages) if everything else packages))
        click.echo(click.style(f"{title}: {len(found) or _('nothing is missing')}", bold=True))
        for finding in found:
            click.echo("\n    ".join((f"  {finding.sentence}", *finding.cures)))
            late = late or finding.is_late
    if late:
        raise click.exceptions.Exit(1)


def _migrations(packages: tuple[str, ...]) -> Iterator[Finding]:
    if readiness.migrations_state() != failures.OK:
        yield Finding(_("The database lacks migrations."), ("flask --app app db upgrade",))
        return
    db.session.rollback()  # Alembic has a connection of its own, which must not wait for this one.
    for package in packages:
        if difference := _difference(package):
            new = f'flask --app app backoffice new-migration {package} "Say what changes"'
            yield Finding(difference, (new if package else "make migration",))


def _difference(package: str) -> str:
    """Return what the models of a package say and no migration does, or ''."""
    named = ("-x", f"app={package}") if package else ()
    done = subprocess.run(  # noqa: S603  # our own program
        (sys.executable, "-m", "flask", "--app", "app", "db", *named, "check"),
        check=False,
        capture_output=True,
        text=True,
    )
    if not done.returncode:
        return ""
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
    changes = ", ".join(f"{what} {name}" for what, name in CHANGE.findall(said))
    return _("No migration says: %(changes)s", changes=changes) if changes else said


def _indexes(packages: tuple[str, ...]) -> Iterator[Finding]:
    """Yield each screen with sorts and filters that read a whole table, and what that costs."""
    for screen in current_app.extensions["screens"]:
        # Whoever runs an existing table decides which indexes it has.
        if _package_of(screen.model) not in packages or is_existing(screen.model):
            continue
        asked: dict[str, list[str]] = {}
        for gap in unindexed.gaps(
            screen.model, sorted_by=screen.column_list, filtered_by=screen.column_filters
        ):
            asked.setdefault(gap.cure, []).append(gap.asked)
        if asked:
            number, cost = _cost(screen.model)
            cures = (f"{cure}  # {', '.join(questions)}" for cure, questions in asked.items())
            yield Finding(f"/admin/{screen.slug}/: {cost}", tuple(cures), number >= MANY)


def _keys(packages: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what is wrong with the key of each existing table and query."""
    for screen in current_app.extensions["screens"]:
        model = screen.model
        if _package_of(model) in packages and is_existing(model):
            for sentence in _key_faults(model):
                yield Finding(f"{model.__name__}: {sentence}")


def _key_faults(model: type[Record]) -> Iterator[str]:
    doubled = row_keys.doubled(model, true())
    key = None if doubled is None else db.session.scalar(doubled.limit(1))
    if key is not None:
        yield _(
            "Several rows have the key %(key)s, so no page and no action takes them. Name other "
            "columns as __key__.",
            key=row_keys.shown(key),
        )
    lacking = select(literal(1)).select_from(model).where(not_(and_(*row_keys.present(model))))
    if db.session.scalar(lacking.limit(1)):
        yield _("Some rows have no value in a column of their key, so no page shows them.")


def _package_of(model: type[Record]) -> str:
    """Return the package of a model; '' for the product's own."""
    package = model.__module__.partition(".")[0]
    return package if package in current_app.extensions["apps"] else ""


def _cost(model: type[Record]) -> tuple[int, str]:
    """Return how many rows the table has, and how long one pass through them takes here."""
    rows = select(literal(1)).select_from(model).limit(COUNTED).subquery()
    start = time.perf_counter()
    number = db.session.scalar(select(func.count()).select_from(rows)) or 0
    milliseconds = (time.perf_counter() - start) * 1000
    text = _n(
        "these read the whole table, which has %(rows)s row and takes %(time)s ms here",
        "these read the whole table, which has %(rows)s rows and takes %(time)s ms here",
        number,
        rows=formatted(number),
        time=formatted(round(milliseconds)),
    )
    return number, str(text)


def _texts(packages: tuple[str, ...]) -> Iterator[Finding]:
    for package in packages:
        owner = translations.of_package(package) if package else translations.PRODUCT
        begun = owner.languages()
        for code in sorted(begun or translations.PRODUCT.languages()):
            missing = translations.missing(translations.current(code, owner), owner)
            if missing:
                sentence = _n(
                    "%(path)s lacks %(num)s text.",
                    "%(path)s lacks %(num)s texts.",
                    len(missing),
                    path=owner.path_of(code),
                )
                collect = f"flask --app app backoffice translations {package}".rstrip()
                # Without any catalogue, a company may do with English.
                yield Finding(str(sentence), (collect, *missing[:SHOWN]), is_late=bool(begun))


PARTS: tuple[tuple[str, Callable[[tuple[str, ...]], Iterator[Finding]]], ...] = (
    (_l("Migrations"), _migrations),
    (_l("Indexes"), _indexes),
    (_l("Keys of existing tables"), _keys),
    (_l("Translations"), _texts),
)

"""The command that collects every text for translators, and compiles what they wrote.

Texts are collected from the sources, from the templates, and from the models: headings, nouns and
words of choices follow from names, and stand in no source. A catalogue lies in
translations/<language>/LC_MESSAGES. A package of a company has catalogues of its own. They hold
what the product says too, so that the company can say it in another way; left empty, the product's
word stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import click
from babel import Locale, UnknownLocaleError
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from flask import current_app
from flask.cli import AppGroup
from flask_babel import gettext as _
from sqlalchemy import inspect

from backoffice import apps, languages
from backoffice.models import fields
from backoffice.models.base import Record, records
from backoffice.models.kinds import choices

ROOT = Path(__file__).parents[2]
OF_TEMPLATES = {"silent": "false", "newstyle_gettext": "true"}
# What marks a text in the sources, and which arguments are texts.
KEYWORDS = {
    "_": None,
    "_l": None,
    "_n": (1, 2),
    "gettext": None,
    "ngettext": (1, 2),
    "N_": None,
    "Counted": (1, 2),
    "Effect": (1, 2),
}
COMMENTS = ("Translators:",)
# Compiled catalogues without a change are equal, byte by byte.
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
Text = str | tuple[str, str]  # one text, or its singular and its plural


@dataclass(frozen=True)
class Owner:
    """Whose texts they are: the product's, or those of a package.

    Attributes:
        package: the package whose models speak, which is `backoffice` for the product.
        root: the folder of the sources.
        sources: patterns of files below it, each with the way that Babel reads them.
        catalogues: the folder with a folder for each language.
    """

    package: str
    root: Path
    sources: tuple[tuple[str, str], ...]
    catalogues: Path

    def path_of(self, language: str) -> Path:
        """Return where the catalogue of a language is."""
        return self.catalogues / language / "LC_MESSAGES" / "messages.po"

    def languages(self) -> set[str]:
        """Return the codes of the languages that have a catalogue."""
        return {path.parts[-3] for path in self.catalogues.glob("*/LC_MESSAGES/messages.po")}


PRODUCT = Owner(
    "backoffice",
    ROOT,
    (
        ("backoffice/**.py", "python"),
        ("forms/**.py", "python"),
        ("views/**.py", "python"),
        ("backoffice/templates/**", "jinja2"),
    ),
    languages.FOLDER,
)


def of_package(name: str) -> Owner:
    """Return the owner of a package's texts."""
    folder = apps.folder(name)
    sources = (("templates/**", "jinja2"), ("**.py", "python"))
    return Owner(name, folder, sources, folder / "translations")


def add(group: AppGroup) -> None:
    group.command("translations")(translations)


@click.argument("app", default="")
@click.option("--add", "new", metavar="CODE", default="", help="Add a language, such as fr.")
def translations(*, app: str, new: str) -> None:
    """Collect every text for translators, and compile what they wrote.

    Those of APP, a package of BACKOFFICE_APPS, have catalogues of their own: at first one for each
    language of the product.
    """
    if app and app not in current_app.extensions["apps"]:
        raise click.ClickException(_("BACKOFFICE_APPS does not name %(app)s.", app=app))
    if not app and not apps.is_checkout():
        raise click.ClickException(_("Texts of the product are collected in its repository."))
    owner = of_package(app) if app else PRODUCT
    codes = owner.languages() or (PRODUCT.languages() if not new else set())
    if new:
        codes.add(_known(new))
    for code in sorted(codes):
        catalog = update(code, owner)
        click.echo(
            _(
                "%(path)s: %(texts)s texts, %(missing)s without a translation.",
                path=owner.path_of(code),
                texts=len(catalog),
                missing=len(missing(catalog, owner)),
            )
        )


def _known(code: str) -> str:
    """Return the code of a language as Babel writes it."""
    try:
        return str(Locale.parse(code))
    except (UnknownLocaleError, ValueError):
        sentence = _("“%(code)s” is no language: give a code, such as fr.", code=code)
        raise click.ClickException(sentence) from None


def template(owner: Owner = PRODUCT) -> Catalog:
    """Return a catalogue of every text, untranslated and in alphabetical order."""
    found = Catalog(project="Backoffice")
    for text, comments in (*_of_sources(owner), *_of_models(owner)):
        if text not in found or isinstance(text, tuple):
            found.add(text, auto_comments=comments)
    return found


def _of_sources(owner: Owner) -> Iterator[tuple[Text, list[str]]]:
    extracted = extract_from_dir(
        str(owner.root),
        list(owner.sources),
        {pattern: OF_TEMPLATES for pattern, way in owner.sources if way == "jinja2"},
        keywords=KEYWORDS,
        comment_tags=COMMENTS,
        strip_comment_tags=True,
        directory_filter=_is_ours,
    )
    for _path, _line, text, comments, _context in extracted:
        if text:
            yield (text if isinstance(text, str) else (text[0], text[1])), comments


def _is_ours(folder: str) -> bool:
    """Tell whether a folder may hold sources: that of an environment is not looked into."""
    return not Path(folder).name.startswith((".", "_"))


def _of_models(owner: Owner) -> Iterator[tuple[Text, list[str]]]:
    """Yield the texts that follow from the declarations of models."""
    for model in records():
        if model.__module__.partition(".")[0] != owner.package:
            continue
        yield (model.__singular__, model.__plural__), [f"Rows of {model.__name__}"]
        yield model.__plural__, []
        yield fields.english_heading(model.__plural__), []
        yield fields.english_heading(model.__tablename__), []
        for name in _names(model):
            yield fields.english_heading(name), []
            for word in _words(model, name):
                yield word, []


def _names(model: type[Record]) -> list[str]:
    """Return every attribute of a model that people may see."""
    names = [*inspect(model).all_orm_descriptors.keys(), *model.__derived__]
    return [name for name in dict.fromkeys(names) if fields.kind(model, name)]


def _words(model: type[Record], name: str) -> list[str]:
    """Return the words of a choice; those of countries and languages come with Babel."""
    if name in model.__derived__:
        return [choices.worded(value) for value in model.__derived__[name]]
    kind = fields.kind(model, name)
    if not isinstance(kind, choices.Choice) or isinstance(kind, choices.Babel):
        return []
    column = fields.column(model, name)
    return [kind.english_label(column, value) for value in kind.values(column)]


def read(language: str, owner: Owner = PRODUCT) -> Catalog:
    """Return the catalogue of a language, or an empty one."""
    path = owner.path_of(language)
    if not path.exists():
        return Catalog(locale=Locale.parse(language))
    with path.open("rb") as file:
        return read_po(file, locale=language)


def current(language: str, owner: Owner = PRODUCT) -> Catalog:
    """Return the catalogue of a language as it should be, without writing it.

    New texts are added without a translation, texts that are gone are dropped. What the product
    says too has its word in a comment.
    """
    catalog = read(language, owner)
    catalog.update(template(owner), no_fuzzy_matching=True)
    for entry in catalog if owner is not PRODUCT else ():
        if word := _of_product(entry, language):
            entry.auto_comments.append(f"Where it is left empty: {word}")
    catalog.obsolete.clear()
    catalog.creation_date = UNDATED
    return catalog


def update(language: str, owner: Owner = PRODUCT) -> Catalog:
    """Bring the catalogue of a language up to date, write and compile it, and return it."""
    catalog = current(language, owner)
    path = owner.path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, no_location=True, omit_header=True, sort_output=True)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    return catalog


def _of_product(entry: Message, language: str) -> str:
    """Return how the product translates an entry of a package, or ''."""
    same = _product_in(language).get(entry.id)
    if not entry.id or same is None or same.id != entry.id:
        return ""
    return " / ".join(same.string) if isinstance(same.string, tuple) else str(same.string)


@cache
def _product_in(language: str) -> Catalog:
    return read(language)


def missing(catalog: Catalog, owner: Owner = PRODUCT) -> list[str]:
    """Return the texts that are not translated yet; of a plural, every form has to be.

    What the product translates is not missing in a package.
    """
    language = str(catalog.locale)
    return [
        str(entry.id)
        for entry in catalog
        if entry.id and not _is_whole(entry.string)
        if owner is PRODUCT or not _of_product(entry, language)
    ]


def _is_whole(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)

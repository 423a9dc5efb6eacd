"""Every text that a page shows comes from the catalogue, and can be translated.

In a made-up language every text of the catalogue stands in brackets. What a page shows outside of
them is data, or one of a few words that every language shares.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from sqlalchemy import select

from backoffice import time_zones
from backoffice.commands import translations
from backoffice.extensions import db
from backoffice.models.base import Base
from backoffice.models.user import User
from backoffice.testing.access import cases
from backoffice.testing.asking import Person, World
from backoffice.testing.client import Client
from tests.support import world
from views.web import times

SAID = ("title", "placeholder", "aria-label", "alt", "label")
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
# Numbers of requests, UUIDs, addresses, codes of permissions, initials, keys to type, and what
# rows without a name are called in the log, which SQL makes.
NUMBERS = re.compile(
    r"\b[0-9a-f]{12}\b|\b[0-9a-f-]{36}\b|/[\w/-]+|\b[a-z_]+\.[a-z_0-9]+\b|\b[A-Z]{2}\b|"
    r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b|\b(?:Sign-in|Bulk run|Message|Session|Event) \d+"
)
# Names, and words that are the same everywhere.
NAMES = (
    "Backoffice", "Deutsch", "English", "UTC", "IP", "CSV", "XLSX", "JSON", "PNG", "JPEG", "WebP",
    "GIF", "HTTP", "ID", "UUID", "Ctrl",
    "https", "KYC", "API session", "Token", "Wallet member",  # labels of rows
)  # fmt: skip


@pytest.fixture
def marked(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Have every text of the catalogue in brackets, in place of German."""
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, bracketed())
    babel = app.extensions["babel"]
    monkeypatch.setattr(babel, "translation_directories", [str(tmp_path)])
    monkeypatch.setattr(babel.instance.domain_instance, "cache", {})
    times._said.cache_clear()
    yield
    times._said.cache_clear()


def bracketed() -> Catalog:
    catalog = translations.template()
    catalog.locale = "de"
    for entry in catalog:
        if isinstance(entry.id, tuple):
            entry.string = tuple(f"⟦{text}⟧" for text in entry.id)
        elif entry.id:
            entry.string = f"⟦{entry.id}⟧"
    return catalog


class Shown(HTMLParser):
    """What a page shows or says: its texts, and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style")
        for name, value in attrs:
            if value and (name in SAID or name.startswith("data-text")):
                self.texts.append(value)

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.texts.append(data)


def bare(page: str, data: re.Pattern[str]) -> set[str]:
    """Return the texts of a page with words that stand neither in brackets nor in the data."""
    while MARKED.search(page):  # a text may hold tags, and other texts
        page = MARKED.sub(" ", page)
    shown = Shown()
    shown.feed(page)
    unknown = (data.sub(" ", NUMBERS.sub(" ", text)) for text in shown.texts)
    return {" ".join(rest.split()) for rest in unknown if re.search(r"[A-Za-z]{2,}", rest)}


def kept() -> re.Pattern[str]:
    """Return a pattern of every word that the database has, of NAMES, of places and of Babel's."""
    places = (place for area in time_zones.offered().values() for _name, place in area)
    words = {*NAMES, *(word for place in places for word in re.findall(r"\w+", place))}
    german, english = Locale("de"), Locale("en")
    words |= {*english.languages, *english.currencies} - {*german.languages, *german.currencies}
    for names in (german.territories, german.languages, german.currencies):
        words |= {word for name in names.values() for word in re.findall(r"\w+", name)}
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            for value in row:
                words |= set(re.findall(r"[\w@.+-]{2,}", str(value)))
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)")


@pytest.fixture
def there(app: Flask, staff: list[str]) -> World:
    there = world.build(app.extensions["settings"])
    for person in db.session.scalars(select(User)):
        person.language = "de"
    db.session.commit()
    return there


@pytest.mark.parametrize("key", ["administrators", None])
@pytest.mark.one_engine("sqlite", reason="pages do not depend on the engine")
def test_every_text_on_every_page_is_from_the_catalogue(
    key: str | None, app: Flask, there: World, marked: None, client: Client
) -> None:
    data = kept()
    if key:
        client.sign_in(key)
    found: dict[str, str] = {}
    asked = 0
    for case in cases(app, Person(key), there):
        ask = client.get if case.method == "GET" else client.post
        options = {} if case.method == "GET" else {"data": case.data}
        answer = ask(case.path, headers={"Accept-Language": "de"}, **options)
        if answer.mimetype == "text/html" and answer.status_code // 100 != 3:
            asked += 1
            for text in bare(answer.text, data):
                found.setdefault(text, f"{case.method} {case.path}")
    assert "\n".join(map(str, sorted(found.items()))) == ""
    assert asked > (100 if key else 10)

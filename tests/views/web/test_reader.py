"""Pages appear in the language of their reader."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask

from backoffice import clock, languages
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.html import read
from views.web.times import _said


@pytest.fixture
def vera(client: Client, cast: Cast) -> Client:
    return client.sign_in("vera")


@pytest.fixture
def german(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """Replace the product's translations with a few words of German."""
    catalog = Catalog(locale="de")
    catalog.add("Profile", "Profil")
    catalog.add(
        ("%(num)d hour ago", "%(num)d hours ago"), ("vor %(num)d Stunde", "vor %(num)d Stunden")
    )
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    babel = app.extensions["babel"]
    monkeypatch.setattr(babel, "translation_directories", [str(tmp_path)])
    monkeypatch.setattr(babel.instance.domain_instance, "cache", {})
    monkeypatch.setattr(languages, "translated", lambda: ("en", "de"))
    _said.cache_clear()
    yield
    _said.cache_clear()


def heading(page: Any) -> tuple[str, str]:
    found = read(page)
    return found.one("html")["lang"], found.one("h1").text


def test_pages_are_in_the_persons_language(german: None, vera: Client, cast: Cast) -> None:
    """The language that the browser asks for does not matter."""
    other = {"Accept-Language": "de"}
    assert heading(vera.get("/account/", headers=other)) == ("en", "Profile")
    cast.vera.language = "de"
    assert heading(vera.get("/account/")) == ("de", "Profil")


@pytest.mark.parametrize(
    "asked, spoken",
    [
        ("de-AT,de;q=0.9", "de"),
        ("fr,de;q=0.5", "de"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
        ("\x7f;q=x", "en"),
    ],
)
def test_whoever_is_signed_out_sees_what_the_browser_asks_for(
    german: None, client: Client, asked: str, spoken: str
) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": asked})
    assert read(page).one("html")["lang"] == spoken


def test_a_language_without_texts_is_shown_in_english_and_says_so(
    vera: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "translated", lambda: ("en",))
    cast.vera.language = "de"
    assert heading(vera.get("/account/")) == ("en", "Profile")


def test_at_least_english_and_german_can_be_chosen() -> None:
    assert {("de", "Deutsch"), ("en", "English")} <= set(languages.offered())


def test_times_are_said_in_the_language_too(german: None, client: Client, cast: Cast) -> None:
    cast.olivia.language = "de"
    cast.vera.created_at = clock.now() - timedelta(hours=3, minutes=1)
    client.sign_in("olivia")
    said = [e.text for e in read(client.get(f"/admin/users/{cast.vera.id}")).all("time")]
    assert "vor 3 Stunden" in said

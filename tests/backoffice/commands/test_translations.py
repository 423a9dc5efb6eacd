"""Every language has every text, keeps its values, and is compiled; adding one is a command."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.mofile import read_mo
from flask import Flask

from backoffice import languages
from backoffice.auth import two_factor
from backoffice.commands import translations

Run = Callable[..., Any]
CODES = [code for code in languages.translated() if code != languages.DEFAULT]
PLACE = re.compile(r"%\((\w+)\)s|\{(\w+)\}")

pytestmark = pytest.mark.one_engine("sqlite", reason="nothing is asked of a database")


def ids(catalog: Catalog) -> set[Any]:
    return {entry.id for entry in catalog if entry.id}


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_translated_and_none_is_left_over(code: str, app: Flask) -> None:
    """`make translations` collects the texts; write what is missing, and call it again."""
    catalog = translations.read(code)
    assert translations.missing(catalog) == []
    wanted = translations.template()
    assert ids(wanted) - ids(catalog) == set(), "make translations"
    assert ids(catalog) - ids(wanted) == set(), "no longer said: make translations"


def test_texts_are_collected_from_everywhere(app: Flask) -> None:
    """From sources, from templates of pages and mails, from columns, choices and nouns."""
    found = ids(translations.template())
    texts = {"Show what I type", "Choose only one.", "Created at", "No 2FA", "Client tags", "Block"}
    assert texts <= found
    assert ("person", "people") in found
    assert set(two_factor.CHANGED.values()) <= found
    assert len(found) > 1000


def places(text: str) -> set[str]:
    return {name or number for name, number in PLACE.findall(text)}


@pytest.mark.parametrize("code", CODES)
def test_every_value_stays_in_the_sentence(code: str) -> None:
    for entry in translations.read(code):
        if isinstance(entry.id, tuple):
            several = places(entry.id[1])
            assert all(places(form) <= several for form in entry.string), entry.id
            assert places(entry.string[-1]) == several, entry.id
        elif entry.id:
            assert places(entry.string) == places(entry.id), entry.id


def forms(string: Any) -> list[str]:
    """Return the forms of a plural, or the one text."""
    return [string] if isinstance(string, str) else list(string)


@pytest.mark.parametrize("code", CODES)
def test_what_is_compiled_is_what_was_written(code: str) -> None:
    written = translations.read(code)
    with translations.PRODUCT.path_of(code).with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    for entry in written:
        if entry.id:
            assert forms(compiled[entry.id].string) == forms(entry.string)


def test_a_language_is_added_by_one_command(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "translations"
    shutil.copytree(languages.FOLDER, folder)
    monkeypatch.setattr(languages, "FOLDER", folder)
    product = replace(translations.PRODUCT, catalogues=folder)
    monkeypatch.setattr(translations, "PRODUCT", product)
    done = run("backoffice", "translations", "--add", "fr")
    assert done.exit_code == 0, done.output
    assert re.search(r"/fr/LC_MESSAGES/messages.po: (\d+) texts, \1 without", done.output)
    assert re.search(r"/de/LC_MESSAGES/messages.po: \d+ texts, 0 without", done.output)
    languages.translated.cache_clear()
    try:
        assert languages.translated() == ("en", "de", "fr")
    finally:
        monkeypatch.undo()
        languages.translated.cache_clear()


def test_what_is_no_language_is_said(app: Flask, run: Run) -> None:
    done = run("backoffice", "translations", "--add", "klingon")
    assert done.exit_code == 1
    assert "“klingon” is no language: give a code, such as fr." in done.output


def test_a_command_speaks_the_language_of_its_shell(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_AT.UTF-8")
    said = run("backoffice", "translations", "--add", "klingon").output
    assert "„klingon“" in said

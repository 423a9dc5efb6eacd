"""Events as people read them."""

import pytest
from flask import Flask

from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act
from tests.support.html import read


@pytest.mark.parametrize(
    "language, sentence", [("en", "Status: Active → Blocked"), ("de", "Status: Aktiv → Gesperrt")]
)
def test_what_changed_is_said_in_the_words_of_the_pages(
    app: Flask, client: Client, cast: Cast, language: str, sentence: str
) -> None:
    cast.olivia.language = language
    settle()
    act(client.sign_in("olivia"), "users", "block", cast.max.id)
    page = read(client.get(f"/admin/users/{cast.max.id}?tab=events"))
    assert sentence in [line.text for line in page.one("ul", class_="changes").all("li")]

"""A mask that cannot be, or that is not said where it has to be, stops the start."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from backoffice.actions.engine import Reveal, Value
from backoffice.models import fields, masks
from backoffice.models.base import records
from backoffice.models.client import Client
from backoffice.models.wallet import Wallet
from backoffice.places import DeclarationError
from views.screen import checks

pytestmark = pytest.mark.one_engine("sqlite", reason="the start asks no database")


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Forget what was found out of models, before and after they are changed."""
    for _each in (1, 2):
        masks.of.cache_clear()
        masks.names.cache_clear()
        if _each == 1:
            yield


@pytest.fixture
def say(app: Flask, forgotten: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return the function that says the mask of a column of clients."""

    def say(name: str, mask: str) -> None:
        monkeypatch.setitem(fields.column(Client, name).info, "mask", mask)

    return say


@pytest.mark.parametrize(
    "name, mask, words",
    [
        (
            "external_id",
            "stars",
            "there is no mask 'stars': use one of email, file, name, phone, text.",
        ),
        ("external_id", "email", "a column of the kind 'text' takes no mask 'email': leave it out"),
        ("status", "text", "a column of the kind 'choice' takes no mask 'text': leave it out"),
        ("joined_at", "name", "a column of the kind 'time' takes no mask 'name': leave it out"),
        ("email_key", "text", "a hidden column takes no mask 'text': leave it out"),
    ],
)
def test_a_mask_that_cannot_be_stops_the_start(
    say: Callable[..., None], name: str, mask: str, words: str
) -> None:
    say(name, mask)
    with pytest.raises(DeclarationError) as stopped:
        checks.check_masks()
    assert f"Client.{name}: {words}" in str(stopped.value)


@pytest.mark.parametrize(
    "said, words",
    [
        ({}, "Client.name is computed, and may tell what is masked: say its mask"),
        ({"name": "stars"}, "Client.name: there is no mask 'stars'"),
        ({"name": "", "nickname": "name"}, "names 'nickname', which it does not have"),
    ],
)
def test_what_is_made_of_masked_columns_says_its_mask(
    app: Flask, forgotten: None, monkeypatch: pytest.MonkeyPatch, said: Any, words: str
) -> None:
    monkeypatch.setattr(Client, "__masks__", said)
    with pytest.raises(DeclarationError) as stopped:
        checks.check_masks()
    assert words in str(stopped.value)


def test_all_models_say_their_masks(app: Flask) -> None:
    checks.check_masks()
    masked = {model.__tablename__ for model in records() if masks.names(model)}
    assert {"clients", "companies"} <= masked
    assert masks.names(Client) == {"name", "first_name", "last_name", "email", "phone"}


def test_nothing_is_revealed_where_nothing_is_masked(app: Flask) -> None:
    with pytest.raises(DeclarationError, match="Wallet has no column with a mask"):
        type("RevealWallet", (Reveal,), {"model": Wallet})


def test_a_value_of_a_masked_column_is_called_like_it(app: Flask) -> None:
    """By its name, events know that it is masked."""
    assert Value(Client.phone).declared_as("phone").label
    with pytest.raises(DeclarationError, match="call it so"):
        Value(Client.phone).declared_as("new_phone")

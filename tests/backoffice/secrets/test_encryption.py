"""Secrets that have to be read again are encrypted and bound to their purpose.

They stay readable with older keys.
"""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.secrets import encryption
from backoffice.secrets.encryption import Unreadable, decrypt, encrypt, key_id
from backoffice.settings import Settings

OLD, NEW, OTHER = (
    f"{name} key of more than thirty-two characters" for name in ("old", "new", "other")
)
SECRET = "JBSWY3DPEHPK3PXP"


def settings(*keys: str, secret_key: str = "s" * 32) -> Settings:
    return Settings(environment="test", secret_key=secret_key, encryption_keys=keys)


@given(st.text(), st.text())
def test_what_is_sealed_can_be_read_again(text: str, about: str) -> None:
    assert (
        decrypt(
            encrypt(text, about=about, settings=settings(NEW)), about=about, settings=settings(NEW)
        )
        == text
    )


def test_a_sealed_text_names_its_key_and_shows_nothing_else() -> None:
    sealed = encrypt(SECRET, about="x", settings=settings(NEW, OLD))
    name, _, rest = sealed.partition(".")
    assert name == key_id(NEW)
    assert len(base64.urlsafe_b64decode(rest)) == 12 + len(SECRET) + 16, (
        "a nonce, the text and a seal"
    )
    assert SECRET not in sealed
    assert len(sealed) <= 300, "as long as its column"


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert len({encrypt(SECRET, about="x", settings=settings(NEW)) for _ in range(50)}) == 50


def test_a_key_id_tells_nothing_of_the_key() -> None:
    assert len({key_id(key) for key in (OLD, NEW, OTHER)}) == 3
    assert all(part not in NEW for part in (key_id(NEW), key_id(NEW)[:4]))


def test_older_keys_read_and_the_newest_writes() -> None:
    old = encrypt(SECRET, about="x", settings=settings(OLD))
    both = settings(NEW, OLD)
    assert decrypt(old, about="x", settings=both) == SECRET
    assert not old.startswith(encryption.newest_prefix(both))
    assert encrypt(SECRET, about="x", settings=both).startswith(encryption.newest_prefix(both))


def test_without_keys_of_their_own_secrets_have_the_secret_key() -> None:
    plain = settings(secret_key=OLD)
    sealed = encrypt(SECRET, about="x", settings=plain)
    assert decrypt(sealed, about="x", settings=settings(NEW, OLD)) == SECRET, (
        "and it can be named as an older key"
    )
    with pytest.raises(Unreadable):
        decrypt(sealed, about="x", settings=settings(NEW, secret_key=OLD))


def test_a_missing_key_is_named() -> None:
    sealed = encrypt(SECRET, about="x", settings=settings(OLD))
    with pytest.raises(Unreadable, match=f"No key {key_id(OLD)}"):
        decrypt(sealed, about="x", settings=settings(NEW, OTHER))


def swapped(sealed: str) -> str:
    """Return the same text under another key's name."""
    return f"{key_id(OTHER)}.{sealed.partition('.')[2]}"


def flipped(place: int) -> Callable[[str], str]:
    """Return the text with one bit changed."""

    def change(sealed: str) -> str:
        name, _, rest = sealed.partition(".")
        raw = bytearray(base64.urlsafe_b64decode(rest))
        raw[place] ^= 1
        return f"{name}.{base64.urlsafe_b64encode(bytes(raw)).decode()}"

    return change


CHANGES = {
    "nonce": flipped(0),
    "text": flipped(12),
    "seal": flipped(-1),
    "cut": lambda sealed: sealed[:-4],
    "cut to the nonce": lambda sealed: sealed[:25],
    "no text": lambda sealed: sealed.partition(".")[0] + ".",
    "no dot": lambda sealed: sealed.replace(".", ""),
    "nothing": lambda _sealed: "",
    "not base 64": lambda sealed: sealed.partition(".")[0] + ".ſ%",
    "another key's name": swapped,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_was_changed_cannot_be_read(change: Callable[[str], str]) -> None:
    both = settings(NEW, OTHER)
    with pytest.raises(Unreadable):
        decrypt(change(encrypt(SECRET, about="x", settings=both)), about="x", settings=both)


@pytest.mark.parametrize(
    "about", ["authenticator of user 2", "authenticator of user 11", "", "message x to y"]
)
def test_what_was_sealed_for_something_else_cannot_be_read(about: str) -> None:
    sealed = encrypt(SECRET, about="authenticator of user 1", settings=settings(NEW))
    with pytest.raises(Unreadable):
        decrypt(sealed, about=about, settings=settings(NEW))


def test_no_key_is_shown_where_settings_are() -> None:
    shown = repr(replace(settings(NEW, OLD), smtp_url="smtp://user:word@mail"))
    assert [key for key in (NEW, OLD, "s" * 32) if key in shown] == []

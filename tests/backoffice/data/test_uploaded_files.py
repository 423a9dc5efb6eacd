"""Files that a request removes: quickly, or not by itself."""

import pytest
from flask import Flask

from backoffice import limits
from backoffice.data import uploaded_files
from backoffice.data.storage import Folder
from backoffice.models.user import User

COLUMN = User.__table__.c.avatar


class Slow(Folder):
    """A store that takes a second for each file."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []

    def delete(self, key: str) -> None:
        self.now += 1
        self.asked.append(key)
        raise OSError

    def monotonic(self) -> float:
        return self.now


def test_nobody_waits_long_for_files_to_go(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Slow()
    monkeypatch.setattr(uploaded_files.time, "monotonic", store.monotonic)
    keys = [f"{number:032x}" for number in range(500)]
    uploaded_files.discard(store, COLUMN, keys)
    assert len(store.asked) == limits.REMOVING + 1

"""A token of a client is used once, whoever asks first."""

from collections import Counter
from datetime import timedelta
from functools import partial

from flask import Flask
from sqlalchemy import update

from backoffice.clients import tokens
from backoffice.extensions import db
from backoffice.models.client_token import ClientToken
from backoffice.testing.client import settle
from backoffice.transactions import begin
from tests.support.clients import added
from tests.support.races import ROUNDS, at_once


def used(app: Flask, value: str) -> str:
    with app.app_context():
        begin(writing=True)
        state = tokens.use_token(value).state
        db.session.commit()
        return state


def test_of_two_uses_at_once_one_counts(app: Flask) -> None:
    client = added()
    valid = timedelta(hours=1)
    (issued,) = tokens.issue_many(client.alone(), purpose="password", valid=valid)
    settle()
    for _ in range(ROUNDS):
        use = partial(used, app, issued.value)
        assert Counter(at_once([use, use])) == {"ok": 1, "used": 1}
        db.session.execute(update(ClientToken).values(state="sent"))
        settle()

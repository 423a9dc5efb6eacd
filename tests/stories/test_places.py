"""An IP whitelist also holds for links: they do not work from an address outside it."""

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.auth import links
from backoffice.extensions import db
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.html import read
from tests.support.links import WORDS, fresh_link, newcomer

KINDS = {"invited": links.INVITATION, "active": links.PASSWORD}


@pytest.mark.parametrize("status", list(KINDS))
@pytest.mark.parametrize("whitelist, works", [(["203.0.113.7/32"], False), (["127.0.0.0/8"], True)])
def test_a_link_is_of_no_use_from_elsewhere(
    app: Flask, cast: Cast, status: str, whitelist: list[str], works: bool
) -> None:
    cast.vera.status, cast.vera.ip_whitelist = status, whitelist
    settle()
    answer = newcomer(app).post(fresh_link(cast.vera, KINDS[status]), WORDS)
    assert answer.status_code == (303 if works else 422)
    settle()
    assert (db.session.scalars(select(Token.used_at)).one() is not None) is works
    assert db.session.get_one(User, cast.vera.id).status == ("active" if works else status)
    if not works:
        assert "cannot be used from where you are" in read(answer).one("main").text

"""What the tests of a company lack is said in words."""

import pytest
from flask import Flask

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.testing import access, rows, walk
from backoffice.testing.asking import Person, Unknown, World
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client

LACKING = "no row of ClientTag to ask for: give two of them in the fixture that stores rows"


def test_a_model_without_rows_is_named(app: Flask) -> None:
    screen = next(each for each in app.extensions["screens"] if each.model is ClientTag)
    with pytest.raises(Unknown, match=LACKING):
        list(walk.addresses(app, screen, World({})))
    with pytest.raises(Unknown, match=LACKING):
        list(access.cases(app, Person("managers"), World({}), [screen]))


def test_two_rows_of_each_model_are_asked_for(app: Flask, cast: Cast) -> None:
    with pytest.raises(Unknown, match="give two rows of each model"):
        rows.stored()
    with pytest.raises(Unknown, match="give two rows of ClientTag"):
        rows.stored(ClientTag(name="North"))


def test_a_group_that_there_is_not_is_named(app: Flask, client: Client) -> None:
    with pytest.raises(AssertionError, match="no group has the key 'manager': use administrators"):
        access.faults(app, client, "manager", World({}))
    with pytest.raises(AssertionError, match="does BACKOFFICE_APPS name yours"):
        access.faults(app, client, "managers", World({}))


def test_somebody_who_is_not_of_the_cast_is_named(app: Flask, cast: Cast) -> None:
    with pytest.raises(AttributeError, match="nobody is called 'bob': the fixture `cast` adds"):
        _ = cast.bob
    db.session.rollback()
    assert cast.max.first_name == "Max"

"""What the tests of screens share: a world with enough in it, and olivia in it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask

from tests.support import zoo as the_zoo
from tests.support.cast import Cast
from tests.support.client import Client


@pytest.fixture
def zoo(stage: Any, app: Flask, world: Callable[..., None]) -> Cast:
    """The cast among 65 people who are much alike, with groups, tags and a bulk run."""
    world("zoo", partial(the_zoo.build, stage.settings))
    return Cast()


@pytest.fixture
def olivia(zoo: Cast, client: Client) -> Client:
    """Olivia, who may everything, signed in among them."""
    return client.sign_in("olivia")

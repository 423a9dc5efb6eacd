"""Two administrators act against each other at the same moment: one of them always stays."""

from collections.abc import Callable
from functools import partial
from itertools import cycle, islice

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from backoffice import events
from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.policy import grants
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group
from tests.support.races import ROUNDS, PutBack, at_once

PAIRS = (
    ("block", "block"),
    ("revoke", "revoke"),
    ("delete", "delete"),
    ("remove_from_group", "remove_from_group"),
    ("edit", "edit"),
    ("block", "edit"),
    ("delete", "remove_from_group"),
    ("edit", "revoke"),
)
Act = Callable[[], TestResponse]


@pytest.fixture
def admins(app: Flask, cast: Cast) -> list[str]:
    """The names of Olivia and two more administrators, who can all sign in."""
    for name in ("ada", "carl"):
        the_cast.add(name, group="administrators", settings=app.extensions["settings"])
    db.session.commit()
    return ["olivia", "ada", "carl"]


def signed_in(app: Flask, name: str) -> Client:
    visitor = app.test_client().sign_in(name)
    assert isinstance(visitor, Client)
    visitor.token()  # read before the race, not in it
    return visitor


def prepared(visitor: Client, name: str, action: str, victim: User) -> Act:
    """Return the one request that does it; a preview is made beforehand."""
    if action == "edit":
        form = {"version": victim.version, "groups": ""}
        return partial(visitor.post, f"/admin/users/{victim.id}/edit", form)
    found = find(f"users.{action}")
    assert found is not None
    chosen = {"group": [group("administrators").id]} if found.parameters else {}
    shown = preview(
        actor=Cast().actor(name),
        action=found,
        selection=Selection(ids=[victim.id]),
        parameters=chosen,
    )
    words = {"reason": "A quarrel", "confirm": f"{action} 1"}
    path = f"/admin/users/actions/{action.replace('_', '-')}/{shown.run.token}"
    return partial(visitor.post, path, words)


def rescuers() -> int:
    settle()
    return len(db.session.scalars(select(User.id).where(grants.administers())).all())


@pytest.mark.slow
def test_two_administrators_never_remove_each_other(
    app: Flask, cast: Cast, admins: list[str]
) -> None:
    cast.carl.status = "blocked"
    visitors = {name: signed_in(app, name) for name in ("olivia", "ada")}
    before = PutBack(cast.olivia, cast.ada)
    for number, (hers, theirs) in enumerate(islice(cycle(PAIRS), ROUNDS)):
        acts = [
            prepared(visitors["olivia"], "olivia", hers, cast.ada),
            prepared(visitors["ada"], "ada", theirs, cast.olivia),
        ]
        answers = [answer.status_code for answer in at_once(acts)]
        assert rescuers() == 1, f"round {number}: {hers} against {theirs}, answered {answers}"
        assert set(answers) <= {303, 403, 422}, f"round {number}: {hers} against {theirs}"
        before.now()
    # The rounds give erased people their names again, but their events stay emptied.
    put_back = "was not erased"
    assert [fault for fault in events.verify() if put_back not in fault] == []


@pytest.mark.slow
def test_two_administrators_act_on_a_third_without_a_deadlock(
    app: Flask, cast: Cast, admins: list[str]
) -> None:
    """A form and an action take their locks in the same order.

    Nobody is told that the database is away.
    """
    visitors = {name: signed_in(app, name) for name in ("olivia", "ada")}
    before = PutBack(cast.carl)
    for number, theirs in enumerate(islice(cycle(("block", "remove_from_group", "edit")), 30)):
        acts = [
            prepared(visitors["olivia"], "olivia", "edit", cast.carl),
            prepared(visitors["ada"], "ada", theirs, cast.carl),
        ]
        answers = sorted(answer.status_code for answer in at_once(acts))
        assert answers in ([303, 303], [303, 409]), f"round {number}: edit against {theirs}"
        before.now()

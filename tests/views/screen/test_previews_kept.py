"""A preview that nobody runs is kept for an hour, to the second, and is then forgotten."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkItem, BulkRun
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, decided, group, groups_of, previewed, status_of, token_of
from tests.support.told import fault

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def later(still: datetime, app: Flask, cast: Cast) -> datetime:
    """An hour later; whoever acts then has signed in anew."""
    return still + HOUR


@pytest.fixture
def olivia(later: datetime, client: Client) -> Client:
    return client.sign_in("olivia")


def previews() -> set[str]:
    """Return the actions whose previews wait to be run, with rows that are kept for them."""
    settle()
    kept = set(db.session.scalars(select(BulkItem.run_id)))
    planned = db.session.scalars(select(BulkRun).where(BulkRun.state == "planned"))
    return {run.action for run in planned if run.id in kept}


def test_after_an_hour_to_the_second_it_can_still_be_run(
    olivia: Client, later: datetime, cast: Cast
) -> None:
    page = previewed(olivia, "users", "block", cast.max.id)
    with clock.at(later):
        olivia.sign_in("olivia")
        assert decided(olivia, "users", "block", token_of(page)).location == "/admin/users/"
    assert status_of(cast.max) == "blocked"


def test_a_second_later_it_is_not_there_any_more(
    olivia: Client, later: datetime, cast: Cast
) -> None:
    page = previewed(olivia, "users", "block", cast.max.id)
    with clock.at(later + SECOND):
        olivia.sign_in("olivia")
        for answer in (
            olivia.get(page.request.path),
            decided(olivia, "users", "block", token_of(page)),
        ):
            assert answer.status_code == 404
            assert fault(answer) == (
                "This preview is not there any more: one that is not run is kept for an hour."
                " Choose the rows again."
            )
    assert status_of(cast.max) == "active"


def test_the_next_preview_forgets_those_that_are_too_old_and_no_others(
    olivia: Client, later: datetime, cast: Cast
) -> None:
    previewed(olivia, "users", "block", cast.max.id)
    with clock.at(later - HOUR + SECOND):
        previewed(olivia, "users", "revoke", cast.max.id)
        done = act(olivia, "users", "end-sessions", cast.olivia.id, cast.max.id)
    with clock.at(later + SECOND):
        olivia.sign_in("olivia")
        previewed(olivia, "users", "delete", cast.vera.id)
    assert previews() == {"users.revoke", "users.delete"}
    settle()
    assert db.session.get_one(BulkRun, done.id).state == "done", "what was run is history"


def test_a_late_choice_gives_it_another_hour(olivia: Client, later: datetime, cast: Cast) -> None:
    """The hour begins anew when the group is chosen, because the rows are judged anew then."""
    page = previewed(olivia, "users", "add-to-group", cast.max.id)
    path = page.request.path
    with clock.at(later - SECOND):
        olivia.sign_in("olivia")
        chosen = olivia.post(path, {"step": "choose", "with.group": group("viewers").id})
        assert chosen.status_code == 303
    with clock.at(later - SECOND + HOUR):
        olivia.sign_in("olivia")
        assert decided(olivia, "users", "add-to-group", token_of(page)).status_code == 303
    assert "Viewers" in groups_of(cast.max)


def test_a_run_is_remembered_however_old_it_is(olivia: Client, later: datetime, cast: Cast) -> None:
    """Its address leads to the result: whoever goes back to it is not told that it is gone."""
    page = previewed(olivia, "users", "block", cast.max.id)
    decided(olivia, "users", "block", token_of(page))
    with clock.at(later + 24 * HOUR):
        olivia.sign_in("olivia")
        assert "/admin/bulk-runs/" in str(olivia.get(page.request.path).location)

"""What the last check of the log found stands above the log and on home, and people ask for one."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock, slots
from backoffice.extensions import db
from backoffice.jobs import check_events, purge
from backoffice.models.event_check import EventCheck
from backoffice.models.group import Group
from backoffice.settings import configured
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, group
from tests.support.html import read

LIST = "/admin/events/?view=all"
CHECK = "/admin/events/check"


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    act(client.sign_in("olivia"), "users", "block", cast.eve.id, cast.max.id)
    return client


def line(client: Client, path: str = LIST) -> str:
    return read(client.get(path)).one("p", class_="check-line").text


def keep(**values: object) -> None:
    found = {"at": clock.now(), "newest_id": 2, "newest_hash": "0" * 64, "faults": 0} | values
    db.session.add(EventCheck(**found))
    db.session.commit()


def number_of_checks() -> int:
    settle()
    return db.session.scalar(select(func.count(EventCheck.id))) or 0


def test_olivia_has_the_log_checked(olivia: Client) -> None:
    assert "was not checked yet" in read(olivia.get(LIST)).one("main").text
    answer = olivia.post(CHECK)
    assert (answer.status_code, answer.location) == (303, "/admin/events/")
    said = "The log was complete and unchanged up to event 1. just now"
    assert line(olivia) == said
    assert line(olivia, "/") == said


def test_faults_are_told_with_their_events_and_need_attention(olivia: Client) -> None:
    keep(faults=1200, first_faults=["Event 2 is missing.", "Event 3 was changed."])
    main = read(olivia.get(LIST)).one("main").text
    assert "The check of the log found 1,200 faults." in main
    assert "Event 2 is missing. Event 3 was changed." in main
    home = read(olivia.get("/"))
    assert "1,200 faults in the events log" in home.one("ul", class_="needs").text


def test_faults_are_told_in_german(olivia: Client, cast: Cast) -> None:
    cast.olivia.language = "de"
    settle()
    keep(faults=1, first_faults=["Events 2 to 7 are missing."])
    main = read(olivia.get(LIST)).one("main").text
    assert "Die Prüfung des Protokolls fand 1 Fehler." in main
    assert "Die Ereignisse 2 bis 7 fehlen." in main


def test_a_check_that_is_overdue_is_told(olivia: Client) -> None:
    keep(at=clock.now() - timedelta(days=3))
    assert "not checked for days" in read(olivia.get(LIST)).one("main").text


def test_who_may_not_check_sees_the_result_and_no_button(
    app: Flask, olivia: Client, cast: Cast
) -> None:
    olivia.post(CHECK)
    vera = app.test_client().sign_in("vera")
    assert "complete and unchanged" in line(vera)
    assert "Check now" not in read(vera.get(LIST)).one("main").text
    assert vera.post(CHECK).status_code == 403
    found = db.session.get_one(Group, group("viewers").id)
    found.permissions = ["users.view"]
    settle()
    assert "complete and unchanged" not in vera.get("/").text


def test_a_long_log_is_checked_by_a_worker(
    app: Flask, olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.limits.EVENTS_CHECKED", 0)
    waiting = app.extensions["jobs"].huey.storage
    waiting.flush_all()
    assert olivia.post(CHECK).status_code == 303
    assert app.extensions["jobs"].huey.dequeue().name == check_events.JOB
    assert number_of_checks() == 0
    assert "A worker checks the log now." in olivia.get(LIST).text


def test_one_check_runs_at_a_time(olivia: Client) -> None:
    with slots.event_checks().taken():
        assert olivia.post(CHECK).status_code == 503
    assert number_of_checks() == 0
    assert olivia.post(CHECK).status_code == 303


def test_nobody_asks_for_checks_all_the_time(olivia: Client) -> None:
    assert [olivia.post(CHECK).status_code for _ in range(4)] == [303, 303, 303, 429]
    assert number_of_checks() == 3


def test_old_results_go(olivia: Client, still: datetime) -> None:
    keep(at=still - timedelta(days=367))
    keep(at=still)
    purge.run(configured(), lambda: False)
    assert number_of_checks() == 1

"""Every night a worker checks the log, and puts its newest hash where EVENTS_ANCHOR says."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from structlog.testing import capture_logs

from backoffice import events
from backoffice.events import anchors
from backoffice.extensions import db
from backoffice.jobs import check_events
from backoffice.mail.delivery import deliver_due
from backoffice.models.event import Event
from backoffice.models.event_check import EventCheck
from backoffice.models.message import Message
from backoffice.settings import Settings, SettingsError
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from tests.support.smtp import Server


@pytest.fixture
def two_events(cast: Cast) -> None:
    for action in ("x.first", "x.second"):
        events.record(actor=cast.actor("olivia"), action=action)
    db.session.commit()


def checked() -> EventCheck:
    settle()
    return db.session.scalars(select(EventCheck)).one()


def test_the_result_is_kept_and_the_hash_is_logged(
    two_events: None, app_with: Callable[..., Flask]
) -> None:
    settings = app_with(events_anchor=("log",)).extensions["settings"]
    with capture_logs() as logs:
        check_events.run(settings, lambda: False)
    newest = db.session.get_one(Event, 2)
    assert (checked().newest_id, checked().newest_hash, checked().faults) == (2, newest.hash, 0)
    said = [(each["event"], each["number"], each["hash"]) for each in logs]
    assert said == [("events_anchor", 2, newest.hash)]


def test_faults_are_an_error_in_the_log(app: Flask, two_events: None) -> None:
    db.session.add(EventCheck(at=db.session.get_one(Event, 1).at, newest_id=9, newest_hash="0" * 64,
                              faults=0))  # fmt: skip
    db.session.commit()
    with capture_logs() as logs:
        check_events.run(app.extensions["settings"], lambda: False)
    (said,) = logs
    assert (said["log_level"], said["event"], said["faults"]) == ("error", "events_log_at_fault", 1)
    assert "event 9 was anchored" in said["first"]


def test_nothing_is_anchored_before_the_first_event(
    cast: Cast, app_with: Callable[..., Flask], tmp_path: Path
) -> None:
    file = tmp_path / "anchors"
    settings = app_with(events_anchor=(f"file:{file}",)).extensions["settings"]
    assert check_events.publish(settings) is None
    assert not file.exists()


def test_the_anchor_is_mailed(
    two_events: None, app_with: Callable[..., Flask], smtp: Server
) -> None:
    app = app_with(events_anchor=("mail:auditor@example.com",), smtp_url=smtp.url)
    settings = app.extensions["settings"]
    anchor = check_events.publish(settings)
    message = db.session.scalars(select(Message)).one()
    assert (message.address, message.user_id) == ("auditor@example.com", None)
    deliver_due(settings)
    (mail,) = smtp.mails
    assert str(anchor) in mail.text
    assert anchors.parsed(str(anchor)) == anchor


def test_a_file_that_cannot_be_written_fails_the_job_and_not_the_check(
    two_events: None, app_with: Callable[..., Flask], tmp_path: Path
) -> None:
    settings = app_with(events_anchor=(f"file:{tmp_path}",)).extensions["settings"]
    with pytest.raises(OSError, match="directory"):
        check_events.run(settings, lambda: False)
    assert checked().faults == 1  # what cannot be read is told
    assert stat.S_ISDIR(tmp_path.stat().st_mode)


@pytest.mark.parametrize("value", ["file", "file:relative", "mail:nobody", "syslog", "log,what"])
def test_a_place_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="EVENTS_ANCHOR"):
        Settings.from_environment({"BACKOFFICE_ENV": "demo", "EVENTS_ANCHOR": value})

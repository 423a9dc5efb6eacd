"""Whatever is changed behind the product's back in the log or its comments is found, and where."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from backoffice import clock, events, transactions
from backoffice.events import anchors, checks
from backoffice.events.anchors import Anchor
from backoffice.extensions import db
from backoffice.jobs import check_events
from backoffice.models.event import Event
from backoffice.models.event_check import EventCheck
from backoffice.models.event_comment import EventComment
from backoffice.policy.actor import system
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle, without_app
from tests.support.acting import act
from tests.support.statements import counted

TABLES = ("events", "event_comments")
COLUMNS = [column.key for column in EventComment.__table__.columns]
FORGED: dict[str, Any] = {
    "id": 900, "event_id": 2, "author_id": 77, "text": "She asked for it.", "salt": "0" * 32,
    "text_hash": "f" * 64, "version": 9,
}  # fmt: skip


@pytest.fixture
def story(client: Client, cast: Cast) -> Event:
    """Block two people, comment on the first of the events, change that, and comment again."""
    client.sign_in("olivia")
    act(client, "users", "block", cast.max.id, cast.vera.id, reason="left the company")
    first = newest(2)[0]
    path = f"/admin/events/{first.id}/comments"
    assert client.post(path, {"text": "On Friday."}).status_code == 303
    settle()
    comment = db.session.scalars(select(EventComment)).one()
    changed = {"text": "On Monday.", "version": comment.version}
    assert client.post(f"{path}/{comment.id}", changed).status_code == 303
    assert client.post(path, {"text": "Keys are back."}).status_code == 303
    settle()
    assert events.verify() == []
    settle()
    return first


def newest(number: int) -> list[Event]:
    settle()
    found = db.session.scalars(select(Event).order_by(Event.id.desc()).limit(number)).all()
    return list(reversed(found))


@pytest.fixture
def unguarded(app: Flask, story: Event) -> Iterator[None]:
    """Drop the triggers, as somebody with the database's password could."""
    if db.engine.dialect.name == "postgresql":
        for table in TABLES:
            db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        yield
        db.session.rollback()
        for table in TABLES:
            db.session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))
        db.session.commit()
        return
    statement = text(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
        "AND tbl_name IN ('events', 'event_comments')"
    )
    triggers = db.session.execute(statement).all()
    for name, _sql in triggers:
        db.session.execute(text(f"DROP TRIGGER {name}"))
    yield
    db.session.rollback()
    present = {name for name, _sql in db.session.execute(statement)}
    for name, sql in triggers:
        if name not in present:
            db.session.execute(text(sql))
    db.session.commit()


def run_sql(statement: str, **values: object) -> None:
    db.session.execute(text(statement), values)
    db.session.expire_all()


def test_a_changed_event_is_found(story: Event, unguarded: None) -> None:
    run_sql("UPDATE events SET action = 'users.unblock' WHERE id = :id", id=story.id)
    assert events.verify() == [f"Event {story.id} was changed."]


def test_a_changed_reason_is_found(story: Event, unguarded: None) -> None:
    run_sql("UPDATE events SET reason = 'on holiday' WHERE id = :id", id=story.id)
    assert events.verify() == [f"The details of event {story.id} were changed."]


def test_a_removed_event_is_found(story: Event, unguarded: None) -> None:
    number = story.id
    run_sql("DELETE FROM events WHERE id = :id", id=number)
    assert events.verify() == [
        f"Event {number} is missing.",
        f"Event {number + 1} does not continue the event before it.",
    ]


def test_two_events_that_changed_places_are_found(story: Event, unguarded: None) -> None:
    first, second = story.id, story.id + 1
    run_sql("UPDATE events SET id = -1 WHERE id = :id", id=first)
    run_sql("UPDATE events SET id = :to WHERE id = :id", id=second, to=first)
    run_sql("UPDATE events SET id = :to WHERE id = -1", to=second)
    found = events.verify()
    assert f"Event {first} was changed." in found
    assert f"Event {second} was changed." in found
    assert all(str(first) in fault or str(second) in fault for fault in found[:4])


def test_a_tail_that_was_cut_off_is_found_by_the_check_before(
    story: Event, app: Flask, unguarded: None
) -> None:
    last = newest(1)[0].id
    checks.check(app.extensions["settings"])
    run_sql("DELETE FROM events WHERE id > :id", id=last - 1)
    run_sql("DELETE FROM event_comments WHERE id = 2")
    db.session.commit()
    report = checks.check(app.extensions["settings"])
    cut = f"The log ends with event {last - 1}, but event {last} was anchored: the end was cut off."
    assert report.first_faults == [cut]
    assert report.faults == 1


def test_a_tail_that_was_written_anew_is_found(story: Event, unguarded: None) -> None:
    """A chain that was computed anew fits by itself: only an anchor tells."""
    last = newest(1)[0]
    true = Anchor(last.id, last.hash)
    run_sql("DELETE FROM event_comments WHERE id = 2")
    run_sql("DELETE FROM events WHERE id = :id", id=true.number)
    events.record(actor=Cast().actor("olivia"), action="users.forged")
    assert events.verify() == []
    assert events.verify([true]) == [f"Event {true.number} is not the one that was anchored."]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_comment_is_found(story: Event, unguarded: None, column: str) -> None:
    forged = FORGED.get(column, clock.now())
    db.session.execute(update(EventComment).where(EventComment.id == 1).values({column: forged}))
    db.session.expire_all()
    found = events.verify()
    assert found
    assert all("omment" in fault for fault in found)


def test_the_text_that_a_comment_had_before_is_found(story: Event, unguarded: None) -> None:
    """Each writing has its own seal, and the last one counts."""
    comment = db.session.get_one(EventComment, 1)
    comment.text, comment.version, comment.edited_at = "On Friday.", 1, None
    db.session.flush()
    assert events.verify() == [f"Comment 1 on event {story.id} was changed."]


def test_a_removed_comment_is_found(story: Event, unguarded: None) -> None:
    db.session.execute(delete(EventComment).where(EventComment.id == 1))
    assert events.verify() == [f"Comment 1 on event {story.id} is missing."]


@pytest.mark.parametrize("forged", [[1], "gone", {"#comment": [1]}, {}])
def test_a_changed_seal_is_found(story: Event, unguarded: None, forged: Any) -> None:
    seal = newest(1)[0].id
    db.session.execute(update(Event).where(Event.id == seal).values(after=forged))
    assert events.verify() == [
        f"The details of event {seal} were changed.",
        f"No event tells of comment 2 on event {story.id}.",
    ]


def test_a_comment_that_nobody_wrote_is_found(story: Event) -> None:
    db.session.execute(
        insert(EventComment).values(**FORGED | {"version": 1}, created_at=clock.now())
    )
    assert events.verify() == ["No event tells of comment 900 on event 2."]


def test_a_comment_that_was_emptied_for_no_erasure_is_found(story: Event) -> None:
    """The triggers let it through, as they must for an erasure; the check does not."""
    emptied = {"text": "", "salt": "", "redacted_at": clock.now()}
    db.session.execute(update(EventComment).where(EventComment.id == 1).values(emptied))
    db.session.expire_all()
    (found,) = events.verify()
    assert found.startswith(f"Comment 1 on event {story.id} was emptied")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM event_comments",
        "UPDATE event_comments SET text = 'forged'",
        "UPDATE event_comments SET event_id = 99, version = version + 1",
        "UPDATE event_comments SET text = '', salt = ''",
        "UPDATE event_comments SET redacted_at = '2026-01-01'",
    ],
)
def test_the_database_refuses_to_change_comments(story: Event, statement: str) -> None:
    with pytest.raises(DBAPIError, match="stay as they are"):
        run_sql(statement)
    db.session.rollback()


def test_the_anchors_of_a_file_find_it(
    story: Event, unguarded: None, app_with: Callable[..., Flask], tmp_path: Path
) -> None:
    file = tmp_path / "anchors"
    settings = app_with(events_anchor=(f"file:{file}",)).extensions["settings"]
    settle()
    anchor = check_events.publish(settings)
    assert anchor is not None
    assert file.read_text().endswith(f" {anchor}\n")
    assert anchors.kept(settings) == ([anchor], [])
    assert checks.check(settings).faults == 0
    run_sql("DELETE FROM event_checks")
    run_sql("DELETE FROM event_comments WHERE id = 2")
    run_sql("DELETE FROM events WHERE id = :id", id=anchor.number)
    db.session.commit()
    (fault,) = checks.check(settings).first_faults
    assert fault.endswith(f"event {anchor.number} was anchored: the end was cut off.")


def test_an_anchor_that_is_written_during_a_check_is_no_fault(
    story: Event,
    app_with: Callable[..., Flask],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = app_with(events_anchor=(f"file:{tmp_path / 'anchors'}",))
    settings = app.extensions["settings"]

    def in_another_process() -> None:
        with app.app_context():
            events.record(actor=system(), action="users.edit")
            db.session.commit()
            check_events.publish(settings)

    def begin(**how: bool) -> None:
        transactions.begin(**how)
        if "snapshot" in how:
            anchors.newest()  # from now on the check sees no later event
            without_app().run(in_another_process)

    monkeypatch.setattr(checks, "begin", begin)
    assert checks.check(settings).first_faults == []


def test_a_line_that_is_no_anchor_is_told(
    cast: Cast, app_with: Callable[..., Flask], tmp_path: Path
) -> None:
    file = tmp_path / "anchors"
    file.write_bytes(b"2026-01-01T00:00:00Z 1:short\n\xff\xfe" + b"x" * 500)
    settings = app_with(events_anchor=(f"file:{file}",)).extensions["settings"]
    known, faults = anchors.kept(settings)
    assert known == []
    assert set(faults) == {f"The file of anchors {file} has a line that is no anchor."}


def test_the_command_takes_anchors_and_says_which_event(
    story: Event, run: Callable[..., Any]
) -> None:
    printed = run("backoffice", "anchor-events").output.strip()
    number, _colon, hash_ = printed.partition(":")
    assert run("backoffice", "verify-events", "--anchor", printed).exit_code == 0
    beyond = f"{int(number) + 3}:{hash_}"
    result = run("backoffice", "verify-events", "--anchor", beyond)
    assert result.exit_code == 1
    assert f"The log ends with event {number}" in result.output
    wrong = run("backoffice", "verify-events", "--anchor", f"{number}:{'0' * 64}")
    assert f"Event {number} is not the one that was anchored." in wrong.output
    assert run("backoffice", "verify-events", "--anchor", "12").exit_code == 2
    assert "the result is not kept" in wrong.output
    settle()
    assert checks.last() is None, "no alarm for everybody by what one person typed"


def test_faults_are_counted_and_only_the_first_are_kept(
    story: Event, app: Flask, unguarded: None
) -> None:
    actor = Cast().actor("olivia")
    events.record_many(actor=actor, drafts=[events.EventDraft(action="x.y")] * 150)
    run_sql("UPDATE events SET ip = '203.0.113.1'")
    db.session.commit()
    report = checks.check(app.extensions["settings"])
    assert report.faults == report.newest.number
    assert len(report.first_faults) == 100
    settle()
    kept = db.session.scalars(select(EventCheck).order_by(EventCheck.id.desc())).first()
    assert kept is not None
    assert (kept.faults, len(kept.first_faults)) == (report.faults, 20)


def test_erased_people_are_asked_about_together(story: Event, client: Client) -> None:
    """However many events about them there are."""

    def number_of_statements() -> int:
        settle()
        with counted(db.engine) as statements:
            assert events.verify() == []
        return len(statements)

    act(client, "users", "delete", Cast().max.id)
    with_few = number_of_statements()
    about_vera = events.EventDraft(
        action="users.edit", subject=events.subject_of(Cast().vera), before={"first_name": "Vera"}
    )
    events.record_many(actor=Cast().actor("olivia"), drafts=[about_vera] * 20)
    settle()
    act(client, "users", "delete", Cast().vera.id)
    assert number_of_statements() == with_few

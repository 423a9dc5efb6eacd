"""People comment on events: who sees the event reads it, and its author changes it for a while."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock, events
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.event_comment import EventComment
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, everything, group
from tests.support.html import error_at, read, value_of
from tests.support.races import at_once
from tests.support.statements import Statements

Counting = Callable[[], AbstractContextManager[Statements]]


@pytest.fixture
def blocked(client: Client, cast: Cast) -> int:
    """Block vera, and return the number of the event."""
    act(client.sign_in("olivia"), "users", "block", cast.eve.id, cast.vera.id, reason="left")
    act(client, "users", "unblock", cast.vera.id)
    settle()
    number = db.session.scalar(select(Event.id).where(Event.subject_id == cast.vera.id).limit(1))
    assert number is not None
    return number


def comments() -> list[EventComment]:
    settle()
    return list(db.session.scalars(select(EventComment).order_by(EventComment.id)))


def address(event_id: int, comment_id: int | None = None) -> str:
    path = f"/admin/events/{event_id}/comments"
    return f"{path}/{comment_id}" if comment_id else path


def page(client: Client, event_id: int) -> Any:
    return read(client.get(f"/admin/events/{event_id}"))


def test_max_comments_and_olivia_reads_it_everywhere(
    app: Flask, client: Client, blocked: int, cast: Cast
) -> None:
    max_ = app.test_client().sign_in("max")
    answer = max_.post(address(blocked), {"text": "  The keys\r\nare <b>back</b>.  "})
    assert (answer.status_code, answer.location) == (303, f"/admin/events/{blocked}#comment-1")
    (comment,) = comments()
    assert comment.text == "The keys\nare <b>back</b>."
    shown = page(client, blocked).one("li", id="comment-1")
    assert shown.one("b").text == "Max Miller" or "Max" in shown.one("b").text
    assert "The keys are <b>back</b>." in " ".join(shown.text.split())
    assert shown.all("a") == []  # it is not hers to change
    tab = read(client.get(f"/admin/users/{cast.vera.id}?tab=events"))
    assert (
        tab.one("li", id="comment-1").one("p", class_="comment-text").text
        == shown.one("p", class_="comment-text").text
    )
    assert "1 comment" in read(client.get("/admin/events/?view=all")).one("main").text
    assert events.verify() == []


def test_a_comment_is_an_event_without_its_text(client: Client, blocked: int) -> None:
    client.post(address(blocked), {"text": "On Friday."})
    settle()
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert (event.action, event.subject_type, event.subject_id) == (
        "events.comment",
        "events",
        blocked,
    )
    assert "Friday" not in f"{event.before} {event.after} {event.reason}"
    assert page(client, event.id).one("h1")
    assert f"commented on event {blocked}" in page(client, event.id).one("main").text
    refused = client.post(address(event.id), {"text": "About the comment"})
    assert refused.status_code == 422
    assert "Comment on the event itself" in refused.text


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("", "Write something."),
        (" \r\n\t ", "Write something."),
        ("x" * 2001, "2000"),
        ("a\u202eb", "direction mark"),
        ("a\u200bb", "invisible character"),
        ("a\x07b", "control character"),
    ],
)
def test_what_cannot_be_kept_is_told_at_the_field(
    client: Client, blocked: int, text: str, sentence: str
) -> None:
    before = everything()
    answer = client.post(address(blocked), {"text": text})
    assert answer.status_code == 422
    assert sentence in error_at(answer, "text")
    if text.strip():
        assert text[:20].replace("\x07", "") in value_of(answer, "text").replace("\x07", "")
    settle()
    assert everything() == before


def test_two_thousand_characters_with_line_breaks_fit(client: Client, blocked: int) -> None:
    text = "é\r\n" * 999 + "äö"
    assert client.post(address(blocked), {"text": text}).status_code == 303
    assert comments()[0].text == "é\n" * 999 + "äö"


def test_a_lone_surrogate_is_no_500(client: Client, blocked: int) -> None:
    data = f"csrf_token={client.token()}&text=%ED%A0%80abc".encode()
    answer = client.open(
        address(blocked),
        method="POST",
        data=data,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code in (303, 422)


def test_its_author_changes_it_for_ten_minutes(
    client: Client, blocked: int, still: datetime
) -> None:
    client.sign_in("olivia")
    client.post(address(blocked), {"text": "On Friday."})
    assert page(client, blocked).one("li", id="comment-1").one("a")["href"] == address(blocked, 1)
    with clock.at(still + timedelta(minutes=9, seconds=59)):
        assert value_of(client.get(address(blocked, 1)), "text") == "On Friday."
        answer = client.post(address(blocked, 1), {"text": "On Monday.", "version": 1})
        assert answer.status_code == 303
    assert [each.text for each in comments()] == ["On Monday."]
    with clock.at(still + timedelta(minutes=10)):
        assert page(client, blocked).one("li", id="comment-1").all("a") == []
        assert client.get(address(blocked, 1)).status_code == 422
        late = client.post(address(blocked, 1), {"text": "Never.", "version": 2})
        assert late.status_code == 422
        assert "stays as it is after ten minutes" in late.text
    assert [each.text for each in comments()] == ["On Monday."]
    assert "changed" in page(client, blocked).one("li", id="comment-1").text
    assert events.verify() == []


def test_nobody_changes_the_comment_of_another(app: Flask, client: Client, blocked: int) -> None:
    client.post(address(blocked), {"text": "On Friday."})
    max_ = app.test_client().sign_in("max")
    assert max_.get(address(blocked, 1)).status_code == 403
    answer = max_.post(address(blocked, 1), {"text": "Mine.", "version": 1})
    assert answer.status_code == 403
    assert [each.text for each in comments()] == ["On Friday."]


def test_a_comment_is_found_only_at_its_event(client: Client, blocked: int) -> None:
    client.post(address(blocked), {"text": "On Friday."})
    other = {"text": "Elsewhere.", "version": 1}
    assert client.post(address(blocked + 1, 1), other).status_code == 404
    assert client.post(address(2**40), other).status_code == 404
    assert client.post(address(blocked, 2**62), other).status_code == 404


def test_who_may_not_comment_is_refused_and_that_is_an_event(
    app: Flask, client: Client, blocked: int, cast: Cast
) -> None:
    vera = app.test_client().sign_in("vera")
    assert vera.post(address(blocked), {"text": "I object."}).status_code == 403
    assert comments() == []
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert (event.action, event.result) == ("events.comment", "denied")
    assert "Vera Vance was refused “Comment on events”" in page(client, event.id).one("main").text
    assert "text" not in [each["name"] for each in page(vera, blocked).all("textarea")]


def test_who_does_not_see_whom_it_is_about_neither_reads_nor_writes(
    app: Flask, client: Client, blocked: int, cast: Cast
) -> None:
    """Vera sees events, but no people: of theirs she reads who did what, and no details."""
    client.post(address(blocked), {"text": "She took the keys."})
    found = db.session.get_one(Group, group("viewers").id)
    found.permissions = ["events.view", "events.comment", "events.export"]
    settle()
    vera = app.test_client().sign_in("vera")
    answer = vera.get(f"/admin/events/{blocked}")
    assert answer.status_code == 200
    assert "took the" not in answer.text
    links = read(vera.get("/admin/events/?view=all")).one("tbody").all("a")
    assert "1 comment" not in [each.text for each in links]
    assert "took the" not in vera.get("/admin/events/export.csv", buffered=True).text
    assert vera.post(address(blocked), {"text": "I was framed."}).status_code == 404
    assert vera.get(address(blocked, 1)).status_code == 404
    assert len(comments()) == 1


def test_of_two_changes_at_once_one_is_told_of_the_other(
    app: Flask, client: Client, blocked: int
) -> None:
    client.post(address(blocked), {"text": "On Friday."})
    other = app.test_client().sign_in("olivia")

    def change(by: Client, text: str) -> Any:
        form = {"text": text, "version": 1, "csrf_token": by.token()}
        return lambda: by.post(address(blocked, 1), form)

    answers = at_once([change(client, "On Monday."), change(other, "On Tuesday.")])
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    (refused,) = [answer for answer in answers if answer.status_code == 422]
    assert "changed this comment meanwhile" in refused.text
    (comment,) = comments()
    assert value_of(refused, "text") in {"On Monday.", "On Tuesday."} - {comment.text}
    assert events.verify() == []


def test_an_event_takes_a_hundred_comments(
    client: Client, blocked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.limits.COMMENTS", 2)
    for status in (303, 303, 422):
        assert client.post(address(blocked), {"text": "Again."}).status_code == status
    assert len(comments()) == 2


def test_the_text_goes_with_the_person_it_is_about_and_stays_without_its_author(
    app: Flask, client: Client, blocked: int, cast: Cast
) -> None:
    app.test_client().sign_in("max").post(address(blocked), {"text": "Quibbling about keys."})
    max_id, vera_id = cast.max.id, cast.vera.id
    act(client, "users", "delete", max_id)
    shown = page(client, blocked).one("li", id="comment-1").text
    assert "Quibbling about keys." in shown
    assert "Max" not in shown
    act(client, "users", "delete", vera_id)
    (comment,) = comments()
    assert (comment.text, comment.salt) == ("", "")
    assert "Quibbling" not in str(everything())
    shown = page(client, blocked).one("li", id="comment-1").text
    assert "erased" in shown
    assert client.post(address(blocked), {"text": "More about her."}).status_code == 422
    assert events.verify() == []


def test_the_comments_of_a_page_are_read_at_once(
    client: Client, blocked: int, statements: Counting
) -> None:
    number = len(_read_list(client, statements))
    for event_id in range(1, blocked + 1):
        client.post(address(event_id), {"text": "Seen."})
        client.post(address(event_id), {"text": "Twice."})
    assert len(_read_list(client, statements)) == number


def _read_list(client: Client, statements: Counting) -> Statements:
    client.get("/admin/events/?view=all")
    with statements() as seen:
        assert client.get("/admin/events/?view=all").status_code == 200
    return seen

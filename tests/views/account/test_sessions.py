"""People see their own sessions and can end them from elsewhere; nobody else's are shown."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import read


def visitor(app: Flask, name: str) -> tuple[Client, int]:
    """Sign somebody in with their own browser; return the browser and the session's id."""
    client = app.test_client()
    assert isinstance(client, Client)
    client.sign_in(name)
    settle()
    return client, db.session.scalars(select(Session.id).order_by(Session.id.desc()).limit(1)).one()


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def listed(client: Client) -> list[str]:
    """Return the text of each device on the page."""
    devices = read(client.get("/account/sessions")).one("ul", class_="devices")
    return [item.text for item in devices.all("li")]


def ended() -> list[tuple[int, str]]:
    settle()
    rows = (
        select(Session.id, Session.ended_reason)
        .where(Session.ended_at.is_not(None))
        .order_by(Session.id)
    )
    return [(row.id, row.ended_reason) for row in db.session.execute(rows)]


def events() -> list[Event]:
    settle()
    return list(
        db.session.scalars(
            select(Event).where(Event.action == "account.end_session").order_by(Event.id)
        )
    )


def test_every_device_is_listed_and_this_one_is_marked(app: Flask, cast: Cast) -> None:
    visitor(app, "max")
    visitor(app, "olivia")
    client, _ = visitor(app, "max")
    shown = listed(client)
    assert len(shown) == 2
    assert ["This device" in text for text in shown] == [True, False]
    assert ["End" in text for text in shown] == [False, True]


def test_another_device_is_signed_out_and_the_event_says_so(app: Flask, cast: Cast) -> None:
    other, number = visitor(app, "vera")
    client, _ = visitor(app, "vera")
    answer = client.post(f"/account/sessions/{number}/end")
    assert (answer.status_code, answer.location) == (303, "/account/sessions")
    assert not is_in(other)
    assert is_in(client)
    assert ended() == [(number, "by its owner")]
    (event,) = events()
    assert event.actor_id == cast.vera.id
    assert event.subject_id == cast.vera.id
    assert event.after == {"session": number}
    assert len(listed(client)) == 1


def test_anybody_elses_session_is_not_there(app: Flask, cast: Cast) -> None:
    """Not even for an administrator: this page is about one's own sessions."""
    theirs, number = visitor(app, "vera")
    client, _ = visitor(app, "olivia")
    for asked in (number, 2**63 - 1):
        assert client.post(f"/account/sessions/{asked}/end").status_code == 404
    assert is_in(theirs)
    assert ended() == []
    assert events() == []


def test_the_session_in_use_is_ended_by_signing_out(app: Flask, cast: Cast) -> None:
    client, number = visitor(app, "vera")
    answer = client.post(f"/account/sessions/{number}/end")
    assert answer.status_code == 422
    assert "sign out instead" in answer.text
    assert is_in(client)


def test_a_session_that_is_over_stays_as_it_ended(app: Flask, cast: Cast) -> None:
    other, number = visitor(app, "vera")
    other.sign_out()
    client, _ = visitor(app, "vera")
    assert client.post(f"/account/sessions/{number}/end").status_code == 303
    assert ended() == [(number, "signed out")]
    assert events() == []


def test_all_others_end_at_once_and_nobody_elses(app: Flask, cast: Cast) -> None:
    others = [visitor(app, "vera")[0] for _ in range(3)]
    stranger, _ = visitor(app, "max")
    client, _ = visitor(app, "vera")
    answer = client.post("/account/sessions/end-others", follow_redirects=True)
    assert "3 other devices are signed out." in answer.text
    assert [is_in(each) for each in (*others, stranger, client)] == [
        False,
        False,
        False,
        True,
        True,
    ]
    assert len(events()) == 3
    again = client.post("/account/sessions/end-others", follow_redirects=True)
    assert "You are signed in nowhere else." in again.text
    assert len(events()) == 3


def test_what_fell_idle_is_not_listed(app: Flask, cast: Cast) -> None:
    visitor(app, "vera")
    with clock.at(clock.now() + timedelta(minutes=31)):
        client, _ = visitor(app, "vera")
        assert len(listed(client)) == 1


def test_looking_ends_nothing(app: Flask, cast: Cast) -> None:
    other, number = visitor(app, "vera")
    client, _ = visitor(app, "vera")
    assert client.get(f"/account/sessions/{number}/end").status_code == 405
    assert client.get("/account/sessions/end-others").status_code == 405
    assert client.raw_post(f"/account/sessions/{number}/end").status_code == 400
    assert is_in(other)


def test_the_raw_name_of_a_browser_is_nobodys_business(app: Flask, cast: Cast) -> None:
    client, _ = visitor(app, "vera")
    db.session.execute(update(Session).values(device="<i>odd</i> thing/1.0"))
    assert "Unknown device" in listed(client)[0]

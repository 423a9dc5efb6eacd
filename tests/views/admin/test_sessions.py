"""System > Sessions: who is signed in where.

Ending a session signs that browser out at its next request.
"""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy.permissions import catalogue
from backoffice.testing.cast import Cast, address
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, outcome, previewed
from tests.support.html import read

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def visitor(app: Flask, name: str) -> Client:
    """Sign somebody in with their own browser."""
    client = app.test_client()
    assert isinstance(client, Client)
    return client.sign_in(name)


def session_of(name: str) -> Session:
    """Return somebody's latest session in its current state."""
    settle()
    theirs = (
        select(Session)
        .join(User, User.id == Session.user_id)
        .where(User.email_key == address(name))
    )
    return db.session.scalars(theirs.order_by(Session.id.desc()).limit(1)).one()


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_the_list_says_who_with_what_from_where_and_whether_still(
    app: Flask, client: Client, cast: Cast
) -> None:
    visitor(app, "max")
    db.session.execute(update(Session).values(device=FIREFOX, ip="192.0.2.7"))
    client.sign_in("olivia")
    row = session_of("max")
    shown = read(client.get(f"/admin/sessions/?user={cast.max.id}")).one("tbody").text
    for words in ("Max Mander", "Firefox on Linux", "192.0.2.7", "Live"):
        assert words in shown
    assert FIREFOX not in shown
    details = client.get(f"/admin/sessions/{row.id}").text
    assert "Firefox on Linux" in details
    assert row.token_hash not in details


def test_html_in_a_user_agent_stays_text(app: Flask, client: Client, cast: Cast) -> None:
    visitor(app, "max")
    db.session.execute(update(Session).values(device='Firefox/1.0 "><script>alert(1)</script>'))
    client.sign_in("olivia")
    row = session_of("max")
    for path in (
        "/admin/sessions/",
        f"/admin/sessions/{row.id}",
        f"/admin/users/{cast.max.id}?tab=sessions",
    ):
        assert "<script>alert" not in client.get(path).text
    own = visitor(app, "max")
    db.session.execute(update(Session).values(device="<b>Firefox/1.0</b>"))
    assert "<b>Firefox" not in own.get("/account/sessions").text


def test_sessions_are_filtered_by_what_became_of_them(
    app: Flask, client: Client, cast: Cast
) -> None:
    for name in ("max", "vera"):
        visitor(app, name)
    db.session.execute(
        update(Session).where(Session.user_id == cast.max.id).values(ended_at=clock.now())
    )
    db.session.execute(
        update(Session).where(Session.user_id == cast.vera.id).values(idle_at=clock.now())
    )
    client.sign_in("olivia")
    for state, name in {
        "live": "Olivia Owen",
        "ended": "Max Mander",
        "expired": "Vera Vance",
    }.items():
        shown = read(client.get(f"/admin/sessions/?state={state}")).one("tbody").text
        assert name in shown
        assert state.capitalize() in shown
        assert sum(other in shown for other in ("Olivia Owen", "Max Mander", "Vera Vance")) == 1
    assert session_of("vera").state == "expired"


@pytest.mark.parametrize("minutes, state", [(29, "live"), (31, "expired")])
def test_a_list_kept_in_memory_still_knows_what_time_it_is(
    app: Flask, client: Client, cast: Cast, minutes: int, state: str
) -> None:
    visitor(app, "max")
    start = clock.now()
    client.sign_in("olivia").get("/admin/sessions/")
    with clock.at(start + timedelta(minutes=minutes)):
        client.sign_in("olivia")
        shown = read(client.get(f"/admin/sessions/?user={cast.max.id}")).one("tbody").text
        assert state.capitalize() in shown


def test_whoever_uses_a_session_keeps_it(client: Client, cast: Cast) -> None:
    client.sign_in("max")
    start = clock.now()
    for minutes in (20, 40, 60):
        with clock.at(start + timedelta(minutes=minutes)):
            assert is_in(client)
            assert session_of("max").state == "live"


def test_ending_a_session_signs_that_browser_out_and_no_other(
    app: Flask, client: Client, cast: Cast
) -> None:
    one, other = visitor(app, "max"), visitor(app, "max")
    client.sign_in("olivia")
    row = session_of("max")
    done = act(client, "sessions", "end", row.id)
    assert outcome(done, row.id) == ("done", "")
    assert is_in(one)
    assert not is_in(other)
    ended = session_of("max")
    assert (ended.state, ended.ended_reason) == ("ended", "by an administrator")
    assert "by an administrator" in client.get("/admin/sessions/?state=ended").text


def test_ones_own_session_is_left_to_signing_out_and_ones_others_are_not(
    app: Flask, client: Client, cast: Cast
) -> None:
    other = visitor(app, "olivia")
    elsewhere = session_of("olivia").id
    client.sign_in("olivia")
    here = session_of("olivia").id
    page = previewed(client, "sessions", "end", here)
    assert f"Session {here} is the one you are using: sign out instead." in page.text
    done = act(client, "sessions", "end", here, elsewhere)
    assert outcome(done, here) == ("refused", "current")
    assert outcome(done, elsewhere) == ("done", "")
    assert is_in(client)
    assert not is_in(other)


def test_an_ended_session_stays_as_it_is(app: Flask, client: Client, cast: Cast) -> None:
    visitor(app, "max").sign_out()
    client.sign_in("olivia")
    row = session_of("max")
    page = previewed(client, "sessions", "end", row.id)
    confirmed(client, "sessions", "end", page)
    assert session_of("max").ended_reason == "signed out"


def test_a_session_that_ended_after_the_preview_is_not_ended_twice(
    app: Flask, client: Client, cast: Cast
) -> None:
    theirs = visitor(app, "max")
    client.sign_in("olivia")
    page = previewed(client, "sessions", "end", session_of("max").id)
    theirs.sign_out()
    confirmed(client, "sessions", "end", page)
    assert session_of("max").ended_reason == "signed out"


def test_whoever_outranks_stays_signed_in(app: Flask, staff: list[str], client: Client) -> None:
    above, below = visitor(app, "administrators"), visitor(app, "employee")
    rows = [session_of(name).id for name in ("administrators", "employee")]
    client.sign_in("company_administrator")
    done = act(client, "sessions", "end", *rows)
    assert [outcome(done, row_id) for row_id in rows] == [("refused", "outranked"), ("done", "")]
    assert is_in(above)
    assert not is_in(below)


@pytest.mark.parametrize("name", ["max", "vera"])
def test_looking_is_not_ending(app: Flask, client: Client, cast: Cast, name: str) -> None:
    theirs = visitor(app, "olivia")
    client.sign_in(name)
    row = session_of("olivia").id
    assert client.get(f"/admin/sessions/{row}").status_code == 200
    assert ">End<" not in client.get(f"/admin/sessions/{row}/menu").text
    assert previewed(client, "sessions", "end", row).status_code == 403
    assert is_in(theirs)


def test_sessions_are_read_only_and_leave_in_no_file(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    row = session_of("olivia").id
    for path in ("new", f"{row}/edit", "export.csv", "export.json"):
        assert client.get(f"/admin/sessions/{path}").status_code == 404
    assert client.post("/admin/sessions/actions/delete", {"row": row}).status_code == 404
    assert {code for code in catalogue() if code.startswith("sessions.")} == {"sessions.view"}

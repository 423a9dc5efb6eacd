"""View as: somebody sees the pages as another person gets them, and changes nothing meanwhile."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from backoffice import clock
from backoffice.auth import one_time_secrets
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.handover import Handover
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.usage import Usage
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group
from tests.support.html import is_asked, read
from tests.support.viewing import begin, leave, view_as

HALF_AN_HOUR = timedelta(minutes=30)
BANNER = "You view these pages as"


def events(action: str) -> list[Event]:
    settle()
    return list(db.session.scalars(select(Event).where(Event.action == action).order_by(Event.id)))


def viewing(name: str) -> int | None:
    """Return as whom the latest session of this person views."""
    settle()
    newest = select(Session).where(Session.user_id == getattr(Cast(), name).id)
    return db.session.scalars(newest.order_by(Session.id.desc()).limit(1)).one().viewing_id


def test_olivia_sees_what_max_sees_and_is_herself_again(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    view_as(client, "max", "He says that his list is empty")
    page = read(client.get("/"))
    assert (
        page.one(".viewing p").text == "You view these pages as Max Mander. Nothing can be changed."
    )
    assert page.one(".account-mail").text == "max@example.com"
    assert client.get("/admin/users/new").status_code == 403, "max may not add people"

    answer = leave(client)
    assert (answer.status_code, answer.location) == (303, f"/admin/users/{cast.max.id}")
    assert client.get("/admin/users/new").status_code == 200
    assert BANNER not in client.get("/").text

    (begun,) = events("users.view_as")
    (ended,) = events("users.leave_view")
    for event in (begun, ended):
        assert (event.actor_id, event.subject_type, event.subject_id, event.result) == (
            cast.olivia.id, "users", cast.max.id, "done",
        )  # fmt: skip
    assert begun.reason == "He says that his list is empty"
    assert ended.reason is None


def test_a_reason_is_asked_for_at_its_field(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    for reason in ("", "  ", "\u200b", "x" * 501):
        answer = begin(client, cast.max.id, reason)
        assert answer.status_code == 422
        assert read(answer).one("#reason-errors").text
    assert viewing("olivia") is None
    assert events("users.view_as") == []


def test_who_has_not_confirmed_lately_is_asked_to(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    db.session.execute(update(Session).values(confirmed_at=None))
    answer = begin(client, cast.max.id)
    assert is_asked(answer)
    assert viewing("olivia") is None


@pytest.mark.parametrize(
    "who, whom",
    [
        ("olivia", "olivia"),
        ("olivia", "eve"),
        ("max", "vera"),
        ("vera", "olivia"),
        ("main_administrator", "olivia"),
        ("main_administrator", "managers"),
        ("company_administrator", "main_administrator"),
    ],
)
def test_refused_for_oneself_the_blocked_and_whom_one_may_not_manage(
    client: Client, cast: Cast, staff: list[str], who: str, whom: str
) -> None:
    client.sign_in(who)
    person = getattr(cast, whom).id
    assert client.get(f"/view-as/{person}").status_code == 403
    assert begin(client, person).status_code == 403
    assert viewing(who) is None
    (refused,) = events("users.view_as")
    assert (refused.result, refused.actor_id) == ("denied", getattr(cast, who).id)


def test_those_who_run_the_staff_view_as_their_staff(boss: Client) -> None:
    view_as(boss, "dispatcher")
    assert BANNER in boss.get("/admin/users/").text
    assert boss.get("/admin/events/").status_code == 403, "the dispatcher sees no events"


def test_refused_for_a_person_who_sees_more_clients(client: Client, staff: list[str]) -> None:
    boss = Cast().main_administrator
    boss.client_tags_mode, boss.client_tags = "except", [ClientTag(name="Gold")]
    settle()
    client.sign_in("main_administrator")
    assert begin(client, Cast().dispatcher.id).status_code == 403


def test_one_view_at_a_time(client: Client, cast: Cast) -> None:
    view_as(client.sign_in("olivia"), "max")
    assert begin(client, cast.vera.id).status_code == 403
    assert viewing("olivia") == cast.max.id


def test_it_ends_after_half_an_hour(client: Client, cast: Cast, still: datetime) -> None:
    view_as(client.sign_in("olivia"), "max")
    with clock.at(still + timedelta(minutes=20)):
        assert BANNER in client.get("/").text
    with clock.at(still + HALF_AN_HOUR):
        answer = client.get("/admin/users/?status=active")
        assert (answer.status_code, answer.location) == (303, "/admin/users/?status=active")
        page = client.get(answer.location)
        assert "has ended after 30 minutes. You are yourself again." in page.text
        assert BANNER not in page.text
    (ended,) = events("users.leave_view")
    assert (ended.actor_id, ended.reason) == (cast.olivia.id, "after 30 minutes")
    assert viewing("olivia") is None


def test_a_form_sent_after_the_end_does_nothing(
    client: Client, cast: Cast, still: datetime
) -> None:
    """It was drawn for max, and must not be carried out with the rights of olivia."""
    view_as(client.sign_in("olivia"), "max")
    form = {"csrf_token": client.token(), "name": "Gold"}
    with clock.at(still + timedelta(minutes=20)):
        assert client.get("/").status_code == 200, "the session itself does not idle"
    with clock.at(still + HALF_AN_HOUR):
        answer = client.raw_post("/admin/client-tags/new", data=form)
        assert answer.status_code == 410
        assert "Nothing was done." in answer.text
        again = client.raw_post("/admin/client-tags/new", data=form)
        assert again.status_code != 200
        assert "Gold" not in client.get("/admin/client-tags/").text


def test_a_form_of_another_tab_does_nothing_after_leaving(client: Client, cast: Cast) -> None:
    view_as(client.sign_in("olivia"), "max")
    form = {"csrf_token": client.token(), "name": "Gold"}
    leave(client)
    answer = client.raw_post("/admin/client-tags/new", data=form)
    assert answer.status_code == 410
    assert "This form was opened while you viewed as somebody else." in answer.text
    assert 'href="/admin/client-tags/new"' in answer.text
    assert "Gold" not in client.get("/admin/client-tags/").text
    assert client.raw_post("/view-as/leave", data=form).location == "/"
    assert "You are yourself already." in client.get("/").text


def test_a_form_drawn_before_is_refused_meanwhile(client: Client, cast: Cast) -> None:
    form = {"csrf_token": client.sign_in("olivia").token(), "name": "Gold"}
    view_as(client, "max")
    assert client.raw_post("/admin/client-tags/new", data=form).status_code == 403
    leave(client)
    assert "Gold" not in client.get("/admin/client-tags/").text


def block(person: User) -> None:
    person.status, person.status_before = "blocked", "active"


def other_password(person: User) -> None:
    person.credential_version += 1


def other_groups(person: User) -> None:
    person.groups = []


@pytest.mark.parametrize("change", [block, other_password, other_groups])
def test_it_ends_when_the_person_changes(
    client: Client, cast: Cast, change: Callable[[User], None]
) -> None:
    view_as(client.sign_in("olivia"), "max")
    change(cast.max)
    settle()
    page = client.get("/", follow_redirects=True)
    assert "because what one of the two may do was changed" in page.text
    assert viewing("olivia") is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_it_ends_when_the_right_is_lost(boss: Client, method: str) -> None:
    view_as(boss, "dispatcher")
    form = {"csrf_token": boss.token(), "name": "Gold"}
    runs = group("main_administrator")
    runs.permissions = [code for code in runs.permissions if code != "users.view_as"]
    settle()
    if method == "get":
        assert BANNER not in boss.get("/", follow_redirects=True).text
    else:
        assert boss.raw_post("/admin/client-tags/new", data=form).status_code == 410
    assert viewing("main_administrator") is None


def test_it_ends_when_the_person_comes_to_outrank(boss: Client) -> None:
    """The dispatcher's own rights stay the same: it is the boss who may give fewer groups."""
    view_as(boss, "dispatcher")
    group("main_administrator").grants = []
    settle()
    assert BANNER not in boss.get("/", follow_redirects=True).text


def test_it_ends_with_the_session(client: Client, cast: Cast, entered: Any) -> None:
    view_as(client.sign_in("olivia"), "max")
    db.session.execute(
        update(Session).where(Session.viewing_id.is_not(None)).values(ended_at=clock.now())
    )
    settle()
    assert client.get("/").location.startswith("/sign-in")
    assert BANNER not in entered("olivia").get("/").text, "another session of hers is her own"


def test_max_works_on_while_olivia_looks(client: Client, cast: Cast, entered: Any) -> None:
    his = entered("max")
    view_as(client.sign_in("olivia"), "max")
    assert his.post("/admin/client-tags/new", {"name": "Gold"}).status_code == 303
    assert "Gold" in client.get("/admin/client-tags/").text
    assert BANNER not in his.get("/").text


def test_leaving_is_for_those_who_view_and_takes_a_form(client: Client, cast: Cast) -> None:
    assert client.post("/view-as/leave").location.startswith("/sign-in")
    client.sign_in("olivia")
    assert client.post("/view-as/leave").location == "/"
    view_as(client, "max")
    assert client.get("/view-as/leave").status_code == 405
    assert client.raw_post("/view-as/leave").status_code == 400
    assert viewing("olivia") == cast.max.id
    assert events("users.leave_view") == []


def test_what_is_handed_over_once_waits(app: Flask, client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    settle()
    session = db.session.scalars(select(Session)).one()
    token = one_time_secrets.store(
        actor=cast.actor("olivia", session_id=session.id),
        owner=User,
        owner_id=cast.vera.id,
        secret="a secret of one time",
        settings=app.extensions["settings"],
    )
    settle()
    view_as(client, "max")
    assert client.get(f"/account/handover/{token}").status_code == 403
    settle()
    assert db.session.scalar(select(Handover.token)) == token
    leave(client)
    assert "a secret of one time" in client.get(f"/account/handover/{token}").text


@pytest.mark.parametrize(
    "path",
    [
        "/account/two-factor/enrol",
        "/account/confirm",
        "/account/sessions",
        "/account/unsent/x",
        "/admin/users/export.csv",
        "/admin/users/export.json?search=a",
        "/admin/bulk-runs/1/items.csv",
        "/admin/groups/sheet.json",
    ],
)
def test_secrets_and_downloads_are_refused(client: Client, cast: Cast, path: str) -> None:
    view_as(client.sign_in("olivia"), "max")
    for answer in (client.get(path), client.head(path)):
        assert answer.status_code == 403
    assert client.options(path).status_code in (200, 403)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client: Client, cast: Cast, method: str) -> None:
    view_as(client.sign_in("olivia"), "max")
    answer = getattr(client, method)(f"/admin/users/{cast.vera.id}/edit")
    assert answer.status_code == 403


def test_refused_attempts_are_olivias(client: Client, cast: Cast) -> None:
    view_as(client.sign_in("olivia"), "max")
    client.post("/admin/client-tags/new", {"name": "Gold"})
    client.get("/admin/client-tags/export.csv")
    settle()
    denied = db.session.scalars(select(Event).where(Event.result == "denied")).all()
    assert {event.actor_id for event in denied} == {cast.olivia.id}
    assert [event.reason for event in denied] == [
        "POST /admin/client-tags/new", "GET /admin/client-tags/export.csv",
    ]  # fmt: skip
    leave(client)
    told = read(client.get("/admin/events/")).one("tbody").text
    assert "Olivia Owen was refused a change while viewing as another person" in told


def test_a_search_counts_for_olivia(client: Client, cast: Cast) -> None:
    view_as(client.sign_in("olivia"), "max")
    assert client.get("/find?q=vera").status_code == 200
    settle()
    counted = set(db.session.scalars(select(Usage.user_id).where(Usage.used > 0)))
    assert counted == {cast.olivia.id}


def test_the_database_refuses_a_page_that_writes_when_it_is_read(
    app_with: Callable[..., Flask], cast: Cast
) -> None:
    other = app_with()

    def page_with_a_fault() -> str:
        db.session.execute(text("UPDATE users SET first_name = 'Nobody'"))
        db.session.commit()
        return "done"

    other.add_url_rule("/faulty", "faulty", page_with_a_fault)
    client = other.test_client()
    assert isinstance(client, Client)
    view_as(client.sign_in("olivia"), "max")
    assert client.get("/faulty").status_code == 403
    settle()
    assert cast.max.first_name == "Max"
    assert client.get("/readyz").status_code == 200, "the database is as well as before"
    leave(client)
    assert client.post("/admin/client-tags/new", {"name": "Gold"}).status_code == 303


def test_the_banner_speaks_the_language_of_its_reader(client: Client, cast: Cast) -> None:
    cast.max.language = "de"
    settle()
    view_as(client.sign_in("olivia"), "max")
    page = read(client.get("/"))
    assert page.one(".viewing button").text == "Leave"
    assert page.one("html")["lang"] == "de"
    refused = read(client.get("/account/sessions")).one("main").text
    assert "Leave first, and do it as yourself." in refused
    leave(client)
    assert "You are yourself again." in client.get("/").text


def told(name: str) -> list[str]:
    settle()
    person = getattr(Cast(), name).id
    return list(db.session.scalars(select(Message.purpose).where(Message.user_id == person)))


def test_the_person_is_told_if_the_settings_say_so(
    client: Client, app_with: Callable[..., Flask], cast: Cast
) -> None:
    cast.max.email_verified_at = clock.now()
    settle()
    view_as(client.sign_in("olivia"), "max")
    assert told("max") == []
    other = app_with(view_as_notices=True).test_client()
    assert isinstance(other, Client)
    view_as(other.sign_in("olivia"), "max")
    assert told("max") == ["viewed"]


def test_signing_in_and_out_waits_until_she_has_left(client: Client, cast: Cast) -> None:
    view_as(client.sign_in("olivia"), "max")
    assert client.post("/sign-in", {"identifier": "max@example.com"}).status_code == 403
    assert client.post("/sign-out").status_code == 403
    assert BANNER in client.get("/").text

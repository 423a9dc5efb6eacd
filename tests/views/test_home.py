"""Home: what needs a person's attention, each number with the list that it counts.

Readers get only the numbers of lists that they may see.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth import attempts, tokens
from backoffice.auth.attempts import Key, Origin
from backoffice.dashboard import alerts, figures
from backoffice.data import lists
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import Element, read
from tests.support.zoo import add_people


def needs(client: Client) -> dict[str, tuple[int, str]]:
    """Return what the page says needs a person: by kind, the number and where it leads."""
    links = read(client.get("/")).all("a", class_="need")
    found = {}
    for link in links:
        kind = next(name for name in link["class"].split() if name.startswith("need-"))
        number = int(link.one("strong").text.replace(",", ""))
        found[kind.removeprefix("need-")] = (number, link["href"])
    return found


def number_in(client: Client, href: str) -> int:
    """Return how many rows the list at this address says it has."""
    answer = client.get(href)
    assert answer.status_code == 200, href
    return int(re.sub(r"\D", "", read(answer).one("h1").one("small").text))


def invite(name: str, valid: timedelta | None) -> None:
    """Add an invited person, with a link that is valid for this long, or without a link."""
    person = User(first_name=name, status="invited")
    person.set_email(f"{name}@example.com")
    db.session.add(person)
    db.session.flush()
    if valid:
        tokens.issue(user=person, purpose="invitation", valid=valid)


def guess(user: User | None, times: int, *, key: str = "", factor: str = "password") -> None:
    for _ in range(times):
        counted = Key.of_account(user) if user else Key((f"identifier:{key}",))
        attempts.record(counted, user, "failed", "password", Origin(), factor=factor)


@pytest.fixture
def calm(cast: Cast) -> Cast:
    """The cast in a state in which nothing needs a person."""
    db.session.execute(update(User).values(two_factor="totp"))
    db.session.commit()
    return cast


@pytest.fixture
def viewer(calm: Cast, client: Client) -> Client:
    """Sign in Vera, who sees everything and needs no second factor here."""
    db.session.execute(update(User).where(User.id == calm.vera.id).values(two_factor="disabled"))
    db.session.commit()
    return client.sign_in("vera")


def test_where_nothing_waits_one_sentence_says_so(viewer: Client) -> None:
    assert needs(viewer) == {}
    assert "Nothing at the moment" in viewer.get("/").text


def test_every_number_leads_to_the_list_that_it_counts(
    app: Flask, viewer: Client, calm: Cast
) -> None:
    for number, valid in enumerate(
        (None, timedelta(hours=1), timedelta(hours=1.5), timedelta(hours=7))
    ):
        invite(f"person{number}", valid)
    eight = [OutgoingMail(purpose="blocked", address="x@example.com") for _ in range(8)]
    outbox.queue(eight, app.extensions["settings"])
    for state, some in {"dead": 3, "failed": 2, "sent": 2}.items():
        ids = select(Message.id).where(Message.state == "queued").limit(some)
        db.session.execute(update(Message).where(Message.id.in_(ids)).values(state=state))
    db.session.execute(update(User).where(User.id == calm.olivia.id).values(two_factor="disabled"))
    settle()
    found = needs(viewer)
    assert {kind: number for kind, (number, _href) in found.items()} == {
        "expiring": 2,
        "expired": 1,
        "messages": 5,
        "unprotected": 1,
    }
    for number, href in found.values():
        assert number_in(viewer, href) == number, href


def test_mails_that_wait_although_a_worker_would_have_sent_them(app: Flask, viewer: Client) -> None:
    start = clock.now()
    with clock.at(start):
        mail = OutgoingMail(purpose="blocked", address="x@example.com")
        outbox.queue([mail] * 3, app.extensions["settings"])
        settle()
    with clock.at(start + timedelta(minutes=10) - timedelta(seconds=1)):
        assert needs(viewer) == {}
    with clock.at(start + timedelta(minutes=10, seconds=1)):
        outbox.queue(
            [OutgoingMail(purpose="blocked", address="y@example.com")], app.extensions["settings"]
        )
        settle()
        number, href = needs(viewer)["waiting"]
        assert number == number_in(viewer, href) == 4


@pytest.mark.parametrize(
    "hours, kind", [(2.001, None), (1.999, "expiring"), (0.001, "expiring"), (-0.001, "expired")]
)
def test_an_invitation_is_counted_from_two_hours_before_its_end(
    viewer: Client, hours: float, kind: str | None
) -> None:
    start = clock.now()
    with clock.at(start):
        invite("nora", timedelta(hours=8))
        settle()
    with clock.at(start + timedelta(hours=8 - hours)):
        viewer.sign_in("vera")
        assert set(needs(viewer)) == ({kind} if kind else set())


def test_a_blocked_administrator_needs_no_second_factor(viewer: Client, calm: Cast) -> None:
    db.session.execute(update(User).where(User.id == calm.eve.id).values(two_factor="disabled"))
    settle()
    assert needs(viewer) == {}


def test_accounts_that_are_locked_are_counted_until_they_are_not(
    viewer: Client, calm: Cast
) -> None:
    guess(calm.max, 5)
    guess(calm.olivia, 4)
    guess(calm.olivia, 4, factor="code")
    guess(None, 9, key="nobody@example.com")
    settle()
    number, href = needs(viewer)["locked"]
    assert number == 1
    shown = read(viewer.get(href)).one("tbody").text
    assert "Max Mander" in shown
    assert "Olivia Owen" not in shown
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        assert needs(viewer) == {}


def test_whoever_may_not_see_a_list_is_told_no_number_of_it(app: Flask, staff: list[str]) -> None:
    """Managers are told of people and messages, a dispatcher of people, an employee of nothing."""
    invite("nora", None)
    outbox.queue(
        [OutgoingMail(purpose="blocked", address="x@example.com")], app.extensions["settings"]
    )
    db.session.execute(update(Message).values(state="dead"))
    settle()
    seen = {}
    for name in ("managers", "dispatcher", "employee"):
        visitor = app.test_client()
        assert isinstance(visitor, Client)
        visitor.sign_in(name)
        seen[name] = set(needs(visitor))
        assert ("Needs attention" in visitor.get("/").text) is (name != "employee")
        assert ("Sign-ins per day" in visitor.get("/").text) is (name == "managers")
    assert {"expired", "messages"} <= seen["managers"]
    assert seen["dispatcher"] >= {"expired"}
    assert "messages" not in seen["dispatcher"]
    assert seen["employee"] == set()


def days(client: Client) -> list[Element]:
    """Return the rows of the table behind the chart, today first."""
    return read(client.get("/")).one("details", class_="chart-table").one("tbody").all("tr")


def test_sign_ins_are_counted_by_day_and_lead_to_their_lists(
    still: datetime, calm: Cast, client: Client
) -> None:
    db.session.execute(update(User).where(User.id == calm.vera.id).values(two_factor="disabled"))
    noon = still.replace(hour=12)
    for back, worked, failed in ((0, 2, 1), (1, 3, 0), (29, 4, 2), (30, 9, 9)):
        with clock.at(noon - timedelta(days=back)):
            for _ in range(worked):
                attempts.record(Key.of_account(calm.max), calm.max, "ok", "", Origin())
            guess(calm.max, failed)
            attempts.record(
                Key.of_account(calm.max), calm.max, "ok", "second factor asked for", Origin()
            )
    settle()
    with clock.at(noon):
        viewer = client.sign_in("vera")
        shown = days(viewer)
        numbers = [[int(cell.text) for cell in row.all("td")] for row in shown]
        assert len(numbers) == 30
        assert numbers[0] == [2 + 1, 1], "vera's own sign-in is among them"
        assert (numbers[1], numbers[29]) == ([3, 0], [4, 2])
        assert sum(map(sum, numbers[2:29])) == 0
        for row, (worked, failed) in zip(shown, numbers, strict=True):
            if worked + failed:
                links = [link["href"] for link in row.all("a")]
                assert [number_in(viewer, href) for href in links] == [worked, failed]
        assert len(read(viewer.get("/")).all("rect", class_="chart-worked")) == 30


@pytest.mark.parametrize("moment", ["00:00:00.000001", "23:59:59.999999"])
def test_a_day_begins_and_ends_at_midnight_in_utc(calm: Cast, moment: str) -> None:
    day = clock.now().date() - timedelta(days=3)
    then = clock.now().fromisoformat(f"{day}T{moment}+00:00")
    with clock.at(then):
        attempts.record(Key.of_account(calm.max), calm.max, "ok", "", Origin())
    found = {
        each: worked for each, worked, _failed in figures.sign_ins_by_day(calm.actor("olivia"))
    }
    assert found[day] == 1
    assert sum(found.values()) == 1


def test_the_days_of_the_chart_are_the_readers(viewer: Client, calm: Cast) -> None:
    """In Kiritimati, 14 hours ahead of UTC, a sign-in at noon UTC belongs to the next day.

    A bar leads to the sign-ins of that day only.
    """
    db.session.execute(
        update(User).where(User.id == calm.vera.id).values(time_zone="Pacific/Kiritimati")
    )
    noon = clock.now().replace(hour=12)
    with clock.at(noon - timedelta(days=3)):
        attempts.record("max", calm.max, "ok", "", Origin())
    settle()
    found = {each: worked for each, worked, _failed in figures.sign_ins_by_day(calm.actor("vera"))}
    day = (noon - timedelta(days=2)).date()
    assert (found[day - timedelta(days=1)], found[day]) == (0, 1)
    bar = next(row for row in read(viewer.get("/")).all("tr") if day.isoformat() in row.text)
    assert [number_in(viewer, link["href"]) for link in bar.all("a")] == [1, 0]


def test_second_factors_of_active_people_are_counted(viewer: Client, calm: Cast) -> None:
    db.session.execute(update(User).where(User.id == calm.max.id).values(two_factor="email"))
    settle()
    legend = read(viewer.get("/")).all("ul", class_="legend")[0].all("li")
    assert [item.text for item in legend] == [
        "1 No 2FA 33 %",
        "1 E-mail code 33 %",
        "1 Authenticator app 33 %",
    ]
    assert [number_in(viewer, item.one("a")["href"]) for item in legend] == [1, 1, 1]


def test_home_takes_as_many_statements_for_many_people_as_for_few(
    viewer: Client, calm: Cast, statements: Callable[[], Any]
) -> None:
    def count() -> int:
        with statements() as seen:
            viewer.get("/")
        return len(seen)

    few = count()
    add_people(300)
    for person in db.session.scalars(select(User).limit(30)):
        guess(person, 6)
    settle()
    assert "locked" in needs(viewer)
    assert count() <= few <= 16


def test_locked_accounts_are_not_looked_for_in_all_the_years(
    app: Flask, calm: Cast, statements: Any
) -> None:
    """The query uses the index of times, so it reads one day and not the whole table."""
    with statements() as seen:
        alerts.current(calm.actor("olivia"), app.extensions["settings"])
    (locked,) = [text for text in seen if "GROUP BY" in text]
    assert "GROUP BY coalesce(" in locked


def test_of_very_many_people_the_newest_are_counted(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "COUNT_CAP", 2)
    page = read(viewer.get("/"))
    (share,) = [e for e in page.all("section") if "Two-factor" in e.one("h2").text]
    assert "Of the newest 2." in share.text
    assert not share.all("strong"), "a number would differ from that of the list"
    assert sum(int(text) for text in re.findall(r"(\d+) %", share.text)) == 100

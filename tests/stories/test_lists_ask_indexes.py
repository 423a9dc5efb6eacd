"""Lists send queries that indexes can answer, and no more queries than necessary."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock, events
from backoffice.auth import attempts
from backoffice.auth.attempts import Origin
from backoffice.dashboard import figures, sign_ins
from backoffice.data import lists
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.policy.actor import system
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.html import read


def row_ids(answer: Any) -> list[int]:
    return [int(box["value"]) for box in read(answer).all("input", name="row")]


def names(client: Client, search: str) -> set[str]:
    """Return the first names of the people whom a search finds."""
    ids = row_ids(client.get("/admin/users/?" + search))
    return set(db.session.scalars(select(User.first_name).where(User.id.in_(ids))))


def chips(client: Client, address: str) -> dict[str, str]:
    """Return the active filters of a list, each with the address that removes it."""
    found = read(client.get(address)).all("a", class_="chip")
    return {chip.text.replace("(remove)", "").strip(): chip["href"] for chip in found}


def add(first_name: str, **values: Any) -> User:
    email = f"{first_name.lower()}@example.com"
    person = User(first_name=first_name, last_name="Quarz", **values)
    person.set_email(email)
    db.session.add(person)
    db.session.commit()
    return person


def test_one_or_two_letters_begin_a_word_and_three_may_stand_anywhere(olivia: Client) -> None:
    add("Zwiebel")
    add("Xavier")
    assert names(olivia, "search=zw") == {"Zwiebel"}
    assert names(olivia, "search=x") == {"Xavier"}
    assert names(olivia, "search=wi+q") == set(), "inside of Zwiebel, two letters are too few"
    assert names(olivia, "search=wie") == {"Zwiebel"}
    assert names(olivia, "search=iebel+qua") == {"Zwiebel"}
    assert names(olivia, "search=zw&status=blocked") == set()


def test_a_filter_by_a_name_asks_the_index_of_texts_unless_very_many_have_it(
    olivia: Client, statements: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Customer(first_name="Zwiebel", last_name="Quarz")
    db.session.add_all([client, Customer(first_name="Xavier", last_name="Quarz")])
    db.session.commit()
    row_id = client.id
    for name, found in {"ZW": [row_id], "iEb": [row_id], "wi": [], "quarz": []}.items():
        with statements() as seen:
            assert row_ids(olivia.get(f"/admin/clients/?first_name={name}")) == found, name
        asked = [text for text in seen if "LIKE" in text]
        assert asked
        assert all("clients_search" in text for text in asked), asked
    monkeypatch.setattr(lists, "MANY", 0)
    with statements() as seen:
        assert row_ids(olivia.get("/admin/clients/?first_name=ieb")) == [row_id]
    assert [text for text in seen if "LIKE" in text and "clients_search" not in text]


def test_the_beginning_of_a_number_finds_it_as_it_is_shown(olivia: Client) -> None:
    add("Zwiebel", phone="+49 30 7654321")
    add("Xavier", phone="+1 202 555 0111")
    for said in ("%2B49", "%2B49+30", "%2B4930", "0049+30", "4930"):
        found = names(olivia, f"search={said}")
        assert "Zwiebel" in found, said
        assert "Xavier" not in found, said


def test_the_index_of_texts_follows_every_change(olivia: Client) -> None:
    person = add("Zwiebel", phone="+49 30 7654321")
    assert names(olivia, "phone=7654") == {"Zwiebel"}
    person.first_name, person.phone = "Yps", "+49 30 1112223"
    db.session.commit()
    assert names(olivia, "search=yps") == {"Yps"}
    assert names(olivia, "phone=7654") == set()
    assert names(olivia, "phone=2223") == {"Yps"}
    assert names(olivia, "email=zwieb") == {"Yps"}, "the address is what it was"
    db.session.delete(person)
    db.session.commit()
    assert names(olivia, "search=yps") == set()


def test_a_search_of_very_many_finds_the_same(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that matches nearly everybody avoids the index and finds the same rows."""
    few = [
        row_ids(olivia.get(f"/admin/users/?search=e&sort={sort}"))
        for sort in ("id", "-name", "two_factor")
    ]
    monkeypatch.setattr(lists, "MANY", 0)
    many = [
        row_ids(olivia.get(f"/admin/users/?search=e&sort={sort}"))
        for sort in ("id", "-name", "two_factor")
    ]
    assert many == few
    assert few[0]


def test_what_nobody_matches_is_asked_once(olivia: Client, statements: Callable[[], Any]) -> None:
    for query in ("search=zwzwzw", "email=zwzwzw"):
        olivia.get(f"/admin/users/?{query}")
        with statements() as seen:
            assert row_ids(olivia.get(f"/admin/users/?{query}")) == []
        assert len([text for text in seen if "users_search" in text]) == 1, seen


def test_numbers_are_bound_as_the_column_has_them(olivia: Client) -> None:
    """A fraction or a number too large for the column filters correctly instead of failing."""
    newest = db.session.scalar(select(func.max(Event.id)))
    assert newest
    for key, value, found in (
        ("from", 10**15, False),
        ("to", 10**15, True),
        ("from", "0.5", True),
        ("to", "0.5", False),
        ("from", -(10**15), True),
        ("from", 2**63 - 1, False),
    ):
        answer = olivia.get(f"/admin/events/?subject_id.{key}={value}")
        assert answer.status_code == 200
        assert bool(read(answer).all("tbody")) is found, (key, value)
    assert olivia.get("/admin/bulk-runs/?planned.from=3000000000").status_code == 400, (
        "no filter of this list"
    )
    for value in ("0.5", 3 * 10**9, 10**18):
        assert lists.parse(Event, [("bulk_run_id.from", str(value))]).filters


def test_groups_and_tags_are_filtered_by_the_table_between(
    olivia: Client, statements: Callable[[], Any]
) -> None:
    for query in ("groups=1", "groups=none", "client_tags=1", "client_tags=1&client_tags=none"):
        with statements() as seen:
            olivia.get(f"/admin/users/?{query}")
        page = next(text for text in seen if "matching_rows" in text)
        assert "FROM groups" not in page, query
        assert "JOIN groups" not in page, query
        assert ", groups" not in page, query
        assert "client_tags," not in page.replace("user_client_tags", ""), query


def test_a_chosen_person_is_offered_without_sorting_everybody(
    olivia: Client, zoo: Cast, statements: Callable[[], Any]
) -> None:
    last = db.session.scalar(select(func.max(User.id)))
    with statements() as seen:
        answer = olivia.get(f"/admin/users/?created_by={last}")
    assert f'value="{last}"' in answer.text
    assert not [text for text in seen if "ORDER BY CASE" in text], seen


def test_a_rule_that_many_actions_share_is_asked_once(
    olivia: Client, zoo: Cast, statements: Callable[[], Any]
) -> None:
    olivia.get(f"/admin/users/{zoo.max.id}/menu")
    with statements() as seen:
        assert "Block" in olivia.get(f"/admin/users/{zoo.max.id}/menu").text
    (menu,) = [text for text in seen if "asked_0" in text]
    assert menu.count("min(") == 1, "the lowest number of all administrators"


def an_old_event(zoo: Cast) -> int:
    """Add an event dated a year ago and return its id, which is the highest in the log."""
    with clock.at(clock.now() - timedelta(days=365)):
        events.record(actor=system(), action="users.archive", subject=("users", zoo.max.id))
    db.session.commit()
    return db.session.scalar(select(func.max(Event.id))) or 0


def event_ids(client: Client, address: str) -> set[int]:
    found = set()
    for link in read(client.get(address)).all("a"):
        number = (link["href"] or "").removeprefix("/admin/events/")
        if number.isdigit():
            found.add(int(number))
    return found


def test_the_log_looks_back_ninety_days_says_so_and_further_if_asked(
    olivia: Client, zoo: Cast
) -> None:
    old = an_old_event(zoo)
    on = chips(olivia, "/admin/events/?action=users.archive")
    assert on.keys() == {"When: the last 90 days", "Action: Users: Archive"}
    assert old not in event_ids(olivia, "/admin/events/?action=users.archive")
    whole = "/admin/events/" + on["When: the last 90 days"]
    assert "When: since the beginning" in chips(olivia, whole)
    assert old in event_ids(olivia, whole)
    assert old in event_ids(olivia, "/admin/events/?at.to=2099-01-01"), "who says when has said it"


def test_an_export_of_the_log_goes_as_far_as_the_list(olivia: Client, zoo: Cast) -> None:
    an_old_event(zoo)
    assert "users.archive" not in olivia.get("/admin/events/export.csv").text
    whole = chips(olivia, "/admin/events/")["When: the last 90 days"]
    assert "users.archive" in olivia.get(f"/admin/events/export.csv{whole}").text


def test_actions_of_the_log_are_those_that_are_in_it_and_found_whole(
    olivia: Client, zoo: Cast
) -> None:
    an_old_event(zoo)
    options = read(olivia.get("/admin/events/")).all("input", name="action")
    known = set(db.session.scalars(select(Event.action).distinct()))
    assert {option["value"] for option in options} == known
    assert event_ids(olivia, "/admin/events/?action=users.blo") == set()
    assert event_ids(olivia, "/admin/events/?action=users.block")


def test_addresses_are_found_whole_or_by_how_they_begin(olivia: Client, zoo: Cast) -> None:
    for ip in ("192.0.2.1", "192.0.2.10", "192.0.20.1"):
        attempts.record("max", zoo.max, "failed", "password", Origin(ip=ip))
    db.session.commit()

    def number(ip: str) -> int:
        return len(
            [
                1
                for body in read(olivia.get(f"/admin/sign-ins/?ip={ip}")).all("tbody")
                for _ in body.all("tr")
            ]
        )

    assert number("192.0.2.1") == 1
    assert number("192.0.2.") == 2
    assert number("192.0.2") == 3
    assert number("192.0.%25") == 0


def test_a_stretch_of_time_is_in_its_order(olivia: Client) -> None:
    """A filter by time also sorts by that time, because one index does both.

    Another order can still be asked for.
    """
    olivia.post("/admin/users/preferences", {"size": "20", "columns": ["name", "created_at"]})
    page = read(olivia.get("/admin/users/?created_at.from=2001-01-01"))
    assert [head.text for head in page.all("th") if head["aria-sort"] == "descending"] == [
        "Created at"
    ]
    page = read(olivia.get("/admin/users/?created_at.from=2001-01-01&sort=name"))
    assert [head.text for head in page.all("th") if head["aria-sort"] == "ascending"] == ["Name"]


def test_a_log_is_in_the_order_of_time_alone(olivia: Client) -> None:
    heads = read(olivia.get("/admin/events/")).one("thead").all("a")
    assert [head.text for head in heads] == ["When"]
    assert olivia.get("/admin/events/?sort=reason").status_code == 400
    assert olivia.get("/admin/events/?sort=-id").status_code == 200, "as old bookmarks ask"


def test_days_that_are_long_and_over_are_counted_once(
    app: Flask, zoo: Cast, monkeypatch: pytest.MonkeyPatch, statements: Callable[[], Any]
) -> None:
    monkeypatch.setattr(sign_ins, "WORTH_KEEPING", 1)
    monkeypatch.setattr(sign_ins, "_kept", {})
    noon = clock.now().replace(hour=12)  # so that no midnight comes between
    yesterday = noon - timedelta(days=1)

    def note(result: str) -> None:
        with clock.at(yesterday):
            attempts.record("max", zoo.max, result, "", Origin())
        db.session.commit()

    def counted() -> tuple[int, int]:
        with clock.at(noon):
            return figures.sign_ins_by_day(zoo.actor("olivia"))[-2][1:]

    for result in ("ok", "failed", "ok"):
        note(result)
    assert counted() == (2, 1)
    with statements() as seen:
        assert counted() == (2, 1)
    assert "".join(seen).count("count(") == 2 * 29, (
        "what worked and what did not, on every day but that one"
    )
    assert len(sign_ins._kept) == 1  # yesterday alone is long enough
    note("failed")
    assert counted() == (2, 2), "one more, and it is counted anew"


def test_every_choice_that_sql_works_out_is_offered_as_one(app: Flask, olivia: Client) -> None:
    offered = 0
    for screen in app.extensions["screens"]:
        page = read(olivia.get(f"/admin/{screen.slug}/"))
        for name in screen.model.__derived__:
            boxes = page.all("input", type="checkbox", name=name)
            if name in screen.column_filters:
                assert [box["value"] for box in boxes] == list(screen.model.__derived__[name]), (
                    screen.slug,
                    name,
                )
                offered += 1
    assert offered >= 3

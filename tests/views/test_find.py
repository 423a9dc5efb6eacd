"""Find anything: in every list that one sees, within one's rights, for a bounded time."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from backoffice import limits, throttles
from backoffice.data import lists, searching
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.usage import Usage
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support import world as the_world
from tests.support.acting import group
from tests.support.html import Element, read
from tests.support.statements import SLOW
from views.screen import definition

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PART = {"X-Requested-With": "fetch"}


@pytest.fixture
def tags(cast: Cast) -> None:
    db.session.add_all([ClientTag(name=f"Maxed out {number}") for number in range(7)])
    settle()


def found(answer: Any) -> dict[str, list[Element]]:
    """Return what was found as links, by the title of the list."""
    sections = read(answer).all("section", class_="found")
    return {e.one("h2").text: e.all("a") + e.all("button") for e in sections}


def words(answer: Any) -> dict[str, list[str]]:
    return {title: [link.text for link in links] for title, links in found(answer).items()}


def test_rows_are_found_in_every_list_that_one_sees(cast: Cast, tags: None, client: Client) -> None:
    groups = found(client.sign_in("olivia").get("/find?q=max"))
    (max_,) = groups["Users"]
    assert max_.text == "Max Mander max@example.com"
    assert max_["href"] == f"/admin/users/{cast.max.id}"
    assert len(groups["Client tags"]) == limits.FOUND + 1
    assert groups["Client tags"][-1].text == "Show all 7 in Client tags"
    rest = client.get(groups["Client tags"][-1]["href"])
    assert read(rest).one("h1").text == "Client tags 7 client tags"


def test_nobody_finds_what_they_may_not_see(cast: Cast, tags: None, client: Client) -> None:
    viewers = group("viewers")
    viewers.permissions = ["client_tags.view"]
    settle()
    vera = client.sign_in("vera")
    assert list(found(vera.get("/find?q=max"))) == ["Client tags"]
    answer = vera.get("/find?q=nothing-like-that")
    sentence = read(answer).one("p", class_="found-note").text
    assert sentence == "No results for “nothing-like-that”. Searched: Client tags."
    group("viewers").permissions = []
    settle()
    answer = vera.get("/find?q=max")
    assert read(answer).one("p", class_="found-note").text == (
        "There is no list that you may search."
    )


def test_deleted_people_are_not_found(cast: Cast, client: Client) -> None:
    cast.max.status = "deleted"
    settle()
    assert "Users" not in found(client.sign_in("olivia").get("/find?q=mander"))


def test_columns_that_one_may_not_see_are_not_beside_the_name(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definition, "may_read", lambda _actor, _model, name: name != "email")
    answer = client.sign_in("vera").get("/find?q=mander")
    assert words(answer) == {"Users": ["Max Mander"]}


def test_a_script_gets_the_part_alone(cast: Cast, client: Client) -> None:
    part = client.sign_in("olivia").get("/find?q=max", headers=PART)
    assert "<html" not in part.text
    assert words(part) == words(client.get("/find?q=max"))


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20%20", "?other=x"])
def test_without_a_search_there_is_every_page_and_action(
    query: str, cast: Cast, client: Client
) -> None:
    groups = words(client.sign_in("olivia").get(f"/find{query}"))
    assert list(groups) == ["People", "Clients", "Work", "System", "Actions", "Your account"]
    assert groups["Actions"] == [
        "Add person",
        "Add group",
        "Add node",
        "Add client",
        "Add company",
        "Add wallet member",
        "Add client tag",
        "Access reviews: Open access review",
    ]
    menu = read(client.get("/")).one("nav", id="navigation").all("a", class_="navigation-link")
    areas = ("People", "Clients", "Work", "System")
    pages = [page for area in areas for page in groups[area]]
    assert pages == [link.text for link in menu]


def test_pages_and_actions_are_those_that_one_may_use(cast: Cast, client: Client) -> None:
    viewers = group("viewers")
    viewers.permissions = ["groups.view"]
    settle()
    groups = words(client.sign_in("vera").get("/find"))
    assert groups.pop("Your account")[:2] == ["Home", "Profile"]
    assert groups == {"People": ["Groups"]}
    viewers = group("viewers")
    viewers.permissions = ["groups.view", "groups.create"]
    settle()
    assert words(client.get("/find"))["Actions"] == ["Add group"]


@pytest.mark.parametrize("typed", ["x" * 201, "a b c d e f g h i"])
def test_a_search_that_is_too_long_is_told(typed: str, cast: Cast, client: Client) -> None:
    for headers in ({}, PART):
        answer = client.sign_in("olivia").get("/find", query_string={"q": typed}, headers=headers)
        assert answer.status_code == 400
        assert read(answer).one("p", role="alert").text


@pytest.mark.parametrize(
    "text", ["%", "_", "\\", "'", "\x00", "\ud7ff", "<b>", "{{7*7}}", "9" * 30]
)
def test_hostile_words_are_words(text: str, cast: Cast, client: Client) -> None:
    answer = client.sign_in("olivia").get("/find", query_string={"q": text})
    assert answer.status_code == 200
    assert "<b>" not in answer.text


def test_a_list_that_takes_too_long_is_named_and_searched_by_itself(
    app: Flask, cast: Cast, tags: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement is stopped by the database, and the other lists are searched."""
    page = lists.page

    def slow(actor: Any, model: Any, *arguments: Any, **options: Any) -> Any:
        if model is User:
            db.session.execute(text(SLOW[db.session.get_bind().dialect.name]))
        return page(actor, model, *arguments, **options)

    monkeypatch.setattr(lists, "page", slow)
    monkeypatch.setattr(limits, "FIND_IN_LIST", 2.0)
    answer = client.sign_in("olivia").get("/find?q=max")
    assert list(found(answer)) == ["Client tags"]
    (link,) = read(answer).one("p", class_="found-note").all("a")
    assert (link.text, link["href"]) == ("Users", "/admin/users/?search=max")


def test_all_lists_together_have_a_limit(
    cast: Cast, tags: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FIND", 0.0)
    answer = client.sign_in("olivia").get("/find?q=max")
    assert answer.status_code == 200
    assert found(answer) == {}
    links = read(answer).all("p", class_="found-note")[-1].all("a")
    assert "Users" in [link.text for link in links]


def test_searches_are_counted(cast: Cast, client: Client) -> None:
    olivia = client.sign_in("olivia")
    assert olivia.get("/find?q=max").status_code == 200
    settle()
    used = db.session.scalars(select(Usage).where(Usage.what == throttles.FINDS.name)).one()
    used.used = throttles.FINDS.rate.most
    settle()
    answer = olivia.get("/find?q=max", headers=PART)
    assert answer.status_code == 429
    assert olivia.get("/find").status_code == 200, "pages and actions are not searched for"


def test_what_one_may_not_read_of_events_is_not_found(cast: Cast, client: Client) -> None:
    """A search in events finds those alone that the person may read in full."""
    client.sign_in("olivia")
    client.post("/admin/groups/new", {"name": "Zebras"})
    settle()
    assert db.session.scalars(select(Event).where(Event.action == "groups.create")).all()
    viewers = group("viewers")
    viewers.permissions = ["events.view"]
    settle()
    assert "Events log" not in found(client.sign_in("vera").get("/find?q=zebras"))


def test_events_are_found_as_sentences(cast: Cast, client: Client) -> None:
    """What was done and to whom, who did it and when: no number says that."""
    olivia = client.sign_in("olivia")
    olivia.post("/admin/groups/new", {"name": "Zebras"})
    (event,) = words(olivia.get("/find?q=groups.create"))["Events log"]
    assert event == "Olivia Owen added Zebras just now"


def test_events_name_nobody_whom_one_may_not_see(cast: Cast, client: Client) -> None:
    client.sign_in("olivia").post("/admin/groups/new", {"name": "Zebras"})
    group("viewers").permissions = ["events.view"]
    settle()
    groups = words(client.sign_in("vera").get("/find?q=groups.create"))
    assert "Zebras" not in str(groups)
    assert "Olivia" not in str(groups)


def test_sessions_and_sign_ins_are_found_by_device_and_person(cast: Cast, client: Client) -> None:
    client.sign_in("olivia")
    db.session.execute(update(Session).values(device=FIREFOX))
    db.session.execute(update(SignInAttempt).values(device=FIREFOX))
    settle()
    groups = words(client.get("/find?q=firefox"))
    assert groups["Sessions"] == ["Firefox on Linux Olivia Owen · 127.0.0.1 · just now"]
    (sign_in,) = groups["Sign-ins"]
    assert sign_in.startswith("Firefox on Linux Olivia Owen · 127.0.0.1 · ")


def test_a_row_of_every_list_is_found_with_its_page(
    app: Flask, staff: list[str], client: Client
) -> None:
    """Whatever its rows are called: some have a name, some only a number."""
    there = the_world.build(app.extensions["settings"])
    olivia = client.sign_in("olivia")
    screens = [each for each in app.extensions["screens"] if searching.searched(each.model)]
    assert len(screens) > 5
    for screen in screens:
        row_id = there.rows[screen.model][0]
        row = db.session.get_one(screen.model, row_id)
        names = screen.model.__search__ or searching.text_columns(screen.model)
        values = [getattr(row, name) for name in names]
        word = next(str(value).split()[0] for value in values if isinstance(value, str) and value)
        answer = olivia.get("/find", query_string={"q": word})
        assert answer.status_code == 200
        assert str(screen.name) in found(answer), (screen.name, word)

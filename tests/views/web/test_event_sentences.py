"""Events read as sentences, in the reader's language, wherever they are listed."""

import csv
import io
import json
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask_babel import force_locale

from backoffice.actions.engine import action as engine
from backoffice.actions.engine.action import Action, actions_of
from backoffice.actions.engine.rules import Counted
from backoffice.extensions import db
from backoffice.models.base import Entity, records
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, edit, group
from tests.support.html import Element, read

REASON = "They asked for it"  # which the helper gives
LIST = "/admin/events/?view=all"


def sentences(client: Client) -> list[str]:
    """Return what the list of events says, the newest first."""
    head = [each.text for each in read(client.get(LIST)).one("thead").all("th")]
    place = head.index("Action") if "Action" in head else head.index("Aktion")
    rows = read(client.get(LIST)).one("tbody").all("tr")
    return [said(row.all("td")[place - 1]) for row in rows]


def said(element: Element) -> str:
    """Return what an element says, without the blank that stands for the end of a link."""
    return element.text.replace(" :", ":")


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def test_an_action_says_what_was_done_to_whom_and_why(olivia: Client, cast: Cast) -> None:
    act(olivia, "users", "block", cast.max.id, reason="left the company")
    assert sentences(olivia) == ["Olivia Owen blocked Max Mander: left the company"]
    for page in ("/", f"/admin/users/{cast.max.id}?tab=events", "/admin/events/1", "/find?q=left"):
        main = said(read(olivia.get(page)).one("main"))
        assert "Olivia Owen blocked Max Mander: left the company" in main, page


def test_the_names_are_links_to_their_rows(olivia: Client, cast: Cast) -> None:
    act(olivia, "users", "block", cast.max.id)
    links = {each.text: each["href"] for each in read(olivia.get(LIST)).one("tbody").all("a")}
    assert links["Olivia Owen"] == f"/admin/users/{cast.olivia.id}"
    assert links["Max Mander"] == f"/admin/users/{cast.max.id}"


def test_it_is_said_in_german(olivia: Client, cast: Cast) -> None:
    cast.olivia.language = "de"
    settle()
    act(olivia, "users", "block", cast.max.id, reason="hat gekündigt")
    edit(olivia, "users", cast.vera.id, phone="+4930111111")
    assert sentences(olivia) == [
        "Olivia Owen hat bei Vera Vance geändert: Telefon",
        "Olivia Owen hat Max Mander gesperrt: hat gekündigt",
    ]


def test_ended_sessions_are_counted(app: Flask, olivia: Client, cast: Cast) -> None:
    for _ in range(3):
        app.test_client().sign_in("max")
    app.test_client().sign_in("vera")
    act(olivia, "users", "end-sessions", cast.max.id, cast.vera.id)
    assert sentences(olivia) == [
        f"Olivia Owen ended 1 session of Vera Vance: {REASON}",
        f"Olivia Owen ended 3 sessions of Max Mander: {REASON}",
    ]


def test_a_group_is_named_to_those_who_see_groups(app: Flask, olivia: Client, cast: Cast) -> None:
    act(olivia, "users", "add-to-group", cast.vera.id, group=group("managers").id)
    assert sentences(olivia) == [f"Olivia Owen added Vera Vance to Managers: {REASON}"]
    viewers = db.session.get_one(Group, group("viewers").id)
    viewers.permissions = ["events.view", "users.view"]
    managers = db.session.get_one(Group, group("managers").id)
    managers.permissions = []
    settle()
    vera = app.test_client().sign_in("vera")
    assert sentences(vera) == [f"Olivia Owen added Vera Vance to …: {REASON}"]
    assert "Managers" not in vera.get("/admin/events/1").text


def test_who_sees_no_people_reads_numbers(app: Flask, olivia: Client, cast: Cast) -> None:
    act(olivia, "users", "block", cast.max.id, reason="Mander left")
    viewers = db.session.get_one(Group, group("viewers").id)
    viewers.permissions = ["events.view", "events.export"]
    settle()
    vera = app.test_client().sign_in("vera")
    assert sentences(vera) == [f"Person {cast.olivia.id} blocked Person {cast.max.id}"]
    for path in (LIST, "/admin/events/1", "/", "/admin/events/export.json", "/find?q=blocked"):
        assert "Mander" not in vera.get(path, buffered=True).text


def test_a_name_with_markup_and_braces_is_shown_as_it_is(olivia: Client, cast: Cast) -> None:
    cast.max.first_name, cast.max.last_name = "<b>{actor}</b>", "%(x)s"
    settle()
    act(olivia, "users", "block", cast.max.id, reason="{subject} <i>")
    (found,) = sentences(olivia)
    assert found == "Olivia Owen blocked <b>{actor}</b> %(x)s: {subject} <i>"


def test_refused_attempts_are_sentences(app: Flask, olivia: Client, cast: Cast) -> None:
    act(olivia, "users", "block", cast.olivia.id, cast.max.id)
    app.test_client().sign_in("vera").post("/admin/users/new", {"email": "x@example.com"})
    vera, own, _max = sentences(olivia)
    assert vera == "Vera Vance was refused “Add people”: POST /admin/users/new"
    assert own.startswith("Olivia Owen was refused “Block” for Olivia Owen: ")


def test_what_commands_do_is_done_by_the_system(run: Any, olivia: Client, cast: Cast) -> None:
    run("backoffice", "clear-ip-whitelist", "max@example.com")
    assert sentences(olivia) == ["The system changed Max Mander"]


def test_the_file_has_sentences_and_numbers_of_comments(olivia: Client, cast: Cast) -> None:
    act(olivia, "users", "block", cast.max.id, reason="left the company")
    olivia.post("/admin/events/1/comments", {"text": "Keys are back."})
    text = olivia.get("/admin/events/export.csv", buffered=True).text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    told = {row["What happened"]: row["Comments"] for row in rows}
    assert told == {
        "Olivia Owen blocked Max Mander: left the company": "1",
        "Olivia Owen commented on event 1": "0",
    }
    cast.olivia.language = "de"
    settle()
    german = json.loads(olivia.get("/admin/events/export.json", buffered=True).text)
    first = next(each for each in german if each["id"] == 1)
    assert first["sentence"] == "Olivia Owen hat Max Mander gesperrt: left the company"
    assert first["comments"] == 1


class Polish(Action):
    model = ClientTag
    permission = "client_tags.edit"
    label = "Polish"

    def apply(self, context: Any, rows: Any) -> None:
        """Do nothing."""


def test_an_action_without_a_sentence_gets_one(olivia: Client, cast: Cast) -> None:
    db.session.add(ClientTag(name="Gold"))
    db.session.commit()
    attributes: ClassVar[dict[str, Any]] = {"name": "polish"}
    polish = type("PolishNow", (Polish,), attributes)
    try:
        act(olivia, "client-tags", "polish", 1)
        assert sentences(olivia) == [f"Olivia Owen used “Polish” on Gold: {REASON}"]
    finally:
        engine._known.pop(polish.code())


def test_a_sentence_with_an_unknown_place_stops_the_start() -> None:
    with pytest.raises(TypeError, match=r"it may have {actor}, {subject}"):
        type("Broken", (Polish,), {"event": "{actor} polished {row}"})
    with pytest.raises(TypeError, match="Counted"):
        type("Broken", (Polish,), {"event": "{actor} polished {n} rows"})


def every_action() -> list[Action]:
    return [
        action
        for model in records()
        if issubclass(model, Entity)
        for action in actions_of(model)
        if type(action).__module__.startswith("backoffice.")
    ]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_action_of_ours_has_a_sentence_with_both(app: Flask, language: str) -> None:
    actions = every_action()
    assert {User, Group} <= {action.model for action in actions}
    with force_locale(language):
        for action in actions:
            event = action.event
            text = event.unfilled(2) if isinstance(event, Counted) else str(event)
            assert "{actor}" in text, action.code()
            assert "{subject}" in text, action.code()

"""The details of an event: whom it is about, in the words of that one's pages."""

import time

from sqlalchemy import select

from backoffice.events import EventDraft, log
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, group
from tests.support.html import Element, read
from tests.support.sheets import imported, sheet_of, undo


def blocked(client: Client, cast: Cast) -> str:
    """Block Max as Olivia, and return the address of the event."""
    act(client.sign_in("olivia"), "users", "block", cast.max.id)
    settle()
    event = db.session.scalars(select(Event).where(Event.action == "users.block")).one()
    return f"/admin/events/{event.id}"


def facts(page: Element) -> dict[str, str]:
    terms = [term.text for term in page.all("dt")]
    return dict(zip(terms, [value.text for value in page.all("dd")], strict=True))


def test_an_event_says_what_was_done_to_whom(client: Client, cast: Cast) -> None:
    address = blocked(client, cast)
    page = read(client.get(address))
    assert page.one("h1").text == f"Event {address.rpartition('/')[2]}"
    assert page.one(".page-subtitle").text.startswith("Olivia Owen blocked Max Mander")
    assert facts(page)["About"] == f"Max Mander · Person {cast.max.id}"
    assert [e.text for e in page.all("a", href=f"/admin/users/{cast.max.id}")] == ["Max Mander"]


def test_a_group_that_is_gone_is_called_as_its_events_note_it(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    address = imported(client, sheet_of({"name": "ViewOnly"}))
    undo(client, address)
    told = read(client.get("/admin/events/")).one("tbody")
    assert "Olivia Owen added ViewOnly" in told.text
    assert "Olivia Owen imported a sheet of groups" in told.text
    assert "Olivia Owen undid the import of a sheet of groups" in told.text
    assert [link.text for link in told.all("a") if link.text == "ViewOnly"] == []


def test_what_changed_stands_under_the_headings_of_the_pages(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    form = {"login_method": "email", "email": "new@example.com", "first_name": "New"}
    assert client.post("/admin/users/new", form).status_code == 303
    settle()
    event = db.session.scalars(select(Event).where(Event.action == "users.create")).one()
    told = facts(read(client.get(f"/admin/events/{event.id}")))
    assert told["E-mail"] == "new@example.com"
    assert told["Sign-in method"] == "E-mail"
    assert told["Created by"] == "Olivia Owen"
    group("viewers").permissions = ["events.view", "users.view"]
    settle()
    client.sign_in("vera")
    assert facts(read(client.get(f"/admin/events/{event.id}")))["Created by"] == "Olivia Owen"
    cast.olivia.status = "deleted"
    settle()
    told = facts(read(client.get(f"/admin/events/{event.id}")))
    assert told["Created by"] == f"Person {cast.olivia.id}"


def test_whoever_sees_no_people_reads_no_name(client: Client, cast: Cast) -> None:
    address = blocked(client, cast)
    group("viewers").permissions = ["events.view"]
    settle()
    page = read(client.sign_in("vera").get(address))
    assert "Mander" not in page.text
    assert f"blocked Person {cast.max.id}" in page.one(".page-subtitle").text


def test_events_that_tell_of_very_many_rows_are_listed_soon(client: Client, cast: Cast) -> None:
    """Twelve client tags were added to the ten thousand that Vera had, again and again."""
    tags = [{"of": "client_tags", "id": n, "label": f"tag {n}"} for n in range(10_000)]
    draft = EventDraft(
        action="users.add_client_tags",
        subject=("users", cast.vera.id),
        before={"client_tags": tags[:-12]},
        after={"client_tags": tags},
    )
    log.record_many(actor=cast.actor("olivia"), drafts=[draft] * 5)
    client.sign_in("olivia")
    for page in ("/admin/events/", f"/admin/users/{cast.vera.id}?tab=events"):
        begin = time.process_time()
        text = client.get(page).text
        # A machine with other work takes a few seconds; each row beside each other, a minute.
        assert time.process_time() - begin < 10
        assert ", ".join([f"tag {n}" for n in range(9988, 9996)] + ["…"]) in text

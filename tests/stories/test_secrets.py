"""After everything that people do with their accounts, no secret lies in clear where it does not belong."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, inspect, select, text

from backoffice.auth.sessions import digest
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.queueing import NameOnly
from tests.stories.secrets_story import Story, found_in, told
from tests.support.cast import Cast
from tests.support.client import Client, settle
from tests.support.links import newcomer
from tests.support.worker_process import shared_queue


class Told:
    """The story, and what was said aloud meanwhile."""

    def __init__(self, story: Story, heard: str, waiting: list[str]) -> None:
        self.secrets, self.mails = story.secrets, story.post.mails
        self.heard, self.waiting, self.app = heard, waiting, story.app


@pytest.fixture
def after(
    app: Flask,
    cast: Cast,
    app_with: Callable[..., Flask],
    *,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Told]:
    """Everything has happened, on the queue that there is outside tests."""
    caplog.set_level("DEBUG")
    with shared_queue(app) as queue:
        story = told(app, app_with(temporary_passwords_for_all=True), monkeypatch)
        said = capsys.readouterr()
        waiting = [str(bytes(data)) for data in queue.huey.storage.enqueued_items()]
        yield Told(story, said.out + said.err + caplog.text, waiting)


def test_no_secret_lies_in_clear_where_it_does_not_belong(after: Told) -> None:
    """One test, because the story is long; what fails says which secret lies where."""
    kinds = {name.rpartition(" ")[0] for name in after.secrets}
    assert kinds == {
        "password", "temporary password", "link", "sid", "challenge", "device", "key", "recovery code", "app's code",
        "mailed code",
    }  # fmt: skip
    assert len(after.secrets) > 60
    places = {**tables(), **pages(newcomer(after.app).sign_in("olivia")), "logs": after.heard}
    places |= {f"task {number}": task for number, task in enumerate(after.waiting)}
    assert after.waiting, "mails were queued"
    assert "RuntimeError" in after.heard, "the fault is in the log"
    assert len(places) > 100
    assert {
        place: names for place, said in places.items() if (names := found_in(said, after.secrets))
    } == {}


def test_a_mail_tells_its_own_link_or_code_and_nothing_else(after: Told) -> None:
    own = [found_in(everything_in(mail), after.secrets) for mail in after.mails]
    assert max(map(len, own)) == 1
    told_by_mail = [names[0] for names in own if names]
    assert len(set(told_by_mail)) == len(told_by_mail), "each of them in one mail"
    assert {name.rpartition(" ")[0] for name in told_by_mail} == {"link", "mailed code"}
    subjects = {
        str(mail["Subject"]) for mail, names in zip(after.mails, own, strict=True) if not names
    }
    assert len(subjects) >= 3, "notices, which tell none"


def test_events_have_not_even_a_hash_of_a_secret(after: Told) -> None:
    settle()
    hashes = {name: digest(value) for name, value in after.secrets.items()}
    for event in db.session.scalars(select(Event)):
        said = f"{event.before} {event.after} {event.reason} {event.action}"
        assert "argon2" not in said
        assert found_in(said, hashes) == []


def test_a_task_is_a_name() -> None:
    """Whatever a job is about, it reads from the database."""
    message = type(
        "Message",
        (),
        {"id": "1", "name": "deliver_messages", "args": ("secret",), "kwargs": {"x": "secret"}},
    )
    assert (
        NameOnly()._serialize(message()) == b'["1", "deliver_messages"]'
    )  # what is written is the point


def everything_in(mail: Any) -> str:
    """Headers and both bodies, decoded."""
    bodies = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *bodies])


def tables() -> dict[str, str]:
    """Every value of every table there is, ours or not; on SQLite the queue's file too."""
    settle()
    found = _tables_of(db.engine, "table")
    if db.engine.dialect.name == "sqlite":
        file = str(db.engine.url.database)
        queue = create_engine(f"sqlite:///{file.removesuffix('.sqlite3')}.jobs.sqlite3")
        found |= _tables_of(queue, "queue's table")
        queue.dispose()
    assert {"table messages", "table tokens", "table users", "table sessions"} <= found.keys()
    assert any("jobs" in name or "queue" in name for name in found), "huey's own"
    return found


def _tables_of(engine: Any, kind: str) -> dict[str, str]:
    found = {}
    with engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()
            found[f"{kind} {name}"] = str(
                [tuple(bytes(v) if isinstance(v, memoryview) else v for v in r) for r in rows]
            )
    return found


def pages(visitor: Client) -> dict[str, str]:
    """Every list, every row's pages and every export, as somebody sees them who may see all."""
    addresses = ["/", "/account/", "/account/sessions", "/account/two-factor"]
    for screen in visitor.application.extensions["screens"]:
        base = f"/admin/{screen.path or screen.endpoint.replace('_', '-')}/"
        addresses += [base, f"{base}?size=100", f"{base}export.csv", f"{base}export.json"]
        settle()
        for row_id in db.session.scalars(select(screen.model.id).limit(60)).all():
            own = [f"{base}{row_id}", *(f"{base}{row_id}?tab={tab}" for tab in screen.details_tabs)]
            addresses += [*own, f"{base}{row_id}/menu", f"{base}{row_id}/edit"]
    answers = {address: visitor.get(address) for address in addresses}
    assert {answer.status_code for answer in answers.values()} <= {200, 403, 404}
    assert sum(answer.status_code == 200 for answer in answers.values()) > len(answers) // 2
    return {address: answer.get_data(as_text=True) for address, answer in answers.items()}

"""No secret of any account lies in clear text where it does not belong.

The secrets come from `secrets_story.py`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, inspect, select, text

from backoffice.auth.sessions import digest
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.queueing import NameOnlySerializer
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.stories.secrets_story import Story, found_in, told
from tests.support.links import newcomer
from tests.support.worker_process import shared_queue

pytestmark = pytest.mark.usefixtures("still")


class Told:
    """The finished story with what was logged and queued meanwhile.

    `heard` is the output and the log; `waiting` holds the queued tasks.
    """

    def __init__(self, story: Story, heard: str, waiting: list[str]) -> None:
        self.secrets = story.secrets
        self.mails = story.post.mails
        self.heard = heard
        self.waiting = waiting
        self.app = story.app


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
    """Play the whole story on the queue that is used outside tests."""
    caplog.set_level("DEBUG")
    with shared_queue(app) as queue:
        story = told(app, app_with(temporary_passwords_for_all=True), monkeypatch)
        said = capsys.readouterr()
        waiting = [str(bytes(data)) for data in queue.huey.storage.enqueued_items()]
        yield Told(story, said.out + said.err + caplog.text, waiting)


def test_no_secret_lies_in_clear_where_it_does_not_belong(after: Told) -> None:
    """One test, because the story is long; a failure says which secret lies where."""
    kinds = {name.rpartition(" ")[0] for name in after.secrets}
    assert kinds == {
        "password",
        "temporary password",
        "link",
        "sid",
        "challenge",
        "device",
        "key",
        "recovery code",
        "app's code",
        "mailed code",
    }
    assert len(after.secrets) > 60
    places = {**tables(), **pages(newcomer(after.app).sign_in("olivia")), "logs": after.heard}
    places |= {f"task {number}": task for number, task in enumerate(after.waiting)}
    assert after.waiting, "mails were queued"
    assert "RuntimeError" in after.heard, "the fault is in the log"
    assert len(places) > 100
    found = {place: found_in(said, after.secrets) for place, said in places.items()}
    assert {place: names for place, names in found.items() if names} == {}


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
    """A queued task holds no arguments; the job reads what it needs from the database."""
    message = type(
        "Message",
        (),
        {"id": "1", "name": "deliver_messages", "args": ("secret",), "kwargs": {"x": "secret"}},
    )
    # This is what lies in the queue's storage.
    assert NameOnlySerializer()._serialize(message()) == b'["1", "deliver_messages"]'


def everything_in(mail: Any) -> str:
    """Return the headers and both bodies of a mail, decoded."""
    bodies = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *bodies])


def tables() -> dict[str, str]:
    """Return the content of every table, ours or not, and on SQLite of the queue's file too."""
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
            found[f"{kind} {name}"] = str([tuple(map(_readable, row)) for row in rows])
    return found


def _readable(value: Any) -> Any:
    """Return the value in a form that shows its bytes when printed."""
    if isinstance(value, memoryview):
        return bytes(value)
    return value


def pages(visitor: Client) -> dict[str, str]:
    """Return every list, row page and export, as a reader with all rights sees them."""
    addresses = ["/", "/account/", "/account/sessions", "/account/two-factor"]
    for screen in visitor.application.extensions["screens"]:
        addresses += _addresses_of(screen)
    answers = {address: visitor.get(address) for address in addresses}
    statuses = [answer.status_code for answer in answers.values()]
    assert set(statuses) <= {200, 403, 404}
    assert statuses.count(200) > len(statuses) // 2
    return {address: answer.get_data(as_text=True) for address, answer in answers.items()}


def _addresses_of(screen: Any) -> list[str]:
    base = f"/admin/{screen.path or screen.endpoint.replace('_', '-')}/"
    addresses = [base, f"{base}?size=100", f"{base}export.csv", f"{base}export.json"]
    settle()
    for row_id in db.session.scalars(select(screen.model.id).limit(60)).all():
        row = f"{base}{row_id}"
        tabs = [f"{row}?tab={tab}" for tab in screen.details_tabs]
        addresses += [row, *tabs, f"{row}/menu", f"{row}/edit"]
    return addresses

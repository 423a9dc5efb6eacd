"""What ends soon is told once, a week before; what has ended is removed, and the events say so."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from backoffice import clock
from backoffice.extensions import db
from backoffice.jobs import end_access
from backoffice.mail.rendering import rendered
from backoffice.models.associations import user_groups
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.settings import configured
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle, without_app
from tests.support.acting import group, groups_of
from tests.support.patience import PATIENCE
from tests.support.races import at_once

END = datetime.fromisoformat("2026-06-01T10:00:00+00:00")
WEEK, SECOND = timedelta(days=7), timedelta(seconds=1)


@pytest.fixture
def ending(staff: list[str]) -> User:
    """Vera manages until June, and may block people until then; Olivia gave her both."""
    cast = Cast()
    for person in (cast.vera, cast.olivia):
        person.email_verified_at = END - 10 * WEEK
    membership = {
        "user_id": cast.vera.id,
        "group_id": group("managers").id,
        "ends_at": END,
        "given_by_id": cast.olivia.id,
    }
    db.session.execute(insert(user_groups).values(membership))
    given = {"permission": "users.block", "reason": "leave", "ends_at": END}
    db.session.add(DirectGrant(user=cast.vera, given_by=cast.olivia, **given))
    settle()
    return cast.vera


def work(moment: datetime) -> None:
    with clock.at(moment):
        end_access.run(configured(), lambda: False)
    settle()


def told() -> list[str]:
    settle()
    messages = db.session.scalars(select(Message).order_by(Message.id))
    return sorted(message.address for message in messages)


def test_both_are_told_once_a_week_before(ending: User) -> None:
    work(END - WEEK - SECOND)
    assert told() == []
    work(END - WEEK)
    assert told() == ["olivia@example.com"] * 2 + ["vera@example.com"] * 2
    work(END - WEEK + SECOND)
    assert len(told()) == 4
    (first, *_others) = db.session.scalars(select(Message).order_by(Message.id))
    mail = rendered(first, configured())
    assert mail.subject == "Access ends soon: Vera Vance"
    assert "What Vera Vance may do by “Managers” ends at 2026-06-01 10:00 UTC." in mail.text


@pytest.mark.parametrize(
    "language, said",
    [("en", "“Block and unblock people”"), ("de", "„Personen sperren und entsperren“")],
)
def test_an_extra_permission_is_told_in_words_of_its_reader(
    ending: User, language: str, said: str
) -> None:
    ending.language = language
    settle()
    work(END - WEEK)
    latest = select(Message).where(Message.user_id == Cast().vera.id).order_by(Message.id.desc())
    mail = rendered(db.session.scalars(latest.limit(1)).one(), configured())
    assert said in mail.text
    assert said in mail.html
    assert "users.block" not in mail.text


def test_two_workers_at_once_tell_and_remove_once(app: Flask, ending: User) -> None:
    def work_beside(moment: datetime) -> None:
        with app.app_context():
            work(moment)

    at_once([lambda: work_beside(END - WEEK)] * 2)
    assert len(told()) == 4
    at_once([lambda: work_beside(END)] * 2)
    settle()
    assert len(db.session.scalars(select(Event)).all()) == 1


def test_who_left_and_whose_address_is_not_theirs_are_not_told(ending: User) -> None:
    cast = Cast()
    cast.olivia.status = "blocked"
    cast.vera.email_verified_at = None
    settle()
    work(END - WEEK)
    assert told() == []


def test_what_has_ended_is_removed_with_an_event(ending: User) -> None:
    version = ending.version
    work(END - SECOND)
    assert db.session.scalars(select(DirectGrant)).all()
    work(END)
    settle()
    assert db.session.scalars(select(DirectGrant)).all() == []
    assert db.session.scalars(select(user_groups.c.ends_at.is_not(None))).all().count(True) == 0
    assert (groups_of(ending), Cast().vera.version) == ({"Viewers"}, version + 1)
    (event,) = db.session.scalars(select(Event))
    assert (event.action, event.actor_id, event.subject_id) == ("users.end_access", None, ending.id)
    managers = {
        "of": "groups",
        "id": group("managers").id,
        "label": "Managers · 2026-06-01 10:00 UTC",
    }
    assert event.before == {
        "groups": [managers],
        "extra_permissions": ["users.block · 2026-06-01 10:00 UTC"],
    }
    work(END + SECOND)
    assert len(db.session.scalars(select(Event)).all()) == 1


def test_people_and_extra_permissions_that_end_soon_are_found_by_a_filter(
    client: Client, ending: User
) -> None:
    client.sign_in("olivia")
    with clock.at(END - WEEK):
        client.sign_in("olivia")
        assert "vera@example.com" in client.get("/admin/users/?membership_ends=soon").text
        assert "<tbody" not in client.get("/admin/users/?membership_ends=later").text
        assert "users.block" in client.get("/admin/direct-grants/?ends=soon").text
    with clock.at(END - WEEK - SECOND):
        assert "<tbody" not in client.get("/admin/users/?membership_ends=soon").text
        assert "vera@example.com" in client.get("/admin/users/?membership_ends=later").text


def test_a_new_end_that_is_set_meanwhile_is_told_in_its_time(app: Flask, ending: User) -> None:
    """The job has to wait for those who are changing the person, and to look again."""
    later = END + 10 * WEEK
    vera = ending.id
    of_vera = (user_groups.c.user_id == vera, user_groups.c.ends_at.is_not(None))
    set_end = update(user_groups).where(*of_vera).values(ends_at=later, told_at=None)
    settle()
    with db.engine.connect() as somebody:
        somebody.execute(update(User.__table__).where(User.id == vera).values(version=9))
        somebody.execute(set_end)
        job = Thread(target=without_app().run, args=(_work_in, app))
        job.start()
        job.join(timeout=0.5)
        somebody.commit()
    job.join(timeout=PATIENCE)
    ends = db.session.execute(select(user_groups).where(*of_vera)).one()
    assert (ends.ends_at, ends.told_at) == (later, None)
    assert told() == ["olivia@example.com", "vera@example.com"]  # of what has its former end


def _work_in(app: Flask) -> None:
    with app.app_context():
        work(END - WEEK)


def test_who_gave_it_is_told_only_while_they_see_it(ending: User) -> None:
    """Olivia now looks after the messages alone: she sees neither people nor groups."""
    olivia = Cast().olivia
    olivia.groups = [group("employee")]
    group("employee").permissions = ["messages.view"]
    settle()
    work(END - WEEK)
    assert told() == ["vera@example.com", "vera@example.com"]

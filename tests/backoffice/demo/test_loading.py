"""The demo's company: who is there, what they did in a year, and that all of it is sound."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock, demo, events
from backoffice.auth.attempts import Origin
from backoffice.auth.sign_in import sign_in
from backoffice.demo.company import ACCOUNTS, CLIENT_TAGS, OTHER_ADMINISTRATORS
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.message import Message
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.token import Token
from backoffice.models.user import STATUSES, User
from backoffice.policy import grants

PEOPLE = 120


@pytest.fixture
def company(app: Flask, world: Callable[..., None]) -> None:
    def build() -> None:
        demo.load(settings=app.extensions["settings"], number=PEOPLE)
        demo.set_password("demo", app.extensions["settings"])
        db.session.commit()

    world("demo", build)


def number(model: type, *conditions: object) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0  # type: ignore[arg-type]  # conditions


@pytest.mark.usefixtures("company")
class TestCompany:
    def test_has_exactly_the_people_asked_for_and_some_who_were_deleted(self) -> None:
        assert number(User, User.status != "deleted") == PEOPLE
        assert number(User, User.status == "deleted") == 2

    def test_has_people_in_every_status_most_of_them_active(self) -> None:
        statuses = Counter(db.session.scalars(select(User.status)))
        assert set(statuses) == set(STATUSES)
        assert statuses["active"] > PEOPLE / 2

    def test_has_temporary_passwords_that_still_work(self) -> None:
        pending = (User.password_state == "temporary", User.password_expires_at > clock.now())
        assert number(User, *pending)

    def test_has_twelve_groups_each_with_members(self) -> None:
        assert number(Group) == len(ACCOUNTS) == 12
        assert number(Group, Group.users.any()) == 12

    def test_has_thirty_client_tags_and_people_limited_to_some(self) -> None:
        assert number(ClientTag) == len(CLIENT_TAGS) == 30
        assert set(db.session.scalars(select(User.client_tags_mode))) == {"all", "only", "except"}
        assert not number(
            User, User.client_tags_mode == "only", ~User.client_tags.any(), User.status != "deleted"
        )

    def test_has_people_with_telephone_and_with_whitelist(self) -> None:
        people = db.session.scalars(select(User).where(User.status != "deleted")).all()
        assert 0 < sum(bool(person.phone) for person in people) < PEOPLE
        assert 0 < sum(bool(person.ip_whitelist) for person in people) < PEOPLE / 3

    def test_has_varied_names(self) -> None:
        names = set(db.session.execute(select(User.first_name, User.last_name)))
        assert len(names) > 0.9 * PEOPLE
        assert sum(not (first + last).isascii() for first, last in names) > PEOPLE / 5

    def test_writes_to_nobody(self) -> None:
        emails = db.session.scalars(select(User.email).where(User.email.is_not(None)))
        assert {str(email).partition("@")[2] for email in emails} <= {
            "example.com",
            "example.org",
            "example.net",
        }


@pytest.mark.usefixtures("company")
class TestYear:
    def test_is_chained_without_a_fault(self) -> None:
        assert events.verify() == []

    def test_spreads_events_over_a_year_in_order(self) -> None:
        times = list(db.session.scalars(select(Event.at).order_by(Event.id)))
        assert times == sorted(times)
        assert times[0] > clock.now() - timedelta(days=366)
        assert times[-1] <= clock.now()
        assert {(moment.year, moment.month) for moment in times} >= {
            (m.year, m.month) for m in (clock.now() - timedelta(days=30 * n) for n in range(12))
        }

    def test_has_runs_of_many_kinds_some_undone_and_some_with_refusals(self) -> None:
        runs = db.session.scalars(select(BulkRun).where(BulkRun.state != "planned")).all()
        assert len({run.action for run in runs}) >= 9
        assert {run.state for run in runs} == {"done", "undone"}
        assert any(run.counts.get("refused") for run in runs)
        assert number(Event, Event.result == "denied")

    def test_has_sign_ins_of_every_result(self) -> None:
        assert set(db.session.scalars(select(SignInAttempt.result))) == {"ok", "failed", "blocked"}
        assert number(User, User.last_login_at.is_not(None)) > PEOPLE / 2

    def test_has_sessions_live_and_ended(self) -> None:
        assert number(Session, Session.live(clock.now()))
        assert number(Session, Session.ended_at.is_not(None))

    def test_has_mails_that_were_sent_that_are_being_tried_and_that_failed(self) -> None:
        states = Counter(db.session.scalars(select(Message.state)))
        assert set(states) <= {"sent", "failed", "dead"}
        assert states["dead"]
        assert states["sent"] > 0.9 * states.total()
        assert not number(Message, Message.state == "sent", Message.sent_at.is_(None))
        assert not number(Message, Message.state != "sent", Message.last_error == "")

    def test_keeps_of_sent_mails_only_what_still_works(self) -> None:
        works = select(Token.id).where(Token.live())
        kept = (Message.sealed.is_not(None), Message.state == "sent")
        assert not number(Message, *kept, Message.token_id.not_in(works))

    def test_leaves_nothing_in_the_future(self) -> None:
        times = (
            User.created_at,
            User.updated_at,
            User.last_login_at,
            Session.last_seen_at,
            SignInAttempt.at,
        )
        for column in (*times, Message.created_at, Message.sent_at):
            latest = db.session.scalar(select(func.max(column)))
            assert latest is not None
            assert latest <= clock.now()


@pytest.mark.usefixtures("company")
class TestAccounts:
    @pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.group)
    def test_opens_the_door_of_each_group(self, app: Flask, account: demo.Account) -> None:
        answer = sign_in(
            identifier=account.email,
            password="demo",
            origin=Origin("127.0.0.1"),
            settings=app.extensions["settings"],
        )
        assert answer.session
        user = db.session.scalars(select(User).where(User.email_key == account.email)).one()
        assert [group.name for group in user.groups] == [account.group]

    def test_are_told_with_the_administrator_first(self) -> None:
        assert demo.accounts() == list(ACCOUNTS)
        assert demo.accounts()[0].email == "olivia@example.com"

    def test_has_three_administrators_who_can_sign_in(self) -> None:
        emails = db.session.scalars(select(User.email).where(grants.administers()))
        assert set(emails) == {
            "olivia@example.com",
            *(other.email for other in OTHER_ADMINISTRATORS),
        }

    def test_nobody_else_shares_the_password(self, app: Flask) -> None:
        hashes = db.session.scalars(
            select(User.password_hash).where(User.password_hash.is_not(None))
        )
        assert Counter(hashes).most_common(1)[0][1] > PEOPLE / 2  # one hash, of what nobody knows

    def test_keeps_the_password_that_it_has(self, app: Flask) -> None:
        before = set(db.session.execute(select(User.id, User.password_hash)))
        demo.set_password("demo", app.extensions["settings"])
        assert set(db.session.execute(select(User.id, User.password_hash))) == before


@pytest.mark.one_engine("sqlite", reason="numbers given out by PostgreSQL do not roll back")
def test_load_is_repeatable(app: Flask) -> None:
    """The same seed at the same time gives the same company and the same year."""

    def story() -> list[object]:
        demo.load(settings=app.extensions["settings"], number=50, seed=7)
        columns = (Event.at, Event.actor_id, Event.action, Event.subject_id, Event.request_id)
        people = (
            User.uuid,
            User.search_key,
            User.status,
            User.phone,
            User.created_at,
            User.last_login_at,
        )
        told = [*db.session.execute(select(*columns).order_by(Event.id))]
        told += [*db.session.execute(select(*people).order_by(User.id))]
        db.session.rollback()
        return told

    with clock.at(clock.now()):
        first = story()
        assert first == story()


def test_load_tells_how_many_days_went_by(app: Flask) -> None:
    days: list[int] = []
    demo.load(settings=app.extensions["settings"], number=50, progress=days.append)
    assert sum(days) == demo.DAYS
    assert min(days) >= 0

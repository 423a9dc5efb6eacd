"""Invitations are sent again, withdrawn, granted again, and found by what became of them."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from backoffice import clock
from backoffice.actions.engine import run
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.policy.actor import system
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    decided,
    outcome,
    previewed,
    run_at,
    status_of,
    token_of,
    undo,
)
from tests.support.factors import mailed
from tests.support.links import WORDS, invited, link_to, newcomer
from tests.support.races import at_once

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
EIGHT_HOURS = timedelta(hours=8)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def ivan(app: Flask, cast: Cast) -> User:
    """Invite ivan as olivia at noon."""
    with clock.at(NOON):
        return invited(app, cast.olivia)


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def links_of(person: User) -> list[tuple[str, datetime]]:
    """Return the person's links from the first on: what became of each, and when it ends."""
    settle()
    rows = db.session.scalars(select(Token).where(Token.user_id == person.id).order_by(Token.id))
    states = ("used_at", "superseded_at", "revoked_at")
    return [(next((s for s in states if getattr(t, s)), "open"), t.expires_at) for t in rows]


def mails(purpose: str = "invitation") -> int:
    settle()
    return db.session.scalar(select(func.count(Message.id)).where(Message.purpose == purpose)) or 0


def forget_mails() -> None:
    """Forget the mails that were sent, because nobody gets many in ten minutes."""
    db.session.execute(delete(Message))
    settle()


# --- again ---


def test_a_new_link_takes_the_place_of_the_old_one_for_eight_hours_anew(
    app: Flask, ivan: User, olivia: Client
) -> None:
    old, later = link_to(app, "invitation", ivan), NOON + timedelta(hours=7)
    with clock.at(later):
        boss = newcomer(app).sign_in("olivia")
        act(boss, "users", "resend-invitation", ivan.id)
        new = link_to(app, "invitation", ivan)
        assert new != old
        assert "A newer link was sent" in newcomer(app).get(old).text
    assert links_of(ivan) == [("superseded_at", NOON + EIGHT_HOURS), ("open", later + EIGHT_HOURS)]
    with clock.at(later + EIGHT_HOURS - A_SECOND):
        assert newcomer(app).post(new, WORDS).status_code == 303
    assert mailed(app, "invitation", ivan)[1]["inviter"] == "Olivia Owen"


def test_an_expired_invitation_can_be_sent_again(app: Flask, ivan: User) -> None:
    with clock.at(NOON + timedelta(days=40)):
        boss = newcomer(app).sign_in("olivia")
        act(boss, "users", "resend-invitation", ivan.id)
        assert newcomer(app).post(link_to(app, "invitation", ivan), WORDS).status_code == 303


def test_the_row_menu_and_the_card_offer_it_to_those_who_wait(
    ivan: User, cast: Cast, olivia: Client
) -> None:
    menu, card = olivia.get(f"/admin/users/{ivan.id}/menu"), olivia.get(f"/admin/users/{ivan.id}")
    for page in (menu, card):
        assert "/admin/users/actions/resend-invitation" in page.text
    refused = olivia.get(f"/admin/users/{cast.vera.id}/menu")
    assert "is not waiting for an invitation" in refused.text


def test_of_many_only_those_who_wait_are_invited_anew(
    app: Flask, cast: Cast, olivia: Client
) -> None:
    waiting = [invited(app, cast.olivia, f"new{n}") for n in range(3)]
    others = {"vera": "not_invited", "eve": "not_invited", "max": "not_invited"}
    ids = [*(person.id for person in waiting), *(getattr(cast, name).id for name in others)]
    done = act(olivia, "users", "resend-invitation", *ids)
    assert done.counts == {"done": 3, "refused": 3}
    assert [outcome(done, getattr(cast, name).id) for name in others] == [
        ("refused", r) for r in others.values()
    ]
    assert [len(links_of(person)) for person in waiting] == [2, 2, 2]
    assert mails() == 6


def test_all_that_match_a_filter_are_invited_anew(app: Flask, cast: Cast, olivia: Client) -> None:
    people = [invited(app, cast.olivia, f"new{n}") for n in range(4)]
    with clock.at(clock.now() + EIGHT_HOURS):
        fresh = invited(app, cast.olivia, "fresh")
        boss = newcomer(app).sign_in("olivia")
        done = act(boss, "users", "resend-invitation", all_matching="1", invitation="expired")
        assert (done.counts, [len(links_of(p)) for p in (*people, fresh)]) == (
            {"done": 4},
            [2, 2, 2, 2, 1],
        )


def test_whoever_signs_in_by_login_cannot_be_invited(cast: Cast, olivia: Client) -> None:
    change = update(User).where(User.id == cast.vera.id)
    db.session.execute(
        change.values(login_method="login", login_key="vera", email=None, email_key=None)
    )
    ids = [db.session.scalars(select(User.id).where(User.login_key == "vera")).one()]
    for action in ("resend-invitation", "send-to-email", "reset-password"):
        preview = previewed(olivia, "users", action, *ids)
        assert "signs in by login and has no e-mail" in preview.text, action
        confirmed(olivia, "users", action, preview)
    settle()
    assert db.session.scalars(select(Token.id)).all() == []


def test_pressed_twice_at_once_it_is_one_mail(app: Flask, ivan: User, olivia: Client) -> None:
    other = newcomer(app).sign_in("olivia")
    other.token()
    for number in range(2, 22):
        forget_mails()
        preview = previewed(olivia, "users", "resend-invitation", ivan.id)
        path = f"/admin/users/actions/resend-invitation/{token_of(preview)}"
        acts = [partial(each.post, path) for each in (olivia, other)]
        assert [answer.status_code for answer in at_once(acts)] == [303, 303]
        assert (mails(), len(links_of(ivan))) == (1, number)


def test_two_previews_run_at_once_leave_one_link_that_works(
    app: Flask, ivan: User, olivia: Client
) -> None:
    """The second of two administrators is told that the row was changed meanwhile."""
    other = newcomer(app).sign_in("olivia")
    for _ in range(10):
        forget_mails()
        tokens = [
            token_of(previewed(each, "users", "resend-invitation", ivan.id))
            for each in (olivia, other)
        ]
        path = "/admin/users/actions/resend-invitation"
        pairs = zip((olivia, other), tokens, strict=True)
        answers = at_once([partial(each.post, f"{path}/{token}") for each, token in pairs])
        assert sorted(str(run_at(answer).counts) for answer in answers) == [
            "{'done': 1}",
            "{'stale': 1}",
        ]
        assert [state for state, _ends in links_of(ivan)].count("open") == 1


# --- withdrawn ---


def test_a_withdrawn_invitation_opens_nothing_and_undo_sends_a_new_one(
    app: Flask, ivan: User, olivia: Client
) -> None:
    with clock.at(NOON):
        boss, old = newcomer(app).sign_in("olivia"), link_to(app, "invitation", ivan)
        done = act(boss, "users", "revoke-invitation", ivan.id)
        assert status_of(ivan) == "revoked"
        assert "This link was withdrawn." in newcomer(app).get(old).text
        assert newcomer(app).post(old, WORDS).status_code == 410
        assert undo(boss, done).status_code == 303
        assert (status_of(ivan), mails()) == ("invited", 2)
        assert newcomer(app).get(old).status_code == 410, "the old link stays void"
        assert newcomer(app).post(link_to(app, "invitation", ivan), WORDS).status_code == 303
        assert undo(boss, done).status_code == 422
    assert status_of(ivan) == "active"


def test_the_status_says_who_took_a_withdrawal_back(ivan: User, cast: Cast, olivia: Client) -> None:
    done = act(olivia, "users", "revoke-invitation", ivan.id)
    assert ivan.status_by_id == cast.olivia.id
    run.undo(actor=system(), run_id=done.id)
    settle()
    assert (status_of(ivan), ivan.status_by_id) == ("invited", None)
    told = db.session.scalars(select(Event).where(Event.action == "users.resend_invitation")).one()
    assert (told.before, told.after) == ({"status": "revoked"}, {"status": "invited"})


def test_what_was_accepted_cannot_be_withdrawn(ivan: User, cast: Cast, olivia: Client) -> None:
    done = act(olivia, "users", "revoke-invitation", ivan.id, cast.vera.id, cast.eve.id)
    assert [outcome(done, person.id) for person in (ivan, cast.vera, cast.eve)] == [
        ("done", ""), ("refused", "accepted"), ("refused", "accepted"),
    ]  # fmt: skip
    again = previewed(olivia, "users", "revoke-invitation", ivan.id)
    assert confirmed(olivia, "users", "revoke-invitation", again).status_code == 303
    assert status_of(ivan) == "revoked"


def test_an_accepted_invitation_is_not_withdrawn_by_an_older_preview(
    app: Flask, ivan: User
) -> None:
    with clock.at(NOON):
        boss = newcomer(app).sign_in("olivia")
        preview = previewed(boss, "users", "revoke-invitation", ivan.id)
        assert newcomer(app).post(link_to(app, "invitation", ivan), WORDS).status_code == 303
        done = run_at(confirmed(boss, "users", "revoke-invitation", preview))
    assert (done.counts, status_of(ivan)) == ({"stale": 1}, "active")


@pytest.mark.parametrize("first", ["revoke-invitation", "block"])
def test_whoever_never_accepted_is_invited_again_and_not_active(
    app: Flask, ivan: User, olivia: Client, first: str
) -> None:
    """Without a password, an active person could do nothing but be mistaken for one who can."""
    act(olivia, "users", first, ivan.id)
    if first == "block":
        act(olivia, "users", "unblock", ivan.id)
    else:
        act(olivia, "users", "regrant", ivan.id)
    assert status_of(ivan) == "invited"
    assert newcomer(app).get(link_to(app, "invitation", ivan)).status_code == 410
    act(olivia, "users", "resend-invitation", ivan.id)
    assert newcomer(app).post(link_to(app, "invitation", ivan), WORDS).status_code == 303


def test_whoever_accepted_before_is_active_again(cast: Cast, olivia: Client) -> None:
    act(olivia, "users", "revoke", cast.vera.id)
    act(olivia, "users", "regrant", cast.vera.id)
    assert status_of(cast.vera) == "active"


# --- how to sign in, by mail ---


def test_send_to_email_sends_to_each_what_fits(
    app: Flask, ivan: User, cast: Cast, olivia: Client
) -> None:
    done = act(olivia, "users", "send-to-email", ivan.id, cast.vera.id, cast.eve.id)
    assert outcome(done, cast.eve.id) == ("refused", "no_access")
    assert newcomer(app).post(link_to(app, "invitation", ivan), WORDS).status_code == 303
    path = link_to(app, "password_link", cast.vera)
    assert path.startswith("/password/reset/")
    assert newcomer(app).post(path, WORDS).status_code == 303
    newcomer(app).sign_in("vera", WORDS["new_password"])
    assert (mails("invitation"), mails("password_link")) == (2, 1)
    assert WORDS["new_password"] not in str(
        mailed(app, "password_link") + mailed(app, "invitation")
    )


def test_events_say_who_did_it_and_never_the_link(
    app: Flask, ivan: User, cast: Cast, olivia: Client
) -> None:
    for action in ("resend-invitation", "send-to-email", "revoke-invitation"):
        act(olivia, "users", action, ivan.id)
    values = [link_to(app, "invitation", ivan).rpartition("/")[2]]
    events = db.session.scalars(select(Event).order_by(Event.id)).all()
    assert [(event.action, event.actor_id, event.subject_id) for event in events] == [
        (f"users.{name}", cast.olivia.id, ivan.id)
        for name in ("resend_invitation", "send_to_email", "revoke_invitation")
    ]
    assert not any(
        value in f"{event.before} {event.after} {event.reason}"
        for value in values
        for event in events
    )


# --- who may ---


@pytest.mark.parametrize("action", ["resend-invitation", "revoke-invitation", "send-to-email"])
@pytest.mark.parametrize(
    "name, may",
    [("main_administrator", True), ("max", False), ("vera", False), ("employee", False)],
)
def test_who_may_do_it_by_a_direct_request(
    app: Flask, staff: list[str], *, action: str, name: str, may: bool
) -> None:
    ivan, visitor = invited(app, Cast().main_administrator), newcomer(app).sign_in(name)
    answer = previewed(visitor, "users", action, ivan.id)
    assert answer.status_code == (200 if may else 403)
    if may:
        assert confirmed(visitor, "users", action, answer).status_code == 303
    else:
        assert (
            decided(visitor, "users", action, "00000000-0000-0000-0000-000000000000").status_code
            == 403
        )
        assert (status_of(ivan), mails()) == ("invited", 1)


@pytest.mark.parametrize(
    "action", ["resend-invitation", "revoke-invitation", "send-to-email", "reset-password"]
)
def test_nobody_reaches_whoever_outranks_them(app: Flask, staff: list[str], action: str) -> None:
    cast = Cast()
    boss = invited(app, cast.olivia, "boss")
    boss.groups = list(cast.olivia.groups)
    settle()
    visitor = newcomer(app).sign_in("main_administrator")
    preview = previewed(visitor, "users", action, boss.id, cast.olivia.id)
    assert "has a group or a permission that you cannot assign" in preview.text
    confirmed(visitor, "users", action, preview)
    assert (status_of(boss), mails(), mails("password_link")) == ("invited", 1, 0)


def test_a_preview_of_somebody_else_runs_for_nobody(
    app: Flask, staff: list[str], client: Client
) -> None:
    ivan = invited(app, Cast().olivia)
    client.sign_in("olivia")
    token = token_of(previewed(client, "users", "revoke-invitation", ivan.id))
    visitor = newcomer(app).sign_in("main_administrator")
    assert decided(visitor, "users", "revoke-invitation", token).status_code == 404
    assert decided(client, "users", "resend-invitation", token).status_code == 404
    assert (status_of(ivan), mails()) == ("invited", 1)

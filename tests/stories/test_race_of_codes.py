"""One code in two tabs at the same moment: exactly one gets in, in either order, however often."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from backoffice import clock
from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import run
from backoffice.auth import challenges, links, password_change, sessions, step_up, totp, two_factor
from backoffice.auth.attempts import Origin
from backoffice.auth.sign_in import second_factor
from backoffice.errors import BackofficeError
from backoffice.extensions import db
from backoffice.models.message import Message
from backoffice.models.recovery_code import RecoveryCode
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import settle
from tests.support.factors import code_of, give_app, give_email_codes, mailed
from tests.support.races import ROUNDS, PutBack, at_once

HERE = Origin("127.0.0.1", "a browser", "")
T = TypeVar("T")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("still")]


@pytest.fixture
def settings(app: Flask) -> Settings:
    found: Settings = app.extensions["settings"]
    return found


def outcomes(app: Flask, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the acts at once, each as its own request.

    Return each one's answer, or the class name of its refusal.
    """

    def request(act: Callable[[], Any]) -> Any:
        with app.app_context():
            try:
                found = act()
                db.session.commit()
            except BackofficeError as error:
                db.session.rollback()
                return type(error).__name__
            return found

    return at_once([partial(request, act) for act in acts])


def answer(challenge: str, code: str, settings: Settings) -> bool:
    return (
        second_factor(challenge=challenge, code=code, origin=HERE, settings=settings).session
        is not None
    )


def live(person: int) -> int:
    settle()
    which = (Session.user_id == person, Session.ended_at.is_(None))
    return db.session.scalar(select(func.count(Session.id)).where(*which)) or 0


def clear() -> None:
    """Forget what the last round left, and make the TOTP step and recovery codes unused again."""
    for model in (SignInAttempt, SignInChallenge, Session, Message):
        db.session.execute(delete(model))
    db.session.execute(update(TotpSecret).values(last_step=0))
    db.session.execute(update(RecoveryCode).values(used_at=None))
    settle()


def begun(person: User, settings: Settings) -> str:
    """Begin a sign-in as if the password had been given, and return the challenge."""
    value = challenges.create(person, settings)
    settle()
    return value


def test_one_totp_code_in_two_tabs_opens_one(app: Flask, cast: Cast, settings: Settings) -> None:
    key = give_app(cast.max, settings)[0]
    max_id = cast.max.id
    for number in range(ROUNDS):
        clear()
        tabs = [begun(cast.max, settings), begun(cast.max, settings)]
        code = code_of(key)
        found = outcomes(app, [partial(answer, tab, code, settings) for tab in tabs])
        assert (sorted(found), live(max_id)) == ([False, True], 1), f"round {number}"


def test_one_recovery_code_in_two_tabs_opens_one(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    codes = give_app(cast.max, settings)[1]
    max_id = cast.max.id
    for number in range(ROUNDS):
        clear()
        tabs = [begun(cast.max, settings), begun(cast.max, settings)]
        found = outcomes(app, [partial(answer, tab, codes[number % 10], settings) for tab in tabs])
        assert (sorted(found), live(max_id)) == ([False, True], 1), f"round {number}"


def test_one_mailed_code_sent_twice_opens_once(app: Flask, cast: Cast, settings: Settings) -> None:
    give_email_codes(cast.max)
    max_id = cast.max.id
    for number in range(ROUNDS):
        clear()
        tab = begun(cast.max, settings)
        (values,) = mailed(app, "email_code")
        found = outcomes(app, [partial(answer, tab, values["code"], settings)] * 2)
        assert (sorted(map(str, found)), live(max_id)) == (["Expired", "True"], 1), (
            f"round {number}"
        )


def test_one_code_as_a_confirmation_and_as_a_sign_in_counts_once(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    key = give_app(cast.max, settings)[0]
    max_id = cast.max.id
    for number in range(ROUNDS // 4):
        clear()
        sessions.create(user=cast.max, settings=settings, ip="", device="")
        tab = begun(cast.max, settings)
        code = code_of(key)
        actor = cast.actor("max", session_id=db.session.scalars(select(Session.id)).one())
        confirm = partial(
            step_up.confirm, actor=actor, password="", code=code, origin=HERE, settings=settings
        )
        signed_in, confirmed = outcomes(app, [partial(answer, tab, code, settings), confirm])
        assert (signed_in, live(max_id)) in ((True, 2), (False, 1)), f"round {number}"
        assert (confirmed == "RuleBroken") is signed_in, f"round {number}"


def test_two_confirmations_of_one_enrolment_make_one_set_of_recovery_codes(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    max_id = cast.max.id
    for number in range(ROUNDS):
        clear()
        totp.generate(cast.max, settings)
        key = totp.pending(cast.max, settings) or ""
        words = {
            "shown": totp.name_of(key),
            "code": code_of(key),
            "origin": HERE,
            "settings": settings,
        }
        confirm = partial(two_factor.confirm, actor=cast.actor("max"), **words)
        found = outcomes(app, [confirm, confirm])
        assert sorted(type(each).__name__ for each in found) == ["Enabled", "str"], (
            f"round {number}: {found}"
        )
        settle()
        rows = db.session.scalars(
            select(TotpSecret.state).where(TotpSecret.user_id == max_id)
        ).all()
        assert rows == ["active"]
        assert db.session.scalar(select(func.count(RecoveryCode.id))) == 10


def test_two_confirmations_of_one_enrolment_link_use_it_once(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    for number in range(ROUNDS // 4):
        clear()
        link = links.issue(links.ENROLMENT, cast.max, settings).rpartition("/")[2]
        words = {"value": link, "origin": HERE, "settings": settings}
        key = two_factor.begin_by_link(password=PASSWORD, **words)[1]
        confirm = partial(
            two_factor.confirm_by_link, shown=totp.name_of(key), code=code_of(key), **words
        )
        found = outcomes(app, [confirm, confirm])
        assert sorted(str(each) for each in found if isinstance(each, str)) == ["Expired"], (
            f"round {number}: {found}"
        )
        assert db.session.scalar(select(func.count(RecoveryCode.id))) == 10


def test_two_beginnings_by_link_and_by_page_end_with_one_secret(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    max_id = cast.max.id
    for number in range(ROUNDS // 4):
        clear()
        link = links.issue(links.ENROLMENT, cast.max, settings).rpartition("/")[2]
        by_link = partial(
            two_factor.begin_by_link, value=link, password=PASSWORD, origin=HERE, settings=settings
        )
        by_page = partial(two_factor.start_enrolment, actor=cast.actor("max"), settings=settings)
        found = outcomes(app, [by_link, by_page, by_link])
        assert [each for each in found if isinstance(each, str)] == [], f"round {number}"
        settle()
        assert db.session.scalars(
            select(TotpSecret.state).where(TotpSecret.user_id == max_id)
        ).all() == ["pending"]


def test_a_block_while_the_code_is_checked_leaves_no_live_session(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    key = give_app(cast.max, settings)[0]
    person = cast.max.id
    block = find("users.block")
    assert block is not None
    olivia = cast.actor("olivia")
    before = PutBack(cast.max)
    for number in range(ROUNDS):
        clear()
        tab = begun(cast.max, settings)
        token = preview(actor=olivia, action=block, selection=Selection(ids=[person])).run.token
        blocking = partial(run, actor=olivia, token=token, action=block, reason="Left")
        signed_in, _done = outcomes(app, [partial(answer, tab, code_of(key), settings), blocking])
        assert signed_in in (True, "Expired"), f"round {number}"
        assert (cast.max.status, live(person)) == ("blocked", 0), f"round {number}"
        before.now()


def test_a_new_password_while_the_code_is_checked_ends_that_sign_in(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    """Neither deadlocks: both take the account's turn before they lock the person."""
    key = give_app(cast.max, settings)[0]
    person = cast.max.id
    before = PutBack(cast.max)
    for number in range(ROUNDS // 4):
        clear()
        tab = begun(cast.max, settings)
        words = {"current": PASSWORD, "new": "four words nobody guesses"}
        change = partial(
            password_change.change_password,
            actor=own(cast),
            origin=HERE,
            settings=settings,
            **words,
        )
        signed_in, changed = outcomes(app, [partial(answer, tab, code_of(key), settings), change])
        assert changed, f"round {number}"
        assert live(person) == 0, f"round {number}"
        assert signed_in in (True, "Expired"), f"round {number}"
        before.now()


def own(cast: Cast) -> Actor:
    """Max's actor with a session id that is not in the table, so that all his sessions end."""
    return cast.actor("max", session_id=0)


def test_a_hundred_wrong_codes_at_once_are_five_tries(
    app: Flask, cast: Cast, settings: Settings
) -> None:
    give_app(cast.max, settings)
    for _ in range(5):
        clear()
        tab = begun(cast.max, settings)
        guesses = [partial(answer, tab, f"wrong {number}", settings) for number in range(20)]
        assert outcomes(app, guesses) == [False] * 20
        settle()
        tried = (SignInAttempt.factor == "code", SignInAttempt.result == "failed")
        assert db.session.scalar(select(func.count(SignInAttempt.id)).where(*tried)) == 5
        since = db.session.scalar(select(func.max(SignInAttempt.at)))
        assert since is not None
        assert since <= clock.now()

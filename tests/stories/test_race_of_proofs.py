"""Whatever somebody proves while the password, factor, address, status or whitelist is changed: the change prevails.

Every pair, with real threads, many times; and once with the change exactly between what is proved and what is granted.
"""

import os
import time
from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.auth import networks, passwords
from backoffice.errors import BackofficeError
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.user import User
from tests.support.cast import Cast
from tests.support.client import settle
from tests.support.proofs import CHANGES, OLD, PROOFS, Act, Change, Crowd, Proof, at

# As often as a run of all tests has time for; BACKOFFICE_RACE_ROUNDS=200 asks for more.
ROUNDS = {"postgresql": int(os.environ.get("BACKOFFICE_RACE_ROUNDS", "50")), "sqlite": 5}
STAGGER = 0.002  # seconds; one side or the other begins so much later, in turn, so that both orders come about
PAIRS = [
    (proof, change) for proof in PROOFS for change in CHANGES if change.invited or not proof.invited
]
# Whoever lost password and phone is sent both links: neither rests on what the other one changes.
APART = {("reset", "factor reset")}


def granted(crowd: Crowd, act: Act, person: int) -> bool:
    """Do it as a request of its own: whether something was granted."""
    try:
        found = act(crowd, person)
        db.session.commit()
    except BackofficeError:
        db.session.rollback()
        return False
    return bool(found)


def raced(app: Flask, crowd: Crowd, acts: Sequence[Act]) -> list[dict[int, bool]]:
    """For each of two acts, whether it was granted to each person: person by person, both at once."""
    start, found = Barrier(len(acts)), [dict[int, bool]() for _ in acts]

    def side(which: int) -> None:
        try:
            with app.app_context():
                for number, person in enumerate(crowd.ids):
                    start.wait(timeout=60)
                    time.sleep(max(0, (number % 7 - 3) * (1 if which else -1)) * STAGGER)
                    found[which][person] = granted(crowd, acts[which], person)
        except Exception:
            start.abort()  # or the other side would wait for this one
            raise

    threads = [Thread(target=side, args=(which,)) for which in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def usable(crowd: Crowd) -> dict[int, set[int]]:
    """The sessions by which these people would be let in now, from where they are."""
    settle()
    present = (Session.credential_version == User.credential_version, Session.ended_at.is_(None))
    statement = (
        select(Session.id, User)
        .join(User, User.id == Session.user_id)
        .where(*present, User.status == "active")
    )
    found: dict[int, set[int]] = {person: set() for person in crowd.ids}
    for session, user in db.session.execute(statement):
        if networks.admits(user.ip_whitelist, at(user.id).ip):
            found[user.id].add(session)
    return found


def order() -> dict[int, list[str]]:
    """What the log says happened to each person, in the order of the commits."""
    found: dict[int, list[str]] = {}
    for person, action in db.session.execute(
        select(Event.subject_id, Event.action).order_by(Event.id)
    ):
        found.setdefault(person, []).append(action)
    return found


def check(
    crowd: Crowd, proof: Proof, change: Change, proved: dict[int, bool], changed: dict[int, bool]
) -> None:
    """That nothing was granted after the change, and that nothing granted before it is left."""
    left, told = usable(crowd), order()
    for person in crowd.ids:
        kept = {crowd.sessions[person][1]} if change.name == "password change" else set[int]()
        if (
            changed[person]
            and change.voids
            and (proof.name, change.name) != ("sign-in", "factor reset")
        ):
            assert left[person] <= kept, f"{person}: a session outlived the change"
        if (
            proof.event
            and proved[person]
            and changed[person]
            and (proof.name, change.name) not in APART
        ):
            happened = [action for action in told[person] if action in (proof.event, change.event)]
            assert not change.voids or happened == [proof.event, change.event], (
                f"{person}: granted after the change"
            )
    if change.name in ("password change", "reset", "temporary password"):
        people = db.session.scalars(select(User).where(User.id.in_(crowd.ids)))
        back = [
            user.id
            for user in people
            if changed[user.id] and passwords.matches(user, OLD, crowd.settings)
        ]
        assert back == [], "the old password came back"


@pytest.fixture
def crowd(app: Flask, cast: Cast, engine_name: str) -> Callable[..., Crowd]:
    return lambda proof, size=ROUNDS[engine_name]: Crowd(
        app.extensions["settings"], size, proof
    ).gather()


def named(pair: tuple[Proof, Change]) -> str:
    return f"{pair[0].name} x {pair[1].name}"


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_nothing_outlives_a_change_that_ran_beside_it(
    app: Flask, crowd: Callable[..., Crowd], pair: tuple[Proof, Change]
) -> None:
    proof, change = pair
    people = crowd(proof)
    proved, changed = raced(app, people, [proof.act, change.act])
    assert len(proved) == len(changed) == len(people.ids), "every round was run to its end"
    if proof.name == change.name:
        assert all(proved[person] != changed[person] for person in people.ids), (
            "one link, used once"
        )
    else:
        check(people, proof, change, proved, changed)
    assert change.voids or all(proved.values()), "nothing else refuses the proof"


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_a_change_between_the_proof_and_the_grant_prevails(
    app: Flask,
    crowd: Callable[..., Crowd],
    pair: tuple[Proof, Change],
    engine_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proof, change = pair
    people = crowd(proof, 1)
    (person,) = people.ids
    changed: list[bool] = []

    def happen() -> None:
        with app.app_context():
            changed.append(granted(people, change.act, person))

    module, name = proof.slow
    function = getattr(module, name)

    def then(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        monkeypatch.undo()
        thread = Thread(target=happen)
        thread.start()
        thread.join()
        return found

    if engine_name == "sqlite" and proof.name == "e-mail change":
        happen()  # it looks in the transaction that grants, and a writing one is alone there from its beginning
    else:
        monkeypatch.setattr(module, name, then)
    proved = granted(people, proof.act, person)
    assert changed == [True]
    assert proved is (not change.voids or (proof.name, change.name) in APART)

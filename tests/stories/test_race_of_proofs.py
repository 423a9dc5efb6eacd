"""A change of password, factor, address, status or whitelist prevails over a simultaneous proof.

A proof is anything that grants access, such as a password or a code. Every pair of proof and change
runs with real threads, many times, and once with the change exactly between the proof and what it
grants.
"""

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
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle, without_app
from tests.support.patience import PATIENCE
from tests.support.proofs import CHANGES, OLD, PROOFS, Act, Change, Crowd, Proof, at
from tests.support.races import ROUNDS

pytestmark = pytest.mark.usefixtures("still")

# SQLite has one writer at a time: few rounds show all that can happen.
SIZES = {"postgresql": ROUNDS // 4, "sqlite": 5}  # for each of 77 pairs
# Seconds. One side or the other begins this much later, in turn, so that both orders occur.
STAGGER = 0.002
PAIRS = [
    (proof, change) for proof in PROOFS for change in CHANGES if change.invited or not proof.invited
]
# Whoever lost password and phone is sent both links: neither rests on what the other one changes.
APART = {("reset", "factor reset")}


def granted(crowd: Crowd, act: Act, person: int) -> bool:
    """Do the act as its own request and return whether something was granted."""
    try:
        found = act(crowd, person)
        db.session.commit()
    except BackofficeError:
        db.session.rollback()
        return False
    return bool(found)


def raced(app: Flask, crowd: Crowd, acts: Sequence[Act]) -> list[dict[int, bool]]:
    """Run the acts at once, person by person; return per act whether each person was granted it."""
    start = Barrier(len(acts))
    found = [dict[int, bool]() for _ in acts]

    def side(which: int) -> None:
        direction = 1 if which else -1
        try:
            with app.app_context():
                for number, person in enumerate(crowd.ids):
                    steps_late = max(0, (number % 7 - 3) * direction)
                    start.wait(PATIENCE)
                    time.sleep(steps_late * STAGGER)
                    found[which][person] = granted(crowd, acts[which], person)
        except Exception:
            start.abort()  # or the other side would wait for this one
            raise

    threads = [Thread(target=without_app().run, args=(side, which)) for which in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def usable(crowd: Crowd) -> dict[int, set[int]]:
    """Return the sessions that would still admit each person from where they are."""
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
    """Return what the log says happened to each person, in the order of the commits."""
    found: dict[int, list[str]] = {}
    for person, action in db.session.execute(
        select(Event.subject_id, Event.action).order_by(Event.id)
    ):
        found.setdefault(person, []).append(action)
    return found


def check(
    crowd: Crowd, proof: Proof, change: Change, proved: dict[int, bool], changed: dict[int, bool]
) -> None:
    """Check that nothing was granted after the change and nothing granted before it is left."""
    left = usable(crowd)
    told = order()
    names = (proof.name, change.name)
    for person in crowd.ids:
        if not changed[person] or not change.voids:
            continue
        if names != ("sign-in", "factor reset"):
            kept: set[int] = set()
            if change.name == "password change":
                kept = {crowd.sessions[person][1]}
            assert left[person] <= kept, f"{person}: a session outlived the change"
        if proof.event and proved[person] and names not in APART:
            happened = [action for action in told[person] if action in (proof.event, change.event)]
            assert happened == [proof.event, change.event], f"{person}: granted after the change"
    if change.name in ("password change", "reset", "temporary password"):
        _check_old_password(crowd, changed)


def _check_old_password(crowd: Crowd, changed: dict[int, bool]) -> None:
    """Check that the old password fits nobody whose password was changed."""
    people = db.session.scalars(select(User).where(User.id.in_(crowd.ids)))
    changed_people = [user for user in people if changed[user.id]]
    back = [u.id for u in changed_people if passwords.matches(u, OLD, crowd.settings)]
    assert back == [], "the old password came back"


@pytest.fixture
def crowd(app: Flask, cast: Cast, engine_name: str) -> Callable[..., Crowd]:
    return lambda proof, size=SIZES[engine_name]: Crowd(
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
        thread = Thread(target=without_app().run, args=(happen,))
        thread.start()
        thread.join()
        return found

    if engine_name == "sqlite" and proof.name == "e-mail change":
        # The proof is read in the transaction that grants. On SQLite a writing transaction excludes
        # others from its beginning, so the change can only come before it.
        happen()
    else:
        monkeypatch.setattr(module, name, then)
    proved = granted(people, proof.act, person)
    assert changed == [True]
    assert proved is (not change.voids or (proof.name, change.name) in APART)

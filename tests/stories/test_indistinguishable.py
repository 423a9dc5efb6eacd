"""No answer reveals whether an account exists, nor does the work that was done for it.

A test compares the SQL statements and their order as a stand-in for time;
`benchmarks/indistinguishable.py` measures the time itself.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from backoffice import clock
from backoffice.auth import passwords
from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing import cast as the_cast
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.html import read
from tests.support.links import invited, link_to, newcomer, same_for_all
from tests.support.statements import Statements

Counting = Callable[[], AbstractContextManager[Statements]]
# Names of one length, because a page repeats what was typed.
KINDS = ("known", "block", "guest", "gone0", "appli", "coded", "fresh", "tempo", "wiped", "nobdy")
EACH_TIME = ("X-Request-ID", "Date", "Content-Security-Policy", "Set-Cookie")
NONCE = re.compile(r"'nonce-[^']+'")
COOKIE = re.compile(r"(?<==)[^;]+(?=; )|Expires=[^;]+; ")


@pytest.fixture
def people(app: Flask, cast: Cast) -> None:
    """Add one person of each kind in `KINDS` except "nobdy", who does not exist.

    In that order: active, blocked, invited, revoked, signing in by login, with an app, never signed
    in, with a temporary password, deleted.
    """
    settings = app.extensions["settings"]
    for name in KINDS[:-1]:
        person = the_cast.add(name, group="viewers", settings=settings)
        status = {"block": "blocked", "guest": "invited", "gone0": "revoked", "wiped": "deleted"}
        person.status = status.get(name, "active")
        person.two_factor = "totp" if name == "coded" else "disabled"
        if name == "guest":
            person.password_hash, person.password_state = None, "none"
        if name == "tempo":
            passwords.store(person, "handed over in person", settings, temporary=True)
        if name == "appli":
            person.login_method, person.login, person.login_key = "login", name, name
    settle()


def shape(answer: TestResponse) -> tuple[Any, ...]:
    """Return everything about an answer except what differs every time.

    The length is included, so that pages are compared to the byte.
    """
    headers = [(name, text) for name, text in answer.headers if name not in EACH_TIME]
    policy = NONCE.sub("", answer.headers.get("Content-Security-Policy", ""))
    cookies = sorted(COOKIE.sub("", text) for text in answer.headers.getlist("Set-Cookie"))
    page = re.sub(
        r"(?:known|block|guest|gone0|appli|coded|fresh|tempo|wiped|nobdy)@",
        "@",
        same_for_all(answer.text),
    )
    return answer.status_code, len(answer.data), headers, policy, cookies, page


def plain(statement: str) -> str:
    """Return the statement with its white space normalised."""
    return " ".join(statement.split())


def tried(
    app: Flask, statements: Counting, path: str, forms: dict[str, dict[str, str]]
) -> dict[str, tuple[Any, Any]]:
    """Send each kind's form as a newcomer and return the answer and the SQL that it took."""
    # Warm up what is made only once, such as a page's template and the hash for unknown names.
    for form in forms.values():
        newcomer(app).post(path, form | dict.fromkeys(form, "warm@up"))
    db.session.execute(SignInAttempt.__table__.delete())
    settle()
    found = {}
    for kind, form in forms.items():
        visitor = newcomer(app)
        with statements() as seen:
            answer = visitor.post(path, form)
        found[kind] = (shape(answer), [plain(statement) for statement in seen])
    return found


def check(found: dict[str, tuple[Any, Any]]) -> None:
    """Check that every kind looks like "nobdy", the person who does not exist."""
    answer, statements = found["nobdy"]
    assert statements, "nothing was asked of the database"
    for kind, (other, asked) in found.items():
        assert other == answer, kind
        assert asked == statements, kind


def with_names(**more: str) -> dict[str, dict[str, str]]:
    return {kind: {"identifier": f"{kind}@example.com", **more} for kind in KINDS}


def test_a_wrong_password_is_answered_alike(app: Flask, people: None, statements: Counting) -> None:
    found = tried(app, statements, "/sign-in", with_names(password="not the password of anybody"))
    check(found)
    assert found["known"][0][0] == 422


def test_a_wrong_password_costs_one_hash_whoever_it_is_for(
    app: Flask, people: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing takes by far the most time, so every case computes one hash of the same cost."""
    newcomer(app).try_sign_in("warm@up", "x")
    hashed: list[str] = []
    hasher = passwords.hasher(app.extensions["settings"])
    kept = type(hasher).verify
    monkeypatch.setattr(
        type(hasher),
        "verify",
        lambda self, stored, typed: hashed.append(stored) or kept(self, stored, typed),
    )
    monkeypatch.setattr(
        type(hasher), "hash", lambda *_args, **_more: pytest.fail("a hash was made")
    )
    for number, kind in enumerate(KINDS, 1):
        newcomer(app).try_sign_in(kind, "not the password of anybody")
        assert len(hashed) == number, kind
    # What remains without salt and hash is the algorithm with its cost parameters.
    costs = {stored.rsplit("$", 2)[0] for stored in hashed}
    assert len(costs) == 1


def test_the_right_password_of_somebody_who_may_not_in_is_answered_like_a_wrong_one(
    app: Flask, people: None
) -> None:
    found = {
        kind: shape(newcomer(app).try_sign_in(kind))
        for kind in ("block", "gone0", "appli", "wiped", "nobdy")
    }
    assert [kind for kind, answer in found.items() if answer != found["nobdy"]] == []


def test_a_forgotten_password_is_answered_alike(
    app: Flask, people: None, statements: Counting
) -> None:
    found = tried(app, statements, "/password/forgotten", with_names())
    check(found)
    assert found["known"][0][0] == 200


@pytest.mark.parametrize("path", ["/sign-in", "/password/forgotten"])
def test_the_throttle_is_the_same_for_all(app: Flask, people: None, path: str) -> None:
    """The text and the waiting time are equal too, although each account has its own count."""
    now = clock.now()
    found = {}
    for kind in KINDS:
        form = {"identifier": f"{kind}@example.com", "password": "not the password of anybody"}
        with clock.at(now):
            for _ in range(5):
                newcomer(app).post(path, form)
            found[kind] = shape(newcomer(app).post(path, form))
        db.session.execute(SignInAttempt.__table__.delete())  # all come from one address
        settle()
    assert [kind for kind, answer in found.items() if answer != found["nobdy"]] == []
    assert found["nobdy"][0] == 429


@pytest.fixture
def held(app: Flask, cast: Cast) -> dict[str, str]:
    """Return a link of every kind, as the value in its address."""
    found = {}
    for name in ("open0", "late0", "used0", "block", "gone0"):
        link = link_to(app, "invitation", invited(app, cast.olivia, name))
        found[name] = link.rpartition("/")[2]
    ends = {
        "late0": {"expires_at": clock.now()},
        "used0": {"used_at": clock.now()},
        "gone0": {"revoked_at": clock.now()},
    }
    for name, values in ends.items():
        mine = select(User.id).where(User.email_key == f"{name}@example.com").scalar_subquery()
        db.session.execute(update(Token).where(Token.user_id == mine).values(**values))
    for name, status in (("used0", "active"), ("block", "blocked"), ("gone0", "revoked")):
        person = update(User).where(User.email_key == f"{name}@example.com")
        db.session.execute(person.values(status=status))
    settle()
    return found | {"nobdy": "x" * 43}


def test_asking_for_another_invitation_is_answered_alike(
    app: Flask, held: dict[str, str], statements: Counting
) -> None:
    newcomer(app).post("/invitations/warm-up/again")
    settle()
    found = {}
    for kind, value in held.items():
        visitor = newcomer(app)
        with statements() as seen:
            answer = visitor.post(f"/invitations/{value}/again")
        then = visitor.get(answer.location)
        found[kind] = ((shape(answer), shape(then)), [plain(statement) for statement in seen])
    check(found)
    assert found["open0"][0][0][0] == 303


def test_a_change_would_be_seen(app: Flask, people: None, statements: Counting) -> None:
    """One more character on the page or one more query fails the comparison."""
    found = tried(app, statements, "/sign-in", with_names(password="not the password of anybody"))
    answer, asked = found["known"]
    longer = (*answer[:-1], answer[-1] + " ")
    for other in ((answer, [*asked, "SELECT 1"]), (longer, asked)):
        with pytest.raises(AssertionError):
            check(found | {"known": other})


def test_the_form_after_a_wrong_password_keeps_the_name_and_nothing_else(
    client: Client, people: None
) -> None:
    answer = read(client.try_sign_in("known", "not the password of anybody"))
    filled = [
        e["name"]
        for e in answer.all("input")
        if e["value"] and e["name"] not in ("csrf_token", "next")
    ]
    assert filled == ["identifier"]

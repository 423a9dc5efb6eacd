"""Adding people: by e-mail, with a mailed link, or by login, with a temporary password."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock
from backoffice.auth import passwords
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import add, edit, everything, group, shown_once
from tests.support.html import error_at, link, read, ticked, value_of
from tests.support.links import WORDS, link_to, newcomer

TYPED = "seven odd words for one phone"


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def newest() -> User:
    settle()
    return db.session.scalars(select(User).order_by(User.id.desc()).limit(1)).one()


def people() -> int:
    settle()
    return db.session.scalar(select(func.count(User.id))) or 0


def test_by_email_they_are_invited(app: Flask, cast: Cast, olivia: Client) -> None:
    values = {
        "login_method": "email",
        "email": "Ivan@Example.com",
        "first_name": "Ivan",
        "phone": "+49301234567",
    }
    answer = add(olivia, "users", **values, groups=["", group("viewers").id])
    person = newest()
    assert (answer.status_code, answer.location) == (303, f"/admin/users/{person.id}")
    kept = (
        person.email,
        person.email_key,
        person.login,
        person.status,
        person.password_hash,
        person.password_state,
    )
    assert kept == ("Ivan@example.com", "ivan@example.com", None, "invited", None, "none")
    assert (person.created_by_id, [g.key for g in person.groups]) == (cast.olivia.id, ["viewers"])
    assert newcomer(app).post(link_to(app, "invitation", person), WORDS).status_code == 303
    newcomer(app).sign_in("ivan", WORDS["new_password"])


def test_by_login_they_get_a_temporary_password_that_is_shown_once(
    app: Flask, olivia: Client, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    values = {
        "login_method": "login",
        "login": "Lena.Lang",
        "first_name": "Lena",
        "last_name": "Lang",
    }
    answer = olivia.get(add(olivia, "users", **values).location)
    person = newest()
    given = read(answer).one("output").text
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert link(answer, "Done") == f"/admin/users/{person.id}"
    assert "Lena Lang" in read(answer).one("h1").text
    assert "It works for 3 days" in answer.text
    copy = next(e for e in read(answer).all("button") if e["data-copy"])
    assert (copy["data-copy"], read(answer).one("output")["id"]) == ("password", "password")
    kept = (person.email, person.login, person.login_key, person.status, person.password_state)
    assert kept == (None, "Lena.Lang", "lena.lang", "active", "temporary")
    assert passwords.matches(person, given, app.extensions["settings"])
    assert person.password_expires_at
    assert timedelta(hours=71) < person.password_expires_at - clock.now() <= timedelta(hours=72)
    again = add(olivia, "users", **values)
    assert again.status_code == 422, "a reload sends the form again"
    assert given not in again.text, "a reload sends the form again"
    for path in (f"/admin/users/{person.id}", f"/admin/users/{person.id}/edit", "/admin/events/"):
        assert given not in olivia.get(path).text, path
    heard = capsys.readouterr()
    assert given not in str(everything()) + heard.out + heard.err + caplog.text
    assert db.session.scalar(select(func.count(Message.id))) == 0


def test_a_temporary_password_may_be_typed(app: Flask, olivia: Client) -> None:
    added = add(olivia, "users", login_method="login", login="lena", temporary_password=TYPED)
    assert shown_once(olivia, added) == TYPED
    person = newest()
    assert passwords.matches(person, TYPED, app.extensions["settings"])
    assert person.password_state == "temporary"
    events = db.session.scalars(select(Event)).all()
    assert [event.action for event in events] == ["users.create"]
    assert TYPED not in str(everything())


def test_without_one_typed_one_is_made(app: Flask, olivia: Client) -> None:
    shown = {
        shown_once(
            olivia,
            add(olivia, "users", login_method="login", login=f"lena{n}", temporary_password=""),
        )
        for n in range(5)
    }
    assert len(shown) == 5
    assert {len(given) for given in shown} == {23}


@pytest.mark.parametrize(
    "typed, message",
    [
        ("short", "at least 15 characters"),
        ("password password", "most common passwords"),
        ("Lena Lang 20261", "your own name"),
        ("x" * 129, "at most 128"),
        ([TYPED, "another of seven odd words"], "Give one value"),
    ],
)
def test_a_typed_one_obeys_the_rules_of_all_passwords(
    olivia: Client, *, typed: Any, message: str
) -> None:
    values = {
        "login_method": "login",
        "login": "lena.lang",
        "first_name": "Lena",
        "last_name": "Lang",
        "phone": "+12025550101",
    }
    answer = add(olivia, "users", **values, temporary_password=typed)
    assert answer.status_code == 422
    assert message in error_at(answer, "temporary_password")
    assert {name: value_of(answer, name) for name in list(values)[1:]} == {
        n: values[n] for n in list(values)[1:]
    }
    assert ticked(answer, "login_method") == ["login"]
    assert value_of(answer, "temporary_password") == ""
    assert people() == 4


def test_one_typed_for_somebody_with_an_address_is_nothing(olivia: Client) -> None:
    """A temporary password is ignored for people with an address, because they choose their own.

    The form hides the field, but a request can still contain it.
    """
    answer = add(
        olivia, "users", login_method="email", email="ivan@example.com", temporary_password=TYPED
    )
    assert (answer.status_code, newest().password_hash, newest().status) == (303, None, "invited")
    answer = add(
        olivia, "users", login_method="email", email="ida@example.com", temporary_password="short"
    )
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "values, field, message",
    [
        ({"login_method": "email"}, "email", "Enter an e-mail address."),
        ({"login_method": "email", "login": "lena"}, "email", "Enter an e-mail address."),
        ({"login_method": "login"}, "login", "Enter a login."),
        ({"login_method": "login", "email": "ivan@example.com"}, "login", "Enter a login."),
        ({"login_method": "email", "email": "ivan"}, "email", "not an e-mail address"),
        ({"login_method": "email", "email": "MAX@example.com"}, "email", "Another person has this"),
        ({"login_method": "login", "login": "ab"}, "login", "3 to 64 letters"),
        ({"login_method": "login", "login": "x" * 65}, "login", "64"),
        ({"login_method": "login", "login": "-lena"}, "login", "begin with a letter"),
        ({"login_method": "login", "login": "lena@example.com"}, "login", "3 to 64 letters"),
        ({"login_method": "login", "login": "le na"}, "login", "3 to 64 letters"),
        ({"login_method": "login", "login": "лена"}, "login", "3 to 64 letters"),
        ({"login_method": "fax", "login": "lena"}, "login_method", "Not a valid choice"),
        (
            {"login_method": ["email", "login"], "email": "i@example.com"},
            "login_method",
            "Give one value",
        ),
    ],
)
def test_bad_input_is_refused_at_its_field_and_nothing_is_lost(
    olivia: Client, *, values: dict[str, Any], field: str, message: str
) -> None:
    more = {"first_name": "Xenia", "last_name": "Yarrow", "phone": "+49301234567"}
    answer = add(
        olivia,
        "users",
        **values,
        **more,
        groups=["", group("viewers").id],
        ip_whitelist="10.0.0.0/8",
    )
    assert answer.status_code == 422
    assert message in error_at(answer, field)
    typed = {name: text for name, text in {**values, **more}.items() if name != "login_method"}
    assert {name: value_of(answer, name) for name in typed} == typed
    assert value_of(answer, "ip_whitelist") == "10.0.0.0/8"
    assert ticked(answer, "groups") == [str(group("viewers").id)]
    assert people() == 4
    assert db.session.scalar(select(func.count(Message.id))) == 0


@pytest.mark.parametrize(
    "values",
    [{"email": "ivan@example.com", "login": "lena"}, {"email": "not one", "login": "lena"}],
)
def test_of_both_only_the_one_of_the_chosen_way_is_kept(
    olivia: Client, values: dict[str, str]
) -> None:
    assert add(olivia, "users", login_method="login", **values).status_code == 303
    person = newest()
    assert (person.email, person.email_key, person.login) == (None, None, "lena")


@pytest.mark.parametrize("spelled", ["LENA.LANG", " lena.lang ", "ｌｅｎａ.ｌａｎｇ", "Lena.Lang"])
def test_every_spelling_of_a_login_is_one_login(olivia: Client, spelled: str) -> None:
    assert add(olivia, "users", login_method="login", login="lena.lang").status_code == 303
    answer = add(olivia, "users", login_method="login", login=spelled)
    assert answer.status_code == 422
    assert error_at(answer, "login") == "Another person has this login."


def test_how_somebody_signs_in_cannot_be_changed(cast: Cast, olivia: Client) -> None:
    add(olivia, "users", login_method="login", login="lena")
    lena = newest()
    before = (lena.password_hash, cast.vera.password_hash)
    for person, values in (
        (lena, {"login_method": "email", "email": "lena@example.com"}),
        (cast.vera, {"login_method": "login", "login": "vera", "temporary_password": TYPED}),
    ):
        edit(olivia, "users", person.id, phone="+493012345677", **values)
        settle()
        assert person.phone == "+493012345677"
    assert lena.login_method == "login"
    assert lena.email is None
    assert cast.vera.login_method == "email"
    assert cast.vera.login is None
    assert (lena.password_hash, cast.vera.password_hash) == before
    for person, shown, hidden in ((lena, "login", "email"), (cast.vera, "email", "login")):
        page = read(olivia.get(f"/admin/users/{person.id}/edit"))
        assert len(page.all(name=shown)) == 1
        assert len(page.all(name=hidden)) == 0
        assert len(page.all(name="login_method")) == 0
        assert page.all(name="temporary_password") == []


def test_a_login_can_be_corrected(olivia: Client) -> None:
    add(olivia, "users", login_method="login", login="lena")
    person = newest()
    assert edit(olivia, "users", person.id, login="Lena.Lang").status_code == 303
    settle()
    assert (person.login, person.login_key) == ("Lena.Lang", "lena.lang")


@pytest.mark.parametrize("name", ["max", "vera"])
def test_who_may_not_add_people_cannot_do_so_by_a_direct_request(
    app: Flask, cast: Cast, name: str
) -> None:
    visitor = newcomer(app).sign_in(name)
    for values in ({"email": "ivan@example.com"}, {"login_method": "login", "login": "lena"}):
        assert add(visitor, "users", **values).status_code == 403
    assert people() == 4


def test_an_expired_form_does_not_carry_the_password_back(olivia: Client) -> None:
    olivia.get("/")
    form = {
        "csrf_token": olivia.token(),
        "login_method": "login",
        "login": "lena",
        "temporary_password": TYPED,
    }
    olivia.sign_out()
    olivia.sign_in("olivia").get("/")
    again = olivia.get(
        str(olivia.raw_post("/admin/users/new", data=form).location), follow_redirects=True
    )
    assert again.status_code == 200
    assert TYPED not in again.text
    assert "lena" in again.text

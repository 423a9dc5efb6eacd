"""Two tabs in one browser: each form belongs to the link, sign-in or key it was drawn for.

What another tab shows does not matter.
"""

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.auth import links, tokens, totp
from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.token import Token
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.email_change import addresses
from tests.support.factors import code_of, first_step, give_app, is_in, key_on, second_step
from tests.support.html import hidden, read
from tests.support.links import WORDS, fresh_link, invited, link_to, newcomer
from views.account import opened

pytestmark = pytest.mark.usefixtures("still")

ENROL = "/account/two-factor/enrol"


def tab(browser: Client, link: str) -> str:
    """Open the link in a tab and return the address shown, which does not contain its value."""
    answer = browser.get(link)
    assert answer.status_code == 303
    assert link.rpartition("/")[2] not in str(answer.location)
    return str(answer.location)


def used() -> int:
    settle()
    return len(db.session.scalars(select(Token.id).where(Token.used_at.is_not(None))).all())


def test_two_invitations_each_set_up_their_own_account(app: Flask, cast: Cast) -> None:
    people = [invited(app, cast.olivia, name) for name in ("ivan", "irma")]
    browser = newcomer(app)
    first, second = (tab(browser, link_to(app, "invitation", person)) for person in people)
    assert first != second
    for address, person in ((first, people[0]), (second, people[1])):
        assert str(person.email) in read(browser.get(address)).one("main").text
    assert browser.post(first, {**WORDS, "first_name": "Iwan"}).status_code == 303
    settle()
    assert [(p.status, p.first_name) for p in people] == [("active", "Iwan"), ("invited", "Ivan")]
    assert browser.post(second, {**WORDS, "first_name": "Irma"}).status_code == 303
    settle()
    assert people[1].first_name == "Irma"


def test_two_reset_links_each_change_their_own_password(app: Flask, cast: Cast) -> None:
    browser = newcomer(app)
    first, second = (
        tab(browser, fresh_link(person, links.PASSWORD)) for person in (cast.max, cast.vera)
    )
    assert "max@example.com" in browser.get(first).text
    assert "vera@example.com" in browser.get(second).text
    assert browser.post(first, WORDS).status_code == 303
    newcomer(app).sign_in("max", WORDS["new_password"])
    newcomer(app).sign_in("vera", PASSWORD)


def test_two_enrolment_links_each_set_up_their_own_app(app: Flask, cast: Cast) -> None:
    browser = newcomer(app)
    first, second = (
        tab(browser, fresh_link(person, links.ENROLMENT)) for person in (cast.max, cast.vera)
    )
    pages = [browser.post(address, {"password": PASSWORD}) for address in (first, second)]
    assert ["max@" in pages[0].text, "vera@" in pages[1].text] == [True, True]
    keys = [key_on(page) for page in pages]
    crossed = browser.post(first, {"shown": hidden(pages[1], "shown"), "code": code_of(keys[1])})
    assert crossed.status_code == 422
    assert "Another key was made" in crossed.text
    assert used() == 0
    for address, page, key in zip((first, second), pages, keys, strict=True):
        answer = browser.post(address, {"shown": hidden(page, "shown"), "code": code_of(key)})
        assert answer.status_code == 200
    assert used() == 2


def test_an_own_enrolment_in_two_tabs_confirms_the_key_that_the_page_showed(
    client: Client, cast: Cast
) -> None:
    """The app has the key of the first tab, but the second tab has made another one since."""
    client.sign_in("max").post("/account/two-factor/begin")
    first = client.get(ENROL)
    client.post("/account/two-factor/begin")
    second = client.get(ENROL)
    for key in (key_on(first), key_on(second)):
        answer = client.post(ENROL, {"shown": hidden(first, "shown"), "code": code_of(key)})
        assert answer.status_code == 422
        assert "Another key was made" in answer.text
        assert key_on(answer) == key_on(second), "what is left to scan"
    without = client.post(ENROL, {"code": code_of(key_on(second))})
    assert without.status_code == 422, "a form that says nothing is none of ours"
    settle()
    assert cast.max.two_factor == "disabled"
    assert totp.name_of(key_on(second)) == hidden(second, "shown")
    done = client.post(ENROL, {"shown": hidden(second, "shown"), "code": code_of(key_on(second))})
    assert done.status_code == 200


@pytest.fixture
def keys(app: Flask, cast: Cast) -> dict[str, str]:
    """The keys of the apps of Max and Vera, by name."""
    return {
        name: give_app(getattr(cast, name), app.extensions["settings"])[0]
        for name in ("max", "vera")
    }


def test_two_sign_ins_in_two_tabs_do_not_answer_each_other(
    client: Client, keys: dict[str, str]
) -> None:
    first = first_step(client, "max").asked_at
    token = client.token()
    second = first_step(client, "vera").asked_at
    assert client.token() == token, "the form of the first tab still counts"
    assert ["max@" in client.get(first).text, "vera@" in client.get(second).text] == [True, True]
    wrong = client.post(first, {"code": code_of(keys["vera"])})
    assert wrong.status_code == 422
    right = client.post(first, {"code": code_of(keys["max"])})
    assert (right.status_code, right.location) == (303, "/")
    settle()
    waiting = db.session.scalars(select(SignInChallenge.used_at).order_by(SignInChallenge.id)).all()
    assert [moment is None for moment in waiting] == [False, True]


def test_a_code_typed_after_another_tab_is_in_is_asked_about_and_not_used(
    client: Client, keys: dict[str, str]
) -> None:
    theirs = first_step(client, "vera").asked_at
    first_step(client, "max")
    assert second_step(client, code_of(keys["max"])).status_code == 303
    answer = client.post(theirs, {"code": code_of(keys["vera"])})
    assert answer.status_code == 403
    assert "You are signed in as max@example.com" in answer.text
    assert client.post("/sign-out", {"next": theirs}).location == theirs
    client._token = None
    client.asked_at = theirs
    assert second_step(client, code_of(keys["vera"])).status_code == 303
    assert "vera@example.com" in client.get("/").text


def test_the_way_back_belongs_to_the_tab_too(client: Client, keys: dict[str, str]) -> None:
    words = {"password": PASSWORD}
    client.post("/sign-in", {"identifier": "max@example.com", "next": "/account/", **words})
    first = client.asked_at
    client.post(
        "/sign-in", {"identifier": "vera@example.com", "next": "/account/sessions", **words}
    )
    assert client.post(first, {"code": code_of(keys["max"])}).location == "/account/"


KINDS = {"invitation": links.INVITATION, "reset": links.PASSWORD, "enrolment": links.ENROLMENT}


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_for_somebody_else_asks_before_anything_else(
    app: Flask, client: Client, cast: Cast, kind: str
) -> None:
    person = invited(app, cast.olivia) if kind == "invitation" else cast.max
    client.sign_in("vera")
    address = tab(client, fresh_link(person, KINDS[kind]))
    page = client.get(address)
    assert page.status_code == 200
    for text in ("You are signed in as vera@example.com.", f"This page is for {person.email}."):
        assert text in read(page).one("main").text
    for words in (WORDS, {"password": PASSWORD}, {"shown": "x", "code": "123456"}):
        refused = client.post(address, words)
        assert refused.status_code == 403
        assert "You are signed in as vera@example.com." in refused.text
    assert used() == 0
    assert is_in(client)
    assert client.post("/sign-out", {"next": hidden(page, "next")}).location == address
    client._token = None
    assert not is_in(client)
    assert str(person.email) in client.get(address).text
    words = {"password": PASSWORD} if kind == "enrolment" else WORDS
    assert client.post(address, words).status_code in (200, 303)


def test_who_signs_out_and_goes_nowhere_leaves_no_link_behind(
    app: Flask, client: Client, cast: Cast
) -> None:
    address = tab(client, fresh_link(cast.max, links.PASSWORD))
    client.sign_in("vera")
    assert client.get(address).status_code == 200
    client.sign_out()
    assert client.get(address).status_code == 404
    assert client.post("/sign-out", {"next": "//evil.example/"}).location == "/"


def test_a_confirmation_drawn_for_one_person_confirms_no_other(client: Client, cast: Cast) -> None:
    """One tab asks Vera for her password; in another she signs out and Max signs in."""
    client.sign_in("vera")
    page = client.get("/account/confirm?confirm_to=/account/email")
    assert "You are signed in as vera@example.com." in page.text
    client.sign_out()
    client.sign_in("max").get("/")
    words = {
        "csrf_token": hidden(page, "csrf_token"),
        "confirm_password": PASSWORD,
        "confirm_to": "/account/email",
    }
    answer = client.raw_post("/account/confirm", data=words)
    assert answer.status_code == 400
    assert "belongs to another person" in answer.text
    settle()
    noted = db.session.scalars(
        select(SignInAttempt.reason).where(SignInAttempt.reason == "confirmation")
    )
    assert noted.all() == [], "nobody's password was even tried"


def test_a_browser_keeps_ten_values_and_forgets_the_oldest(app: Flask, cast: Cast) -> None:
    browser = newcomer(app)
    settings = app.extensions["settings"]
    people = [
        invited(app, cast.olivia, f"person{number}") for number in range(opened.LINKS_KEPT + 1)
    ]
    found = [tab(browser, link_to(app, "invitation", person)) for person in people]
    statuses = [browser.get(address).status_code for address in found]
    assert statuses == [404] + [200] * opened.LINKS_KEPT
    assert "Open the link in your mail again." in browser.get(found[0]).text
    cookie = browser.get_cookie("backoffice", settings.host)
    assert cookie is None or len(cookie.value) < 4_000
    again = tab(browser, link_to(app, "invitation", people[0]))
    assert (again, browser.get(again).status_code) == (found[0], 200)


def test_a_page_of_another_browser_names_nothing_here(app: Flask, cast: Cast) -> None:
    address = tab(newcomer(app), fresh_link(cast.max, links.PASSWORD))
    other = newcomer(app)
    assert other.get(address).status_code == 404
    assert other.post(address, WORDS).status_code == 404
    assert used() == 0


def test_an_email_link_of_vera_asks_max_and_serves_vera(
    app: Flask, client: Client, cast: Cast
) -> None:
    value = tokens.issue(
        user=cast.vera,
        purpose="email_change",
        valid=links.INVITATION.lifetime(app.extensions["settings"]),
        sent_to="new@example.org",
        version=cast.vera.credential_version,
    ).value
    settle()
    address = tab(client.sign_in("max"), f"/account/email/{value}")
    assert client.post(address).status_code == 403
    went_on = client.post("/sign-out", {"next": address})
    assert went_on.location == address
    client._token = None
    assert client.get(address).location == f"/sign-in?next={address}"
    words = {"identifier": "vera@example.com", "password": PASSWORD, "next": address}
    assert client.post("/sign-in", words).location == address
    client._token = None
    assert client.post(address).status_code == 303
    assert addresses()["Vera"] == "new@example.org"

"""Flask-Admin traps in the pages: inline handlers, third-party hosts, frozen languages."""

import re
from typing import Any

import pytest
from flask import Flask

from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.house.source import modules
from tests.support.acting import decided, followed, previewed, token_of
from tests.support.html import Element, read, value_of
from tests.support.screens import SCREENS

URL_ATTRIBUTES = (
    "href",
    "src",
    "action",
    "formaction",
    "poster",
    "data-menu-url",
    "data-lookup-url",
    "xlink:href",
)
XSS = "<img src=x onerror=alert(1)>\"'"


def every_page(olivia: Client, zoo: Cast) -> dict[str, Any]:
    """Return one answer of every kind of page, errors included, by the request that led to it."""
    found: dict[str, Any] = {path: olivia.get(path) for path in _addresses()}
    for path, form in _posts(zoo.vera):
        found[f"POST {path} {form}"] = followed(olivia, olivia.post(path, form))
    found["old token"] = olivia.raw_post("/admin/users/new", data={"first_name": XSS})
    visitor = olivia.application.test_client()
    found |= {path: visitor.get(path) for path in ("/sign-in", "/invitations/x")}
    return found


def _addresses() -> list[str]:
    gets = [
        "/",
        "/account/password",
        "/nowhere",
        "/admin/users/?sort=x",
        "/admin/users/?search=nobody-at-all",
    ]
    for slug in SCREENS:
        gets += [
            f"/admin/{slug}/",
            f"/admin/{slug}/1",
            f"/admin/{slug}/1/menu",
            f"/admin/{slug}/new",
            f"/admin/{slug}/1/edit",
        ]
    gets += [f"/admin/users/12?tab={tab}" for tab in ("groups", "sessions", "events")]
    gets += [f"/admin/groups/2?tab={tab}" for tab in ("permissions", "users")]
    return gets


def _posts(person: User) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("/admin/users/actions/block", {"row": ["12", "13", "1"]}),
        ("/admin/users/actions/delete", {"row": "12"}),
        ("/admin/users/actions/add-to-group", {"row": "12"}),
        ("/admin/users/new", {"email": "no", "ip_whitelist": "no"}),
        ("/admin/users/new", {"email": "fresh@example.com"}),
        (f"/admin/users/{person.id}/edit", {"version": person.version + 1, "first_name": XSS}),
        ("/admin/groups/new", {"name": ""}),
        ("/account/password", {"current_password": "x"}),
    ]


@pytest.fixture
def pages(olivia: Client, zoo: Cast) -> dict[str, Any]:
    """Return every page of an installation whose names contain hostile markup."""
    person = db.session.get(User, 12)
    assert person
    person.first_name, person.last_name, person.phone = XSS, "{{7*7}}", "javascript:alert(1)"
    db.session.add(Group(name=XSS[:80], description=XSS))
    return every_page(olivia, zoo)


def elements(answer: Any) -> list[Element]:
    return read(answer).all() if answer.mimetype == "text/html" else []


def test_no_inline_handler_and_no_inline_style(pages: dict[str, Any]) -> None:
    """Trap: under a nonce CSP bulk actions did nothing, and delete ran without its question."""
    for name, answer in pages.items():
        assert answer.status_code < 500, name
        for element in elements(answer):
            bad = [a for a in element.attributes if a.startswith("on") or a == "style"]
            assert not bad, f"{name}: <{element.tag} {bad}>"
            assert element.tag not in ("style", "base", "iframe", "object", "embed"), name
            urls = [v for a, v in element.attributes.items() if a in URL_ATTRIBUTES]
            assert not [url for url in urls if url.strip().lower().startswith("javascript:")]


def test_scripts_carry_the_nonce_of_their_answer(pages: dict[str, Any]) -> None:
    nonces = []
    for name, answer in pages.items():
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, name
        assert "frame-ancestors 'none'" in policy
        scripts = [e for e in elements(answer) if e.tag == "script"]
        for script in scripts:
            assert f"'nonce-{script['nonce']}'" in policy, name
        nonces += [scripts[0]["nonce"]] if scripts else []
    assert len(nonces) > 20
    assert len(set(nonces)) == len(nonces), "each answer has its own"


def test_no_third_party_host(pages: dict[str, Any]) -> None:
    """Trap: 17 of 22 swatches loaded fonts from a third party."""
    for name, answer in pages.items():
        for element in elements(answer):
            for attribute in URL_ATTRIBUTES:
                assert not re.match(r"\s*(https?:)?//", element[attribute]), (
                    f"{name}: {element[attribute]}"
                )
        assert not re.search(r"url\(|@import", answer.get_data(as_text=True)), name


def test_names_are_shown_and_never_run(pages: dict[str, Any]) -> None:
    for name, answer in pages.items():
        assert not [e for e in elements(answer) if e.tag == "img" and e["src"] == "x"], name
    assert XSS in read(pages["/admin/users/12?tab=groups"]).one("h1").text
    assert "{{7*7}}" in read(pages["/admin/users/12?tab=groups"]).one("h1").text


def test_old_scripts_and_styles_of_flask_admin_are_on_no_page(pages: dict[str, Any]) -> None:
    """Trap: Bootstrap 4, jQuery 3.5 and select2 of 2014 were loaded."""
    for name, answer in pages.items():
        for element in elements(answer):
            for attribute in ("src", "href"):
                assert "/admin/static/" not in element[attribute], name
                assert not re.search(r"jquery|select2|moment|bootstrap4", element[attribute]), name


def test_every_change_is_a_post_with_a_token(pages: dict[str, Any]) -> None:
    """Every form that posts and can be sent has a CSRF token."""
    for name, answer in pages.items():
        for form in elements(answer):
            if form.tag != "form" or form["method"].lower() != "post":
                continue
            if form.all("button"):
                assert form.all("input", name="csrf_token"), f"{name}: {form['action']}"


def test_delete_asks_first(olivia: Client) -> None:
    preview = previewed(olivia, "users", "delete", 12)
    assert preview.status_code == 200
    token = token_of(preview)
    before = db.session.get(User, 12)
    assert before is not None
    assert before.status != "deleted"
    for typed in ("", "delete 2"):
        answer = decided(olivia, "users", "delete", token, confirm=typed)
        assert answer.status_code == 422
        assert value_of(answer, "confirm") == typed
    assert db.session.get(User, 12).status != "deleted"
    assert decided(olivia, "users", "delete", token, confirm="delete 1").status_code == 303
    assert db.session.get(User, 12).status == "deleted"


def test_parts_of_flask_admin_that_are_not_to_be_used_are_not() -> None:
    """Trap: ImageUploadField trusts what it is sent.

    The other traps live in ModelView, SecureForm and FlaskForm.
    """
    for module in modules():
        assert not re.search(
            r"ImageUploadField|FileUploadField|ModelView|SecureForm|FlaskForm", module.text
        ), module.name


def test_babel_is_initialised(app: Flask, olivia: Client) -> None:
    """Trap: with Flask-Babel importable but not initialised every page of Flask-Admin failed."""
    assert "babel" in app.extensions
    for language in ("de", "xx-YY", "*", "\xff", ""):
        assert olivia.get("/admin/users/", headers={"Accept-Language": language}).status_code == 200


def test_a_theme_of_our_own(olivia: Client) -> None:
    """`Theme(folder=<absolute path>)` takes our templates, not Flask-Admin's."""
    page = read(olivia.get("/admin/users/"))
    assert page.all("link", rel="stylesheet")[0]["href"].startswith(
        "/static/vendor/css/bootstrap.min.css"
    )
    assert not page.all("div", class_="navbar-collapse")

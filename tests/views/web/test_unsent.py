"""A form that arrives after its session ended is kept for its person for an hour.

It is sealed, and secrets are left out.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice import clock
from backoffice.auth import unsent_forms
from backoffice.data import event_comments, saved_views
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.session import Session
from backoffice.models.unsent_form import UnsentForm
from backoffice.testing.cast import PASSWORD, Cast, address
from backoffice.testing.client import Client, settle
from tests.support.acting import act, everything, group
from tests.support.html import Element, hidden, read, value_of
from tests.support.links import newcomer
from views.web import unsent
from views.web.headers import OPEN

TYPED = "Typed in the evening"
SAID = "Here is what you typed"
LONE = (
    "arrange_home",
    "account.confirm",
    "account.avatar",
    "account.password",
    "account.enrol",
    "account.confirm_email",
    "groups.compare",
    "groups.sheet",
    "wallet_members.new",
)


def end(reason: str = "idle") -> None:
    """End every session."""
    settle()
    db.session.execute(
        update(Session).where(Session.ended_at.is_(None)).values(ended_at=clock.now())
    )
    settle()


def enter(client: Client, answer: Any, name: str) -> Any:
    """Sign in on the page that the answer led to, and return the page that follows."""
    assert answer.status_code == 303
    page = client.get(str(answer.location))
    words = {"identifier": address(name), "password": PASSWORD, "next": hidden(page, "next")}
    client._token = None
    client._token = hidden(page, "csrf_token")
    entered = client.post("/sign-in", words)
    assert entered.status_code == 303
    client._token = None
    return client.get(str(entered.location), follow_redirects=True)


def kept() -> list[UnsentForm]:
    settle()
    return list(db.session.scalars(select(UnsentForm).order_by(UnsentForm.id)))


def own_forms(app: Flask, zoo: Cast) -> Iterator[tuple[str, str]]:
    """Yield (endpoint, address) of every page behind the sign-in that shows and accepts a form."""
    settle()
    rows = {"users": zoo.vera.id, "groups": group("viewers").id}
    rows["client_tags"] = db.session.scalars(select(ClientTag.id).order_by(ClientTag.id)).first()
    view = saved_views.create(
        actor=zoo.actor("olivia"), screen="users", name="Active", address="status=active"
    ).id
    comment = event_comments.write(actor=zoo.actor("olivia"), event_id=1, text="Seen.").id
    settle()
    for rule in app.url_map.iter_rules():
        if {"GET", "POST"} <= (rule.methods or set()) and rule.endpoint not in OPEN:
            area = rule.endpoint.partition(".")[0]
            values: dict[str, Any] = dict.fromkeys(rule.arguments, "x")
            if "row_id" in rule.arguments:
                values["row_id"] = rows.get(area, 1)
            if "user_id" in rule.arguments:
                values["user_id"] = rows["users"]
            if "view_id" in rule.arguments:
                values["view_id"] = view
            if "comment_id" in rule.arguments:
                values["comment_id"] = comment
            with app.test_request_context():
                yield rule.endpoint, str(app.url_map.bind("127.0.0.1").build(rule.endpoint, values))


def main_form(page: Any) -> Element:
    """Return the page's own form, as opposed to those of the frame around it."""
    found = [
        form
        for form in read(page).all("form")
        if form["method"] == "post" and form["action"] != "/sign-out"
    ]
    assert found
    return found[0]


def filled(form: Element) -> tuple[dict[str, list[str]], set[str]]:
    """Fill in every text field; return the form's data and the names of those fields."""
    words: dict[str, list[str]] = {}
    lines = set()
    for field in form.all("input"):
        name = field["name"]
        kind = field["type"] or "text"
        if kind in ("text", "tel", "email") and name:
            longest = int(field["maxlength"] or 200)
            words[name] = [f"{TYPED} {name}"[:longest]]
            lines.add(name)
        elif kind == "hidden" or "checked" in field.attributes:
            words.setdefault(name, []).append(field["value"])
        elif kind == "password":
            words[name] = [PASSWORD]
    for area in form.all("textarea"):
        words[area["name"]] = [f"{TYPED} {area['name']}"]
        lines.add(area["name"])
    return words, lines


def test_every_form_with_a_page_shows_again_what_was_typed(
    app: Flask, zoo: Cast, client: Client
) -> None:
    """The forms come from the URL map, so a new one is tested automatically."""
    tried = []
    for endpoint, path in own_forms(app, zoo):
        client = newcomer(app).sign_in("olivia")
        page = client.get(path)
        # These have nothing to keep, or belong to a screen that is read-only.
        if endpoint in LONE or page.status_code == 404:
            continue
        words, lines = filled(main_form(page))
        assert lines, endpoint
        end()
        before = {
            name: rows
            for name, rows in everything().items()
            if name not in ("unsent_forms", "sessions")
        }
        answer = client.post(path, words)
        assert str(answer.location).startswith("/sign-in?next=/account/unsent/"), endpoint
        after = everything()
        assert {name: after[name] for name in before} == before, f"{endpoint}: nothing is done"
        shown = enter(client, answer, "olivia")
        assert (shown.status_code, shown.request.path) == (200, path), endpoint
        assert SAID in shown.text, endpoint
        for name in lines:
            assert value_of(shown, name) == words[name][0], f"{endpoint}: {name}"
        tried.append(endpoint)
    assert {
        "account.profile",
        "account.email",
        "users.new",
        "users.edit",
        "groups.edit",
        "client_tags.new",
        "groups.new_view",
        "users.edit_view",
    } <= {*tried}


@pytest.fixture
def sent(client: Client, cast: Cast) -> Any:
    """Send Vera's profile after her session ended."""
    client.sign_in("vera").get("/account/")
    words = {
        "first_name": TYPED,
        "version": cast.vera.version,
        "nonsense": TYPED,
        "new_password": PASSWORD,
    }
    client.token()
    end()
    return client.post("/account/", words)


def test_it_is_kept_sealed_and_only_what_is_known_and_no_secret(
    app: Flask, cast: Cast, sent: Any
) -> None:
    assert TYPED not in repr(everything())
    (row,) = kept()
    assert row.user_id == cast.vera.id
    found = unsent_forms.find(
        actor=cast.actor("vera"), handle=row.handle, settings=app.extensions["settings"]
    )
    assert found
    assert {name for name, _value in found.fields} == {"first_name", "version"}


def test_nobody_else_sees_it(app: Flask, client: Client, cast: Cast, sent: Any) -> None:
    shown = enter(client, sent, "max")
    assert shown.request.path == "/"
    assert TYPED not in shown.text
    (row,) = kept()
    found = unsent_forms.find(
        actor=cast.actor("max"), handle=row.handle, settings=app.extensions["settings"]
    )
    assert found is None
    assert TYPED not in client.get(f"/account/?{unsent.PARAMETER}={row.handle}").text
    assert client.get(f"/account/unsent/{row.handle}").location == "/"


def test_it_is_shown_for_an_hour(app: Flask, client: Client, cast: Cast, sent: Any) -> None:
    with clock.at(clock.now() + timedelta(minutes=59)):
        assert TYPED in enter(client, sent, "vera").text
    with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
        other = newcomer(app).sign_in("vera")
        (row,) = kept()
        assert other.get(f"/account/unsent/{row.handle}").location == "/"


def test_looking_sends_nothing_and_sending_it_does_it_once(
    client: Client, cast: Cast, sent: Any
) -> None:
    shown = enter(client, sent, "vera")
    settle()
    assert cast.vera.first_name == "Vera"
    words = {"first_name": value_of(shown, "first_name"), "version": hidden(shown, "version")}
    assert client.post("/account/", words).status_code == 303
    settle()
    assert cast.vera.first_name == TYPED


def test_a_change_by_somebody_else_meanwhile_is_a_conflict_still(
    app: Flask, cast: Cast, client: Client
) -> None:
    """The form that is shown again keeps the version that it was based on."""
    tag = ClientTag(name="Gold", colour="grey")
    db.session.add(tag)
    settle()
    path = f"/admin/client-tags/{tag.id}/edit"
    version = tag.version
    client.sign_in("olivia").get(path)
    client.token()
    end()
    answer = client.post(path, {"name": "Golden", "version": version})
    db.session.execute(update(ClientTag).values(name="Silver", version=version + 1))
    settle()
    shown = enter(client, answer, "olivia")
    assert (value_of(shown, "name"), hidden(shown, "version")) == ("Golden", str(version))
    response = client.post(path, {"name": "Golden", "version": hidden(shown, "version")})
    assert response.status_code == 409


def test_five_are_kept_of_one_person_and_none_that_is_too_long(client: Client, cast: Cast) -> None:
    client.sign_in("vera").get("/account/")
    client.token()
    end()
    for number in range(7):
        client.post("/account/", {"first_name": f"{number}", "version": 1})
    assert len(kept()) == unsent_forms.FORMS_PER_PERSON
    before = [row.id for row in kept()]
    answer = client.post("/account/", {"first_name": "x" * (unsent_forms.LARGEST + 1)})
    assert "/account/unsent/" not in str(answer.location)
    assert [row.id for row in kept()] == before


def test_a_button_leads_to_its_page_and_says_that_nothing_was_done(
    client: Client, cast: Cast
) -> None:
    client.sign_in("olivia").get("/admin/users/")
    client.token()
    end()
    where = {"Referer": f"{client.application.config['TEST_BASE_URL']}/admin/users/?status=active"}
    answer = client.post("/admin/users/actions/block", {"row": cast.vera.id}, headers=where)
    shown = enter(client, answer, "olivia")
    assert (shown.request.path, shown.request.query_string) == ("/admin/users/", b"status=active")
    assert kept() == []
    answer = client.post("/sign-out")
    assert answer.status_code == 303
    foreign = client.post(
        "/admin/users/actions/block", {"row": 1}, headers={"Referer": "https://evil.example/x"}
    )
    assert foreign.location in ("/sign-in", "/sign-in?next=/")


def test_a_form_of_before_the_sign_in_elsewhere_is_shown_again_at_once(
    client: Client, cast: Cast
) -> None:
    """After signing out and in again in another tab, the form's token is outdated."""
    client.sign_in("vera").get("/account/")
    old = client.token()
    client.sign_out()
    client.sign_in("vera").get("/")
    words = {"csrf_token": old, "first_name": TYPED, "version": cast.vera.version}
    answer = client.raw_post("/account/", data=words)
    shown = client.get(str(answer.location), follow_redirects=True)
    assert shown.request.path == "/account/"
    assert value_of(shown, "first_name") == TYPED
    assert SAID in shown.text


def test_a_form_of_somebody_who_was_here_before_is_kept_for_them_alone(
    client: Client, cast: Cast
) -> None:
    client.sign_in("vera").get("/account/")
    old = client.token()
    client.sign_out()
    client.sign_in("max").get("/")
    answer = client.raw_post(
        "/account/", data={"csrf_token": old, "first_name": TYPED, "version": 1}
    )
    assert answer.status_code == 400
    assert TYPED not in answer.text
    assert "Somebody else was signed in here" in answer.text
    assert [row.user_id for row in kept()] == [cast.vera.id]
    left = client.post("/sign-out", {"next": hidden(answer, "next")})
    client._token = None
    shown = enter(client, client.get(str(left.location)), "vera")
    assert value_of(shown, "first_name") == TYPED
    settle()
    assert cast.vera.first_name == "Vera"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_page_sends_is_not_kept(client: Client, cast: Cast, site: str) -> None:
    client.sign_in("vera").get("/account/")
    client.token()
    end()
    answer = client.post(
        "/account/", {"first_name": TYPED, "version": 1}, headers={"Sec-Fetch-Site": site}
    )
    assert (answer.location, kept()) == ("/sign-in", [])


@pytest.mark.parametrize("token", ["", "nonsense", "IjEyMy40NSI.aaaa.bbbb"])
def test_a_token_that_is_none_of_ours_keeps_nothing(app: Flask, cast: Cast, token: str) -> None:
    client = newcomer(app)
    answer = client.raw_post("/account/", data={"csrf_token": token, "first_name": TYPED})
    assert (answer.status_code, kept()) == (400, [])
    client.sign_in("vera")
    response = client.raw_post("/account/", data={"csrf_token": token, "first_name": TYPED})
    assert response.status_code == 400
    assert kept() == []


def test_who_has_no_access_any_more_leaves_nothing(client: Client, app: Flask, cast: Cast) -> None:
    client.sign_in("vera").get("/account/")
    client.token()
    act(newcomer(app).sign_in("olivia"), "users", "block", cast.vera.id)
    client.post("/account/", {"first_name": TYPED, "version": 1})
    assert kept() == []


def test_the_form_behind_a_confirmation_is_what_is_kept(client: Client, cast: Cast) -> None:
    """The page that asks for the password carries the form, and that form is shown again."""
    start = clock.now()
    with clock.at(start):
        client.sign_in("olivia").get("/")
        managers = group("managers")
        path = f"/admin/groups/{managers.id}/edit"
    with clock.at(start + timedelta(minutes=6)):
        asked = client.post(path, {"version": managers.version, "description": TYPED})
        assert asked.status_code == 403
        end()
        words = {
            "confirm_to": path,
            "confirm_again": "1",
            "confirm_password": PASSWORD,
            "description": TYPED,
        }
        answer = client.post("/account/confirm", {**words, "version": managers.version})
        shown = enter(client, answer, "olivia")
    assert (shown.request.path, value_of(shown, "description")) == (path, TYPED)


def test_a_new_key_reads_it_and_deleting_the_person_empties_it(
    app: Flask, app_with: Any, cast: Cast, sent: Any
) -> None:
    old = app.extensions["settings"].secret_key
    other = app_with(encryption_keys=("a new key of more than thirty-two characters", old))
    assert other.test_cli_runner().invoke(args=["backoffice", "rotate-keys"]).exit_code == 0
    (row,) = kept()
    alone = app_with(encryption_keys=("a new key of more than thirty-two characters",)).extensions[
        "settings"
    ]
    assert unsent_forms.find(actor=cast.actor("vera"), handle=row.handle, settings=alone)
    act(newcomer(app).sign_in("olivia"), "users", "delete", cast.vera.id)
    assert kept() == []

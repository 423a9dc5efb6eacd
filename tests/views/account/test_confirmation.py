"""Step-up: important acts need a confirmation that is less than five minutes old."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from backoffice import clock
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    add,
    decided,
    group,
    previewed,
    review_of,
    run_at,
    token_of,
)
from tests.support.factors import is_in, visitor
from tests.support.html import CONFIRM, error_at, hidden, is_asked, read, value_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
MINE = ("confirm_password", "confirm_code", "confirm_to", "confirm_again", "csrf_token")


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    """Sign Olivia in at NOW."""
    with clock.at(NOW):
        return client.sign_in("olivia")


def reset_link(client: Client, cast: Cast) -> TestResponse:
    return previewed(client, "users", "re-enrol-2fa", cast.max.id)


def temporary(client: Client, cast: Cast) -> TestResponse:
    return previewed(client, "users", "temporary-password", cast.max.id)


def off(client: Client, cast: Cast) -> TestResponse:
    return previewed(client, "users", "disable-2fa", cast.max.id)


def to_email(client: Client, cast: Cast) -> TestResponse:
    return previewed(client, "users", "reset-2fa-to-email", cast.max.id)


def group_edit(client: Client, cast: Cast) -> TestResponse:
    managers = group("managers")
    return client.post(
        f"/admin/groups/{managers.id}/edit", {"version": managers.version, "description": "x"}
    )


def new_group(client: Client, cast: Cast) -> TestResponse:
    return client.post("/admin/groups/new", {"name": "Night shift"})


def own_email(client: Client, cast: Cast) -> TestResponse:
    return client.post("/account/email", {"email": "olivia@example.org"})


def own_factor(client: Client, cast: Cast) -> TestResponse:
    return client.post("/account/two-factor/begin")


def own_factor_by_mail(client: Client, cast: Cast) -> TestResponse:
    cast.olivia.email_verified_at = NOW
    return client.post("/account/two-factor/email")


def own_factor_off(client: Client, cast: Cast) -> TestResponse:
    return client.post("/account/two-factor/off")


def own_recovery_codes(client: Client, cast: Cast) -> TestResponse:
    return client.post("/account/two-factor/recovery-codes")


def own_key(client: Client, cast: Cast) -> TestResponse:
    return client.get("/account/two-factor/enrol")


def own_email_page(client: Client, cast: Cast) -> TestResponse:
    return client.get("/account/email")


def csv(client: Client, cast: Cast) -> TestResponse:
    return client.get("/admin/users/export.csv?status=active")


def json(client: Client, cast: Cast) -> TestResponse:
    return client.get("/admin/events/export.json")


def run_download(client: Client, cast: Cast) -> TestResponse:
    run = act(client, "users", "block", cast.vera.id)
    return client.get(f"/admin/bulk-runs/{run.id}/items.csv")


def new_administrator(client: Client, cast: Cast) -> TestResponse:
    return add(client, "users", email="new@example.com", groups=[group("administrators").id])


def made_administrator(client: Client, cast: Cast) -> TestResponse:
    return previewed(client, "users", "add-to-group", cast.max.id, group=group("administrators").id)


Do = Callable[[Client, Cast], TestResponse]
POSTS = (
    reset_link, temporary, off, to_email, group_edit, new_group, own_email, own_factor,
    own_factor_by_mail, own_factor_off, own_recovery_codes, new_administrator, made_administrator,
)  # fmt: skip
LOOKS = (own_key, own_email_page, csv, json, run_download)


@pytest.mark.parametrize("do", [*POSTS, *LOOKS], ids=lambda do: do.__name__)
def test_what_matters_asks_from_the_fifth_minute_on(olivia: Client, cast: Cast, do: Do) -> None:
    with clock.at(LATER):
        assert is_asked(do(olivia, cast))
    with clock.at(LATER - timedelta(seconds=1)):
        assert not is_asked(do(olivia, cast))


def test_what_matters_less_does_not_ask(olivia: Client, cast: Cast) -> None:
    with clock.at(LATER):
        for path in (
            "/admin/users/",
            f"/admin/users/{cast.max.id}",
            "/account/two-factor",
            "/account/password",
        ):
            assert olivia.get(path).status_code == 200
        assert previewed(olivia, "users", "block", cast.max.id).status_code == 200


def kept(page: TestResponse) -> list[tuple[str, str]]:
    """Return the fields of the sent form that the page keeps, in order."""
    inputs = [each for each in read(page).all("input", type="hidden") if each["name"] not in MINE]
    return [(each["name"], each["value"]) for each in inputs]


def confirm(client: Client, page: TestResponse, **words: str) -> TestResponse:
    """Send the confirm page as a browser does, with everything it keeps."""
    data: dict[str, Any] = {"confirm_to": hidden(page, "confirm_to")}
    for name, value in kept(page):
        data.setdefault(name, []).append(value)
    if read(page).all("input", name="confirm_again"):
        data["confirm_again"] = "1"
    return client.post(CONFIRM, data | (words or {"confirm_password": PASSWORD}))


def sent_again(client: Client, page: TestResponse, answer: TestResponse) -> TestResponse:
    """Follow a 307 as a browser does: send the same form, password included, to the new address."""
    assert answer.status_code == 307
    data: dict[str, Any] = {
        "confirm_password": PASSWORD,
        "confirm_to": answer.location,
        "confirm_again": "1",
    }
    for name, value in kept(page):
        data.setdefault(name, []).append(value)
    return client.post(answer.location, data)


def test_a_form_that_was_sent_is_kept_and_done_once_after_it(olivia: Client, cast: Cast) -> None:
    managers = group("managers")
    chosen = ["users.view", "users.block", "groups.view"]
    words = {
        "version": managers.version,
        "name": "Mänägers <b>",
        "description": 'a\nb & "c"',
        "permissions": chosen,
    }
    with clock.at(LATER):
        page = olivia.post(f"/admin/groups/{managers.id}/edit", words)
        assert is_asked(page)
        assert [value for name, value in kept(page) if name == "permissions"] == chosen
        assert group("managers").name == "Managers", "nothing is done yet"
        review = sent_again(olivia, page, confirm(olivia, page))
        assert [value for name, value in kept(review) if name == "permissions"] == chosen
        words["reviewed"] = review_of(review)
        assert olivia.post(f"/admin/groups/{managers.id}/edit", words).status_code == 303
    after = group("managers")
    assert (after.name, sorted(after.permissions)) == ("Mänägers <b>", sorted(chosen))
    assert after.version == words["version"] + 1


def test_an_action_is_kept_with_its_rows_and_what_was_typed(olivia: Client, cast: Cast) -> None:
    """The preview has an address, so the confirmation on the way there leads back to it."""
    give = [cast.max.id, cast.vera.id]
    cast.max.two_factor = cast.vera.two_factor = "email"
    settle()
    with clock.at(LATER):
        page = previewed(olivia, "users", "disable-2fa", *give)
        assert is_asked(page)
        preview = olivia.get(confirm(olivia, page).location)
        assert "Disable the second factor of 2 people" in preview.text
        token = token_of(preview)
    with clock.at(LATER + timedelta(minutes=6)):
        page = decided(olivia, "users", "disable-2fa", token, reason="Phones were lost")
        assert is_asked(page)
        preview = olivia.get(confirm(olivia, page).location)
        assert value_of(preview, "reason") == "Phones were lost"
        done = decided(olivia, "users", "disable-2fa", token, reason="Phones were lost")
        assert run_at(done).counts == {"done": 2}
    settle()
    reasons = db.session.scalars(select(SignInAttempt.reason)).all()
    assert reasons.count("confirmation") == 2


def test_a_page_that_was_asked_for_is_reached_after_it(olivia: Client, cast: Cast) -> None:
    with clock.at(LATER):
        page = olivia.get(csv(olivia, cast).location)
        answer = confirm(olivia, page)
        assert (answer.status_code, answer.location) == (303, "/admin/users/?status=active"), (
            "where it is offered"
        )
        assert olivia.get("/admin/users/export.csv?status=active").content_type.startswith(
            "text/csv"
        )


def test_a_wrong_password_confirms_nothing_and_keeps_the_form(olivia: Client, cast: Cast) -> None:
    with clock.at(LATER):
        page = previewed(olivia, "users", "disable-2fa", cast.max.id, cast.vera.id)
        again = confirm(olivia, page, confirm_password="not at all the password")
        assert again.status_code == 422
        assert error_at(again, "confirm_password")
        assert kept(again) == kept(page)
        assert "not at all the password" not in again.text
        assert is_asked(off(olivia, cast))
        assert "Disable the second factor" in olivia.get(confirm(olivia, again).location).text


@pytest.mark.parametrize(
    "words", [{}, {"confirm_password": ""}, {"confirm_password": "", "confirm_code": ""}]
)
def test_nothing_typed_confirms_nothing(olivia: Client, cast: Cast, words: dict[str, str]) -> None:
    with clock.at(LATER):
        assert olivia.post(CONFIRM, words).status_code == 422
        assert is_asked(off(olivia, cast))


def test_wrong_passwords_are_counted_with_those_of_sign_in(
    app: Flask, olivia: Client, cast: Cast
) -> None:
    with clock.at(LATER):
        for _ in range(3):
            olivia.post(CONFIRM, {"confirm_password": "not at all the password"})
        settle()
        columns = (SignInAttempt.result, SignInAttempt.reason)
        noted = db.session.execute(select(*columns).order_by(SignInAttempt.id)).all()
        assert noted[1:] == [("failed", "confirmation")] * 3
        stranger = visitor(app)
        for _ in range(2):
            assert stranger.try_sign_in("olivia", "not at all the password").status_code == 422
        assert stranger.try_sign_in("olivia").status_code == 429
        for _ in range(2):
            olivia.post(CONFIRM, {"confirm_password": "not at all the password"})
        answer = olivia.post(CONFIRM, {"confirm_password": PASSWORD})
        assert answer.status_code == 429
        assert "Too many failed tries" in answer.text
        assert 0 < int(answer.headers["Retry-After"]) <= 300
        assert is_asked(off(olivia, cast))


def test_a_confirmation_renews_the_session_and_the_stolen_value_is_dead(
    app: Flask, olivia: Client, cast: Cast
) -> None:
    thief = visitor(app)
    with cookie_of(olivia) as mine, cookie_of(thief) as theirs:
        theirs["sid"] = before = mine["sid"]
    with clock.at(LATER):
        assert is_in(thief)
        assert olivia.post(CONFIRM, {"confirm_password": PASSWORD}).status_code == 303
        assert not is_in(thief)
        assert is_in(olivia)
    with cookie_of(olivia) as mine:
        assert mine["sid"] != before
    assert len(db.session.scalars(select(Session)).all()) == 1, (
        "the same session with another value"
    )


def test_a_failed_confirmation_leaves_the_session_as_it_was(olivia: Client, cast: Cast) -> None:
    with cookie_of(olivia) as cookie:
        before = cookie["sid"]
    with clock.at(LATER):
        olivia.post(CONFIRM, {"confirm_password": "not at all the password"})
    with cookie_of(olivia) as cookie:
        assert cookie["sid"] == before


def test_confirming_one_session_confirms_no_other(app: Flask, olivia: Client, cast: Cast) -> None:
    with clock.at(NOW):
        other = visitor(app).sign_in("olivia")
        max_in = visitor(app).sign_in("max")
    with clock.at(LATER):
        assert olivia.post(CONFIRM, {"confirm_password": PASSWORD}).status_code == 303
        assert is_asked(other.post("/account/two-factor/begin"))
        assert is_asked(max_in.post("/account/two-factor/begin"))


def test_an_idle_or_ended_session_cannot_be_confirmed(olivia: Client, cast: Cast) -> None:
    with clock.at(NOW + timedelta(minutes=31)):
        assert olivia.post(CONFIRM, {"confirm_password": PASSWORD}).location.startswith("/sign-in")
    db.session.execute(update(Session).values(ended_at=NOW))
    with clock.at(LATER):
        assert olivia.post(CONFIRM, {"confirm_password": PASSWORD}).location.startswith("/sign-in")
        assert not is_in(olivia)


def cookie_of(client: Client) -> Any:
    """Open the browser's session cookie for reading and changing."""
    return client.session_transaction(base_url=client.application.config["TEST_BASE_URL"])

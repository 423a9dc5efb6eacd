"""Step-up under attack: foreign addresses, codes used twice, forged forms.

What was typed to confirm is kept nowhere.
"""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from backoffice import clock
from backoffice.auth import passwords
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import everything, followed
from tests.support.factors import code_of, first_step, give_app, second_step, visitor
from tests.support.html import read

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
CONFIRM = "/account/confirm"
BEGIN = "/account/two-factor/begin"


@pytest.fixture
def vera(client: Client, cast: Cast) -> Client:
    with clock.at(NOW):
        return client.sign_in("vera")


FOREIGN = (
    "https://evil.example/", "//evil.example/", "///evil.example/", "/\\evil.example/",
    "\\\\evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example",
    " //evil.example", "http:evil.example", "evil.example", "/%0d%0aSet-Cookie:x=1\r\nX: y", "",
    "@evil.example",
)  # fmt: skip


@pytest.mark.parametrize("address", FOREIGN)
@pytest.mark.parametrize("again", ["", "1"])
def test_the_page_leads_nowhere_else(vera: Client, address: str, again: str) -> None:
    with clock.at(LATER):
        page = read(vera.get(CONFIRM, query_string={"confirm_to": address}))
        assert page.one("input", name="confirm_to")["value"] == "/"
        words = {"confirm_password": PASSWORD, "confirm_to": address, "confirm_again": again}
        assert vera.post(CONFIRM, words).location == "/"


def test_a_link_to_the_page_sends_no_form(vera: Client) -> None:
    """A link from a foreign page can choose our address to go to, but cannot send a form there."""
    forged = {
        "confirm_to": "/account/two-factor/off",
        "confirm_again": "1",
        "row": "1",
        "confirm_password": PASSWORD,
    }
    with clock.at(LATER):
        page = vera.get(CONFIRM, query_string=forged)
        assert read(page).all("input", name="confirm_again") == []
        assert read(page).all("input", name="row") == []
        assert PASSWORD not in page.text
        answer = vera.post(
            CONFIRM, {"confirm_password": PASSWORD, "confirm_to": forged["confirm_to"]}
        )
        assert answer.status_code == 303, "which a browser follows by GET"


def test_a_form_without_its_token_confirms_nothing(vera: Client) -> None:
    with clock.at(LATER):
        assert vera.raw_post(CONFIRM, data={"confirm_password": PASSWORD}).status_code == 400
        assert vera.post(BEGIN).status_code == 403


def test_a_signed_out_visitor_confirms_nothing(client: Client, cast: Cast) -> None:
    assert client.get(CONFIRM).location.startswith("/sign-in")
    assert client.post(CONFIRM, {"confirm_password": PASSWORD}).location.startswith("/sign-in")


def test_somebody_elses_password_confirms_nothing(app: Flask, vera: Client, cast: Cast) -> None:
    passwords.store(cast.max, "the password that max alone has", app.extensions["settings"])
    settle()
    with clock.at(LATER):
        answer = vera.post(CONFIRM, {"confirm_password": "the password that max alone has"})
        assert answer.status_code == 422
        assert vera.post(BEGIN).status_code == 403


def test_several_values_are_refused(vera: Client) -> None:
    with clock.at(LATER):
        assert vera.post(CONFIRM, {"confirm_password": ["x", PASSWORD]}).status_code == 422


def test_a_code_does_in_place_of_the_password_and_once(
    app: Flask, client: Client, cast: Cast
) -> None:
    with clock.at(NOW):
        key, codes = give_app(cast.max, app.extensions["settings"])
        assert second_step(first_step(client, "max"), code_of(key)).status_code == 303
    with clock.at(LATER):
        code = code_of(key)
        assert client.post(CONFIRM, {"confirm_code": code}).status_code == 303
        assert client.post(BEGIN).status_code == 303
        assert second_step(first_step(visitor(app), "max"), code).status_code == 422, (
            "it was used here"
        )
    with clock.at(LATER + timedelta(minutes=5)):
        assert client.post(BEGIN).status_code == 403
        assert client.post(CONFIRM, {"confirm_code": code}).status_code == 422
        assert client.post(CONFIRM, {"confirm_code": codes[0]}).status_code == 303
        assert client.post(CONFIRM, {"confirm_code": codes[0]}).status_code == 422


def test_wrong_codes_are_counted_with_those_of_sign_in(
    app: Flask, client: Client, cast: Cast
) -> None:
    with clock.at(NOW):
        key, _codes = give_app(cast.max, app.extensions["settings"])
        assert second_step(first_step(client, "max"), code_of(key)).status_code == 303
    with clock.at(LATER):
        for _ in range(5):
            assert client.post(CONFIRM, {"confirm_code": "wrong"}).status_code == 422
        answer = client.post(CONFIRM, {"confirm_code": code_of(key)})
        assert "Too many failed tries" in answer.text
        assert second_step(first_step(visitor(app), "max"), code_of(key)).status_code == 429
        assert client.post(CONFIRM, {"confirm_password": PASSWORD}).status_code == 303, (
            "passwords count apart"
        )


def test_who_has_no_second_factor_confirms_by_no_code(vera: Client) -> None:
    with clock.at(LATER):
        assert read(vera.get(CONFIRM)).all("input", name="confirm_code") == []
        assert vera.post(CONFIRM, {"confirm_code": "000000"}).status_code == 422


def test_what_confirms_is_kept_nowhere(
    app: Flask, client: Client, cast: Cast, capfd: pytest.CaptureFixture[str]
) -> None:
    """The password and the code appear in no answer, database row or log line.

    Browsers send the whole form again to the page behind the confirmation, password included.
    """
    secret = "an umbrella over nine tall chairs"
    passwords.store(cast.olivia, secret, app.extensions["settings"])
    settle()
    with clock.at(NOW):
        client.sign_in("olivia", secret)
    mine = {
        "confirm_password": secret,
        "confirm_code": "918273",
        "confirm_to": "/",
        "confirm_again": "1",
    }
    with clock.at(LATER):
        assert client.post(CONFIRM, mine).status_code == 307
        pages = [
            client.post(
                "/admin/users/actions/block", {"all_matching": "1", "list": "status=active", **mine}
            ),
            client.post("/admin/users/actions/add-to-group", {"row": [str(cast.max.id)], **mine}),
            client.post("/admin/groups/new", {"name": "", **mine}),
            client.post("/admin/users/preferences", {"size": "20", **mine}),
            client.post("/account/email", {"email": "nonsense", **mine}),
            client.raw_post("/account/email", data=mine),
        ]
        assert [page.status_code for page in pages] == [303, 303, 422, 303, 422, 400]
        stale = {"name": "Mine", "version": "0", **mine}
        pages.append(client.post(f"/admin/groups/{cast.vera.groups[0].id}/edit", stale))
        assert pages[-1].status_code == 409
    with clock.at(LATER + timedelta(minutes=5)):
        asked = client.post("/admin/users/actions/disable-2fa", {"row": cast.max.id, **mine})
        pages += [asked, client.post(asked.location, mine), followed(client, asked)]
        assert "confirm_password" in pages[-1].text
    for page in pages:
        assert secret not in page.text
        assert "918273" not in page.text
        assert secret not in (page.location or "")
    assert secret not in repr(everything())
    assert "918273" not in repr(everything())
    said = capfd.readouterr()
    assert secret not in said.out + said.err

"""One's own second factor: enabled, changed and switched off.

Each change signs out all other sessions.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import segno
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from backoffice import clock
from backoffice.auth import totp
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.recovery_code import RecoveryCode
from backoffice.models.session import Session
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import everything
from tests.support.factors import (
    code_of,
    enrol,
    first_step,
    give_app,
    is_in,
    key_on,
    mailed,
    second_step,
    visitor,
)
from tests.support.html import error_at, hidden, link, read

pytestmark = pytest.mark.usefixtures("still")

PAGE, ENROL = "/account/two-factor", "/account/two-factor/enrol"
FITS_NOT = "This code does not fit."


@pytest.fixture
def max_in(client: Client, cast: Cast) -> Client:
    return client.sign_in("max")


def begin(client: Client) -> str:
    """Begin to set up a new app and return its key, which is not confirmed yet."""
    assert client.post(f"{PAGE}/begin").location == ENROL
    return key_on(client.get(ENROL))


def typed(client: Client, code: str) -> TestResponse:
    """Type a code on the enrolment page and send it."""
    return client.post(ENROL, {"shown": hidden(client.get(ENROL), "shown"), "code": code})


def factor_of(cast: Cast) -> str:
    settle()
    return cast.max.two_factor


def own_events() -> list[tuple[str, dict[str, object]]]:
    settle()
    rows = db.session.scalars(
        select(Event).where(Event.action.startswith("account.")).order_by(Event.id)
    )
    return [(event.action, event.after or {}) for event in rows]


def test_the_menu_leads_to_the_page_which_says_that_it_is_off(max_in: Client) -> None:
    assert link(max_in.get("/"), "Enable 2FA") == PAGE
    page = read(max_in.get(PAGE))
    assert "Off" in [heading.text for heading in page.all("h2")]
    assert {form["action"] for form in page.all("form")} >= {f"{PAGE}/begin", f"{PAGE}/email"}
    assert f"{PAGE}/off" not in {form["action"] for form in page.all("form")}


def test_an_app_is_enabled_by_its_first_code_and_asked_for_from_then_on(
    app: Flask, max_in: Client, cast: Cast
) -> None:
    cast.max.email_verified_at = clock.now()
    key, codes = enrol(max_in)
    assert factor_of(cast) == "totp"
    assert len(set(codes)) == 10
    assert own_events() == [("account.two_factor", {"two_factor": "totp"})]
    (told,) = mailed(app, "two_factor_changed", cast.max)
    assert told["what"].startswith("An authenticator app")
    other = first_step(visitor(app), "max")
    assert second_step(other, code_of(key)).status_code == 303


def test_beginning_changes_nothing_until_the_code_fits(
    app: Flask, max_in: Client, cast: Cast
) -> None:
    key = begin(max_in)
    for wrong in ("000000", "", code_of(key, steps=-2), code_of(pyotp.random_base32())):
        answer = typed(max_in, wrong)
        assert answer.status_code == 422
        assert key_on(answer) == key, "the page shows the same key again"
        assert error_at(answer, "code")
    assert (factor_of(cast), own_events()) == ("disabled", [])
    assert db.session.scalars(select(RecoveryCode)).all() == []
    visitor(app).sign_in("max")


def test_the_old_app_works_until_the_new_one_is_confirmed(
    app: Flask, client: Client, cast: Cast
) -> None:
    old = give_app(cast.max, app.extensions["settings"])[0]
    start = clock.now()
    with clock.at(start):
        assert second_step(first_step(client, "max"), code_of(old)).status_code == 303
        new = begin(client)
    with clock.at(start + timedelta(minutes=1)):
        assert second_step(first_step(visitor(app), "max"), code_of(new)).status_code == 422
        assert second_step(first_step(visitor(app), "max"), code_of(old)).status_code == 303
        assert typed(client, code_of(new)).status_code == 200
    with clock.at(start + timedelta(minutes=2)):
        assert second_step(first_step(visitor(app), "max"), code_of(old)).status_code == 422
        assert second_step(first_step(visitor(app), "max"), code_of(new)).status_code == 303


def test_the_code_that_confirmed_an_app_opens_nothing(app: Flask, max_in: Client) -> None:
    key = begin(max_in)
    code = code_of(key)
    assert typed(max_in, code).status_code == 200
    assert second_step(first_step(visitor(app), "max"), code).status_code == 422


def test_a_key_that_was_shown_waits_an_hour(max_in: Client, client: Client, cast: Cast) -> None:
    start = clock.now()
    key = begin(max_in)
    with clock.at(start + timedelta(hours=1, seconds=1)):
        client.sign_in("max")
        assert client.get(ENROL).location == PAGE
        assert client.post(ENROL, {"code": code_of(key)}).location == PAGE
        assert factor_of(cast) == "disabled"


def test_every_beginning_makes_another_key_and_the_last_one_counts(
    max_in: Client, cast: Cast
) -> None:
    first, second = begin(max_in), begin(max_in)
    assert first != second
    assert typed(max_in, code_of(first)).status_code == 422
    assert typed(max_in, code_of(second)).status_code == 200


def other_session(app: Flask, cast: Cast) -> Client:
    other = visitor(app)
    other.sign_in("max")
    return other


def by_app(client: Client) -> None:
    enrol(client)


def by_email(client: Client) -> None:
    assert client.post(f"{PAGE}/email").status_code == 200


def off(client: Client) -> None:
    assert client.post(f"{PAGE}/off").status_code == 303


@pytest.mark.parametrize("change", [by_app, by_email, off], ids=lambda change: change.__name__)
def test_every_change_ends_the_other_sessions_and_keeps_this_one(
    app: Flask, max_in: Client, cast: Cast, change: Callable[[Client], None]
) -> None:
    cast.max.email_verified_at = clock.now()
    other = other_session(app, cast)
    change(max_in)
    assert not is_in(other)
    assert is_in(max_in)
    settle()
    reasons = db.session.scalars(
        select(Session.ended_reason).where(Session.ended_at.is_not(None))
    ).all()
    assert reasons == ["2FA changed"]


def test_switching_off_forgets_the_app_and_the_recovery_codes(
    app: Flask, max_in: Client, cast: Cast
) -> None:
    cast.max.email_verified_at = clock.now()
    enrol(max_in)
    off(max_in)
    assert factor_of(cast) == "disabled"
    tables = everything()
    assert (tables["totp_secrets"], tables["recovery_codes"]) == ([], [])
    assert own_events()[-1] == ("account.two_factor", {"two_factor": "disabled"})
    assert len(mailed(app, "two_factor_changed", cast.max)) == 2
    visitor(app).sign_in("max")


def test_codes_by_mail_need_a_confirmed_address(max_in: Client, cast: Cast) -> None:
    answer = max_in.post(f"{PAGE}/email")
    assert answer.status_code == 422
    assert "not confirmed yet" in answer.text
    assert factor_of(cast) == "disabled"
    cast.max.email_verified_at = clock.now()
    by_email(max_in)
    assert factor_of(cast) == "email"


def test_codes_by_mail_replace_the_app(app: Flask, max_in: Client, cast: Cast) -> None:
    cast.max.email_verified_at = clock.now()
    key, _codes = enrol(max_in)
    by_email(max_in)
    assert everything()["totp_secrets"] == []
    other = first_step(visitor(app), "max")
    assert second_step(other, code_of(key)).status_code == 422
    assert second_step(other, mailed(app, "email_code")[-1]["code"]).status_code == 303


def test_recovery_codes_are_shown_once_and_never_again(max_in: Client, cast: Cast) -> None:
    key = begin(max_in)
    form = {"shown": totp.name_of(key), "code": code_of(key)}
    shown = max_in.post(ENROL, form)
    codes = read(shown).one("pre").text.split()
    assert shown.headers["Cache-Control"] == "no-store"
    again = max_in.post(ENROL, form)
    assert (again.status_code, again.location) == (303, PAGE), "sent again, as by the reload button"
    pages = [max_in.get(path).text for path in (PAGE, "/", "/account/", "/account/sessions")]
    assert [code for code in codes for page in pages if code in page] == []
    kept = repr(everything())
    assert [code for code in codes if code in kept or code.replace("-", "") in kept] == []
    assert "10 unused codes are left" in pages[0]


def test_new_recovery_codes_make_the_old_ones_dead(app: Flask, max_in: Client, cast: Cast) -> None:
    _key, old = enrol(max_in)
    answer = max_in.post(f"{PAGE}/recovery-codes")
    new = read(answer).one("pre").text.split()
    assert not set(old) & set(new)
    assert second_step(first_step(visitor(app), "max"), old[0]).status_code == 422
    assert second_step(first_step(visitor(app), "max"), new[0]).status_code == 303
    assert "9 unused codes are left" in max_in.get(PAGE).text
    assert own_events()[-1] == ("account.renew_recovery_codes", {})


def test_recovery_codes_belong_to_a_second_factor(max_in: Client) -> None:
    answer = max_in.post(f"{PAGE}/recovery-codes")
    assert answer.status_code == 422
    assert everything()["recovery_codes"] == []


def dark(page: str) -> set[tuple[int, int]]:
    """Return the dark modules of the page's QR code, read from the strokes of its path."""
    path = re.search(r'class="qrline"[^>]* d="([^"]+)"', page)
    assert path, "no QR code"
    modules: set[tuple[int, int]] = set()
    x = 0.0
    y = 0.0
    for stroke, numbers in re.findall(r"([Mmh])([^Mmh]+)", path[1]):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if stroke == "h":
            modules |= {(int(x) + step, int(y)) for step in range(int(values[0]))}
            x += values[0]
        elif stroke == "M":
            x, y = values
        else:
            x += values[0]
            y += values[1]
    return modules


def test_the_qr_code_says_what_an_app_has_to_know(app: Flask, max_in: Client, cast: Cast) -> None:
    key = begin(max_in)
    uri = totp.uri(cast.max, key, app.extensions["settings"])
    known = pyotp.parse_uri(uri)
    assert isinstance(known, pyotp.TOTP)
    assert (known.secret, known.name, known.issuer) == (key, "max@example.com", "Backoffice (test)")
    assert (known.digits, known.interval, known.digest().name) == (6, 30, "sha1")
    border = 4
    expected = {
        (x + border, y + border)
        for y, row in enumerate(segno.make(uri, error="m").matrix)
        for x, module in enumerate(row)
        if module
    }
    assert dark(max_in.get(ENROL).text) == expected


def test_secrets_are_kept_encrypted_and_appear_in_no_table(max_in: Client, cast: Cast) -> None:
    key, _codes = enrol(max_in)
    tables = repr(everything())
    assert key not in tables
    assert re.search(r"'[0-9a-f]{8}\.[\w=-]+'", repr(everything()["totp_secrets"]))


def test_looking_changes_nothing(max_in: Client) -> None:
    key = begin(max_in)
    before = everything()
    for path in (
        PAGE,
        ENROL,
        ENROL,
        f"{PAGE}/off",
        f"{PAGE}/email",
        f"{PAGE}/begin",
        f"{PAGE}/recovery-codes",
    ):
        max_in.get(path)
    assert everything() == before
    assert key_on(max_in.get(ENROL)) == key


def test_nobody_sees_or_changes_anybody_elses(app: Flask, max_in: Client, cast: Cast) -> None:
    key = begin(max_in)
    vera = visitor(app).sign_in("vera")
    assert vera.get(ENROL).location == PAGE, "hers, and she began nothing"
    assert vera.post(ENROL, {"code": code_of(key)}).location == PAGE
    assert factor_of(cast) == "disabled"

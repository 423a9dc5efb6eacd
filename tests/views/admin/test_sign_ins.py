"""System > Sign-ins: every try with its reason in words, and never what was typed."""

import pytest
from sqlalchemy import select, update

from backoffice.extensions import db
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.policy.permissions import catalogue
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.html import read
from views.admin.sign_ins import REASONS, reason_of

TYPED = "my-password-in-the-wrong-field"
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
    " Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
)


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    """Sign Olivia in after three failed tries.

    Somebody typed a password into the wrong field, Max a wrong password, and Eve, who is blocked,
    her right one.
    """
    client.try_sign_in(TYPED, "whatever")
    client.try_sign_in("max", "not the password")
    client.try_sign_in("eve")
    client.sign_in("olivia")
    db.session.execute(update(SignInAttempt).values(device=WINDOWS, ip="192.0.2.9"))
    return client


def rows(client: Client, query: str = "") -> list[str]:
    bodies = read(client.get(f"/admin/sign-ins/?{query}")).all("tbody")
    return [row.text for body in bodies for row in body.all("tr")]


def test_every_try_is_listed_with_result_reason_device_and_address(olivia: Client) -> None:
    shown = rows(olivia)
    assert len(shown) == 4
    for words in ("Olivia Owen", "Successful", "Edge on Windows", "192.0.2.9"):
        assert words in shown[0]
    assert "Blocked" in shown[1]
    assert REASONS["blocked"] in shown[1]
    assert "Max Mander" in shown[2]
    assert REASONS["password"] in shown[2]
    assert "Failed" in shown[3]


def test_what_was_typed_never_shows(olivia: Client) -> None:
    attempt = db.session.scalars(select(SignInAttempt.id).order_by(SignInAttempt.id)).first()
    kept = str(db.session.execute(select(SignInAttempt.__table__)).all())
    assert TYPED not in kept
    for path in ("", str(attempt), f"{attempt}/menu", "export.csv", "export.json"):
        assert TYPED not in olivia.get(f"/admin/sign-ins/{path}").get_data(as_text=True), path
    for query in (f"throttle_key={TYPED}", "sort=throttle_key", "device_key=x"):
        assert olivia.get(f"/admin/sign-ins/?{query}").status_code == 400
    assert rows(olivia, f"search={TYPED}") == []


def test_sign_ins_are_filtered_by_result_person_time_and_who_got_in(
    olivia: Client, cast: Cast
) -> None:
    numbers = {
        "result=failed": 2,
        "result=blocked": 1,
        "signed_in=yes": 1,
        "signed_in=no": 3,
        f"user={cast.max.id}": 1,
        "user=none": 1,
        "at.from=2000-01-01": 4,
        "at.to=2000-01-01": 0,
        "factor=code": 0,
        "ip=192.0.2": 4,
    }
    for query, number in numbers.items():
        assert len(rows(olivia, query)) == number, query


def test_a_right_password_that_is_only_the_first_half_lets_nobody_in(olivia: Client) -> None:
    half = (
        update(SignInAttempt)
        .where(SignInAttempt.result == "ok")
        .values(reason="second factor asked for")
    )
    db.session.execute(half)
    assert rows(olivia, "signed_in=yes") == []
    assert "Second factor asked for" in rows(olivia)[0]


def test_sign_ins_are_read_only_and_their_codes_say_so(olivia: Client) -> None:
    for path in ("new", "1/edit"):
        assert olivia.get(f"/admin/sign-ins/{path}").status_code == 404
    assert olivia.post("/admin/sign-ins/actions/delete", {"row": 1}).status_code == 404
    codes = {code for code in catalogue() if code.startswith("sign_in_attempts.")}
    assert codes == {"sign_in_attempts.view", "sign_in_attempts.export"}


@pytest.mark.parametrize("name, looks", [("managers", 200), ("viewers", 200), ("employee", 403)])
def test_whoever_may_look_may_not_yet_export(
    staff: list[str], client: Client, name: str, looks: int
) -> None:
    client.sign_in(name)
    assert client.get("/admin/sign-ins/").status_code == looks
    assert client.get("/admin/sign-ins/export.csv").status_code == 403


def test_every_reason_that_is_written_down_has_words(olivia: Client) -> None:
    written = set(db.session.scalars(select(SignInAttempt.reason)))
    assert written == {"", "password", "blocked"}
    assert [reason for reason in written if reason and reason_of(reason) == reason] == []

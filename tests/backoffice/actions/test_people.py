"""What people read before they act on others, and that exactly this happens then.

The same four people are chosen for each action: Max and Vera, who are active, Ivan, who was
invited, and Eve, who is blocked.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from backoffice import clock
from backoffice.auth import tokens
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.models.session import Session
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import confirmed, outcome, previewed, run_at
from tests.support.factors import give_app, is_in, mailed, visitor
from tests.support.html import read
from tests.support.links import invited
from tests.support.told import Told, told

HOUR = timedelta(hours=1)
ACCEPTED = "is not waiting for an invitation: revoke the access instead."


TOLD = {
    "block": Told(
        "Block 3 people",
        (
            "1 would not change: already blocked.",
            "Tells 1 person by e-mail.",
            "Ends 3 sessions.",
            "Voids 2 links.",
        ),
        (
            "Ended sessions stay ended: people sign in again.",
            "Voided links stay void.",
            "A mail that left cannot be called back.",
        ),
        ("Will be blocked 3", "Already blocked 1"),
        reason=True,
        danger=True,
    ),
    "unblock": Told(
        "Unblock 1 person",
        ("3 would not change: already unblocked.",),
        rows=("Will be unblocked 1", "Already unblocked 3"),
    ),
    "revoke": Told(
        "Revoke the access of 3 people",
        (
            "1 refused: Ivan Iver has no access yet: block instead.",
            "Tells 1 person by e-mail.",
            "Ends 3 sessions.",
            "Voids 1 link.",
        ),
        (
            "Ended sessions stay ended.",
            "Voided links stay void.",
            "A mail that left cannot be called back.",
        ),
        ("Will be revoked 3", "Refused 1"),
        reason=True,
        danger=True,
    ),
    "regrant": Told(
        "Grant 0 people access again",
        ("4 would not change: already active again.",),
        rows=("Already active again 4",),
    ),
    "end-sessions": Told(
        "End the sessions of 2 people",
        ("2 would not change: already signed out everywhere.", "Ends 3 sessions."),
        rows=("Will be signed out everywhere 2", "Already signed out everywhere 2"),
    ),
    "delete": Told(
        "Delete 4 people",
        ("Ends 3 sessions.", "Voids 2 links."),
        ("Personal data is erased for good; only the number stays in the events log.",),
        ("Will be deleted 4",),
        phrase="delete 4",
        danger=True,
    ),
    "reset-password": Told(
        "Send 2 people a link to set a password",
        ("2 refused: Eve Evers is not active. (and 1 more)",),
        rows=("Will be sent a link 2", "Refused 2"),
    ),
    "send-to-email": Told(
        "Mail 3 people how to sign in",
        ("1 refused: Eve Evers has no access.",),
        rows=("Will be written to 3", "Refused 1"),
    ),
    "resend-invitation": Told(
        "Send 1 person a new invitation",
        (
            "3 refused: Max Mander is not waiting for an invitation. (and 2 more)",
            "Voids 1 link.",
        ),
        rows=("Will be invited anew 1", "Refused 3"),
    ),
    "revoke-invitation": Told(
        "Revoke the invitation of 1 person",
        (
            f"3 refused: Max Mander {ACCEPTED} (and 2 more)",
            "Voids 1 link.",
        ),
        ("The old link stays void: undo sends a new one.",),
        ("Will be no longer invited 1", "Refused 3"),
    ),
    "reset-2fa-to-email": Told(
        "Reset the second factor of 1 person to e-mail",
        (
            "3 refused: Vera Vance has not confirmed an e-mail address. (and 2 more)",
            "Tells 1 person by e-mail.",
            "Ends 2 sessions.",
        ),
        rows=("Will be on codes by e-mail 1", "Refused 3"),
        danger=True,
    ),
    "disable-2fa": Told(
        "Disable the second factor of 1 person",
        (
            "3 would not change: already without a second factor.",
            "Tells 1 person by e-mail.",
            "Ends 2 sessions.",
        ),
        rows=("Will be without a second factor 1", "Already without a second factor 3"),
        reason=True,
        danger=True,
    ),
    "re-enrol-2fa": Told(
        "Send 2 people a link to set up a new authenticator app",
        ("2 refused: Eve Evers is not active. (and 1 more)",),
        rows=("Will be sent a link 2", "Refused 2"),
    ),
    "remove-avatar": Told(
        "Remove the avatar of 1 person",
        ("3 would not change: already without an avatar.",),
        ("A removed picture does not come back; people can upload it again.",),
        ("Will be without an avatar 1", "Already without an avatar 3"),
    ),
}


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def rows(app: Flask, cast: Cast) -> list[int]:
    """Add to the cast what actions may take away from it, and return whom each is done to.

    Max has an app, a picture, two open sessions, a link that works and one that is too old. Vera
    has an open session and one that she has left. Nobody's address is confirmed but Max's.
    """
    for name in ("max", "max", "vera", "vera"):
        visitor(app).sign_in(name)
    left = select(func.max(Session.id)).where(Session.user_id == cast.vera.id).scalar_subquery()
    db.session.execute(update(Session).where(Session.id == left).values(ended_at=clock.now()))
    tokens.issue(user=cast.max, purpose="password_reset", valid=HOUR)
    tokens.issue(user=cast.max, purpose="two_factor_enrolment", valid=-HOUR)
    give_app(cast.max, app.extensions["settings"])
    cast.max.email_verified_at = clock.now()
    cast.max.avatar = "0" * 32
    return [cast.max.id, cast.vera.id, invited(app, cast.olivia).id, cast.eve.id]


@pytest.mark.parametrize("action", TOLD)
def test_a_preview_says_all_that_will_happen(olivia: Client, rows: list[int], action: str) -> None:
    page = previewed(olivia, "users", action, *rows)
    assert page.status_code == 200
    assert told(page) == TOLD[action]


def open_sessions() -> int:
    settle()
    live = select(func.count(Session.id)).where(Session.live(clock.now()))
    return db.session.scalar(live) or 0


def open_links() -> int:
    return db.session.scalar(select(func.count(Token.id)).where(Token.live())) or 0


@pytest.mark.parametrize(
    "action, expected",
    [
        ("block", (3, 2, 1)),
        ("revoke", (3, 1, 1)),
        ("end-sessions", (3, 0, 0)),
        ("reset-2fa-to-email", (2, 0, 1)),
        ("disable-2fa", (2, 0, 1)),
        ("revoke-invitation", (0, 1, 0)),
    ],
)
def test_what_is_announced_happens_and_no_more(
    app: Flask, olivia: Client, rows: list[int], action: str, expected: tuple[int, int, int]
) -> None:
    """Sessions end, links are void, and mails are sent, as many as the preview said."""
    page = previewed(olivia, "users", action, *rows)
    before = open_sessions(), open_links(), len(letters(app))
    assert confirmed(olivia, "users", action, page).status_code == 303
    after = open_sessions(), open_links(), len(letters(app))
    assert (before[0] - after[0], before[1] - after[1], after[2] - before[2]) == expected
    assert is_in(olivia)


def letters(app: Flask) -> list[dict[str, str]]:
    """Return the mails that tell people what was done to them."""
    purposes = ("blocked", "unblocked", "access_revoked", "two_factor_changed")
    return [mail for purpose in purposes for mail in mailed(app, purpose)]


@pytest.mark.parametrize(
    "action, said",
    [
        ("block", "3 people blocked. 1 unchanged."),
        ("unblock", "1 person unblocked. 3 unchanged."),
        ("revoke", "3 people revoked. 1 refused."),
        ("delete", "4 people deleted."),
        ("end-sessions", "2 people signed out everywhere. 2 unchanged."),
        ("reset-password", "2 people sent a link. 2 refused."),
        ("send-to-email", "3 people written to. 1 refused."),
        ("resend-invitation", "1 person invited anew. 3 refused."),
        ("revoke-invitation", "1 person no longer invited. 3 refused."),
        ("disable-2fa", "1 person without a second factor. 3 unchanged."),
        ("remove-avatar", "1 person without an avatar. 3 unchanged."),
    ],
)
def test_afterwards_the_list_says_what_was_done(
    olivia: Client, rows: list[int], action: str, said: str
) -> None:
    page = previewed(olivia, "users", action, *rows)
    answer = confirmed(olivia, "users", action, page)
    assert said in read(olivia.get(answer.location)).one("div", class_="flashes").text


# Who is refused, and why, as the page says it and as the events log keeps it.


def in_no_group_of_hers(cast: Cast) -> User:
    return cast.olivia


def by_login(cast: Cast) -> User:
    person = cast.max
    person.login = "max"
    person.login_method = "login"
    return person


def revoked(cast: Cast) -> User:
    cast.max.status = "revoked"
    return cast.max


def unchanged(cast: Cast) -> User:
    return cast.max


Refused = tuple[str, Callable[[Cast], User], str, str]
REFUSED: list[Refused] = [
    ("block", in_no_group_of_hers, "oneself", "You cannot do this to your own account."),
    ("block", revoked, "revoked", "Max Mander has no access any more."),
    ("reset-password", by_login, "login_method", "Max Mander signs in by login and has no e-mail."),
    ("reset-password", revoked, "not_active", "Max Mander is not active."),
    ("send-to-email", revoked, "no_access", "Max Mander has no access."),
    ("resend-invitation", unchanged, "not_invited", "Max Mander is not waiting for an invitation."),
    ("revoke-invitation", unchanged, "accepted", f"Max Mander {ACCEPTED}"),
    (
        "temporary-password",
        unchanged,
        "own_password",
        "Max Mander signs in by e-mail: send a link instead.",
    ),
    ("temporary-password", revoked, "own_password", "Max Mander signs in by e-mail"),
    (
        "reset-2fa-to-email",
        unchanged,
        "unverified",
        "Max Mander has not confirmed an e-mail address.",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]} {case[2]}")
def test_who_is_refused_is_named_with_the_reason(olivia: Client, cast: Cast, case: Refused) -> None:
    action, who, rule, sentence = case
    person = who(cast)
    settle()
    page = previewed(olivia, "users", action, person.id)
    assert f"1 refused: {sentence}" in read(page).one("ul", class_="headline").text
    run = run_at(confirmed(olivia, "users", action, page))
    assert outcome(run, person.id) == ("refused", rule)
    denied = db.session.scalars(select(Event.reason).where(Event.result == "denied")).all()
    assert denied == [f"Refused: {rule}"]
    assert sentence in read(olivia.get("/admin/events/?result=denied")).one("tbody").text
    assert sentence in olivia.get(f"/admin/users/{person.id}?tab=events").text


def test_of_the_administrators_one_always_stays(
    olivia: Client, staff: list[str], run: Callable[..., Any]
) -> None:
    """Olivia may block the others, because she stays; the command line stops at the last."""
    cast = Cast()
    people = [cast.olivia.id, cast.administrators.id, cast.eve.id]
    both = [f"--id={number}" for number in people]
    first = min(people[:2])
    told_at_first = run("backoffice", "act", "users.block", *both, "--reason=x", "--yes").output
    assert "1 refused: Olivia Owen is the last administrator who can sign in." in told_at_first
    settle()
    assert db.session.get_one(User, first).status == "active"
    assert cast.administrators.status == "blocked"
    alone = run("backoffice", "act", "users.block", f"--id={first}", "--reason=x").output
    assert alone.startswith("Block 0 people\n  refused: 1\n")
    cast.administrators.status = "active"
    settle()
    client = visitor(olivia.application).sign_in("olivia")
    for others in ([], [cast.olivia.id]):  # nobody blocks themselves, so she stays either way
        page = previewed(client, "users", "block", cast.administrators.id, *others)
        assert told(page).title == "Block 1 person"


def test_menus_call_actions_by_their_names(olivia: Client) -> None:
    page = read(olivia.get("/admin/users/"))
    buttons = {
        button["formaction"].rpartition("/actions/")[2]: button.text
        for button in page.all("button")
        if "/actions/" in button["formaction"]
    }
    assert buttons == {
        "block": "Block",
        "unblock": "Unblock",
        "revoke": "Revoke access",
        "regrant": "Grant access again",
        "end-sessions": "End sessions",
        "review-access": "Review access",
        "delete": "Delete",
        "remove-avatar": "Remove avatar",
        "resend-invitation": "Resend invitation",
        "revoke-invitation": "Revoke invitation",
        "send-to-email": "Send to email",
        "add-to-group": "Add to group",
        "remove-from-group": "Remove from group",
        "set-membership-end": "Set end of membership",
        "give-permissions": "Give extra permissions",
        "take-permissions": "Take away extra permissions",
        "add-client-tags": "Add client tags",
        "remove-client-tags": "Remove client tags",
        "set-countries": "Set countries",
        "mask-data": "Mask data",
        "show-data": "Show data",
        "reset-password": "Reset password",
        "reset-2fa-to-email": "Reset 2FA to email",
        "disable-2fa": "Disable 2FA",
        "re-enrol-2fa": "Re-enrol 2FA",
    }


def test_who_was_mailed_often_is_mailed_no_more_links_and_can_still_be_blocked(
    olivia: Client, cast: Cast
) -> None:
    for _ in range(3):
        run = run_at(
            confirmed(
                olivia,
                "users",
                "reset-password",
                previewed(olivia, "users", "reset-password", cast.max.id),
            )
        )
        assert outcome(run, cast.max.id) == ("done", "")
    page = previewed(olivia, "users", "reset-password", cast.max.id)
    assert told(page).headline == (
        (
            "1 refused: Max Mander was mailed several links lately."
            " Wait a while before you send another."
        ),
    )
    assert told(previewed(olivia, "users", "block", cast.max.id)).title == "Block 1 person"

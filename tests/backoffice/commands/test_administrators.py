"""A command adds the first administrator, and lets back in those who are locked out."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backoffice import clock, events
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client

Run = Callable[..., Any]
NEW = "four words nobody guesses"


def link_in(output: str) -> str:
    found = re.search(r"/invitations/\S+", output)
    assert found, output
    return found[0]


def test_a_new_installation_has_nobody(client: Client) -> None:
    assert db.session.scalars(select(User)).all() == []
    assert client.try_sign_in("olivia@example.com", "admin").status_code == 422


def test_the_first_administrator_opens_a_link_and_chooses_a_password(
    run: Run, client: Client
) -> None:
    made = run("backoffice", "create-administrator", "olivia@example.com", "--first-name", "Olivia")
    assert made.exit_code == 0, made.output
    link = link_in(made.output)
    for _ in range(2):
        looked = client.get(
            link
        )  # which uses nothing up, and leads away from the address with the value
        assert (looked.status_code, looked.location[:20]) == (303, "/invitations/opened/")
        assert client.get(looked.location).status_code == 200
    answer = client.post(link, {"new_password": NEW, "repeat_password": NEW})
    assert answer.location == "/sign-in"
    client.sign_in("olivia@example.com", NEW)
    assert client.get("/admin/groups/").status_code == 200
    assert events.verify() == []


def test_the_link_works_once_and_only_for_eight_hours(run: Run, client: Client) -> None:
    link = link_in(run("backoffice", "create-administrator", "olivia@example.com").output)
    with clock.at(clock.now() + timedelta(hours=8)):
        gone = client.get(link)
    assert gone.status_code == 410
    assert "expired" in gone.text
    client.post(link, {"new_password": NEW, "repeat_password": NEW})
    again = client.get(link)
    assert again.status_code == 410
    assert "used already" in again.text
    assert client.get("/invitations/made-up").status_code == 404


def test_another_link_is_printed_for_whoever_still_waits(run: Run, client: Client) -> None:
    first = link_in(run("backoffice", "create-administrator", "olivia@example.com").output)
    second = link_in(run("backoffice", "invitation-link", "OLIVIA@example.com").output)
    assert "A newer link was sent" in client.get(first).text
    assert client.post(second, {"new_password": NEW, "repeat_password": NEW}).location == "/sign-in"
    refused = run("backoffice", "invitation-link", "olivia@example.com")
    assert refused.exit_code == 1
    assert "Nobody with this e-mail address is waiting" in refused.output


def test_a_password_may_be_typed_at_a_prompt_instead(run: Run, client: Client) -> None:
    made = run(
        "backoffice",
        "create-administrator",
        "olivia@example.com",
        "--prompt",
        input=f"{NEW}\n{NEW}\n",
    )
    assert made.exit_code == 0, made.output
    assert NEW not in made.output
    client.sign_in("olivia@example.com", NEW)


def test_a_weak_password_or_a_taken_address_makes_nobody(run: Run, cast: Cast) -> None:
    number = len(db.session.scalars(select(User.id)).all())
    weak = run(
        "backoffice", "create-administrator", "new@example.com", "--prompt", input="short\nshort\n"
    )
    taken = run("backoffice", "create-administrator", "OLIVIA@example.com")
    wrong = run("backoffice", "create-administrator", "nonsense")
    assert [weak.exit_code, taken.exit_code, wrong.exit_code] == [1, 1, 1]
    assert "at least 15 characters" in weak.output
    assert "Another person has this" in taken.output
    assert "not an e-mail address" in wrong.output
    db.session.rollback()
    assert len(db.session.scalars(select(User.id)).all()) == number


def test_a_locked_out_administrator_is_let_in_again(run: Run, client: Client, cast: Cast) -> None:
    cast.olivia.ip_whitelist = ["203.0.113.7/32"]
    db.session.commit()
    assert client.try_sign_in("olivia").status_code == 422
    assert run("backoffice", "clear-ip-whitelist", "olivia@example.com").exit_code == 0
    client.sign_in("olivia")
    assert run("backoffice", "clear-ip-whitelist", "nobody@example.com").exit_code == 1


def test_actions_run_from_the_command_line_with_the_same_rules(run: Run, cast: Cast) -> None:
    shown = run("backoffice", "act", "users.block", "--where", "search=max", "--reason", "Left")
    assert "Block 1 person" in shown.output
    db.session.rollback()
    assert cast.max.status == "active", "without --yes nothing happens"
    done = run(
        "backoffice", "act", "users.block", "--where", "search=max", "--reason", "Left", "--yes"
    )
    assert "done: 1" in done.output
    db.session.expire_all()
    assert (cast.max.status, cast.max.status_reason) == ("blocked", "Left")
    refused = run(
        "backoffice", "act", "users.block", "--id", str(cast.olivia.id), "--reason", "Left", "--yes"
    )
    assert "last administrator" in refused.output
    assert run("backoffice", "act", "users.nonsense", "--id", "1").exit_code == 1
    assert run("backoffice", "act", "users.block", "--where", "nonsense=1").exit_code == 1
    for without_value in ("status=", "status", "search= ", "=active"):
        refused = run("backoffice", "act", "users.block", "--where", without_value)
        assert refused.exit_code == 1, "or it would be about everybody"
        assert "has no value" in refused.output
    for selection in ((), ("--id", "1", "--where", "search=max")):
        refused = run("backoffice", "act", "users.block", *selection)
        assert refused.exit_code == 1
        assert "either --id or --where" in refused.output
    assert events.verify() == []


def test_verify_events_tells_a_whole_log_from_a_broken_one(run: Run, cast: Cast) -> None:
    run("backoffice", "act", "users.block", "--where", "search=max", "--reason", "Left", "--yes")
    assert run("backoffice", "verify-events").exit_code == 0

"""Flask-Admin traps around forms: tokens, fields not sent, large relations, two editors."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from backoffice.errors import TooMany
from backoffice.extensions import db
from backoffice.models.associations import user_client_tags
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.acting import add
from tests.support.hostile import fingerprint
from tests.support.html import hidden, read, ticked, value_of
from views.screen import Screen

POSTS = {
    "a form": ("/admin/users/new", {"email": "new@example.com", "first_name": "Nora"}),
    "an edit": ("/admin/users/3/edit", {"version": "1", "first_name": "Nora"}),
    "a deletion": ("/admin/users/actions/delete", {"row": "3"}),
    "a bulk action": ("/admin/users/actions/block", {"row": ["3", "12"], "reason": "x"}),
    "an undo": ("/admin/bulk-runs/1/undo", {}),
    "preferences": ("/admin/users/preferences", {"size": "20"}),
    "a password": ("/account/password", {"current_password": "secret words", "new_password": "x"}),
}
TOKENS = {"none": None, "empty": "", "made up": "x", "cut": "ImFiYyI.aSDfgh.", "twice": "a.b.c"}


@pytest.mark.parametrize("what", POSTS)
@pytest.mark.parametrize("token", TOKENS)
def test_no_csrf_by_default(olivia: Client, what: str, token: str) -> None:
    """Trap: forms, delete, bulk action and inline edit took every POST."""
    path, form = POSTS[what]
    before = fingerprint()
    given = form | ({} if TOKENS[token] is None else {"csrf_token": TOKENS[token]})
    assert olivia.raw_post(path, data=given).status_code == 400
    assert fingerprint() == before


def test_no_inline_edit_beside_the_forms(app: Flask, olivia: Client) -> None:
    """Trap: `ajax/update` ignored `can_edit`; here there is no such address."""
    assert not [rule for rule in app.url_map.iter_rules() if "ajax" in rule.rule]
    answer = olivia.post("/admin/users/ajax/update/", {"list_form_pk": "3", "first_name": "x"})
    assert answer.status_code == 404


def test_a_token_of_somebody_else_is_refused(app: Flask, olivia: Client) -> None:
    token = app.test_client().sign_in("max").token()
    answer = olivia.raw_post(
        "/admin/users/new", data={"csrf_token": token, "email": "new@example.com"}
    )
    assert answer.status_code == 400


def test_a_list_left_open_for_hours_still_works(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: tokens lived 30 minutes.

    Another tab keeps the session alive; the list was opened long before.
    """
    import time

    token = olivia.token()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 11 * 3600)
    answer = olivia.raw_post("/admin/users/actions/block", data={"csrf_token": token, "row": "12"})
    assert answer.status_code == 303
    assert olivia.get(answer.location).status_code == 200


def test_an_expired_token_keeps_what_was_typed(olivia: Client) -> None:
    olivia.get("/")
    old = olivia.token()
    olivia.sign_out()
    olivia.sign_in("olivia").get("/")
    form = {
        "email": "new@example.com",
        "first_name": "Nora",
        "groups": ["", "3", "4"],
        "csrf_token": old,
    }
    answer = olivia.raw_post("/admin/users/new", data=form)
    again = olivia.get(str(answer.location), follow_redirects=True)
    assert (again.request.path, value_of(again, "first_name")) == ("/admin/users/new", "Nora")
    assert sorted(ticked(again, "groups")) == ["3", "4"]
    typed = {name: value_of(again, name) for name in ("email", "first_name")}
    sent = {**typed, "groups": ["", *ticked(again, "groups")]}
    assert olivia.post("/admin/users/new", sent).status_code == 303
    assert (
        db.session.scalar(select(User.first_name).where(User.email == "new@example.com")) == "Nora"
    )


def test_an_expired_token_repeats_no_password(olivia: Client) -> None:
    form = {
        "current_password": "my secret words",
        "new_password": "new secret words",
        "csrf_token": "old",
    }
    assert "secret words" not in olivia.raw_post("/account/password", data=form).get_data(
        as_text=True
    )


def test_a_form_from_another_site_is_not_offered_again(olivia: Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = olivia.raw_post("/admin/users/new", data={"email": "new@example.com"}, headers=headers)
    assert (answer.status_code, read(answer).all("form", action="/admin/users/new")) == (400, [])


def test_the_form_that_is_offered_again_goes_to_us(olivia: Client) -> None:
    form = {"email": "new@example.com"}
    path = {"PATH_INFO": "//evil.example/admin/users/new"}
    answer = olivia.raw_post("/", data=form, environ_overrides=path)
    assert answer.status_code == 400
    actions = [form["action"] for form in read(answer).all("form") if form["action"]]
    assert actions
    assert all(action[0] == "/" and action[1:2] not in ("/", "\\") for action in actions)


def tagged(number: int, chosen: int) -> list[int]:
    """Add `number` client tags, give Max the last `chosen` of them, and return their ids."""
    rows = [
        {"name": f"Mark {n:05}", "name_key": f"mark {n:05}", "search_key": f"mark {n:05}"}
        for n in range(number)
    ]
    ids = list(
        db.session.scalars(
            insert(ClientTag).returning(ClientTag.id, sort_by_parameter_order=True), rows
        )
    )
    pairs = [{"user_id": Cast().max.id, "client_tag_id": tag} for tag in ids[-chosen:]]
    db.session.execute(insert(user_client_tags), pairs)
    return ids[-chosen:]


def tags_of(user: User) -> list[int]:
    chosen = select(user_client_tags.c.client_tag_id).where(user_client_tags.c.user_id == user.id)
    return sorted(db.session.scalars(chosen))


def test_a_form_loads_only_the_chosen_of_five_thousand(olivia: Client, statements: Any) -> None:
    """Trap: a many-to-many field loaded every option."""
    ids = tagged(5000, 3)
    with statements() as seen:
        answer = olivia.get(f"/admin/users/{Cast().max.id}/edit")
    assert ticked(answer, "client_tags") == [str(row_id) for row_id in ids]
    assert len(read(answer).all("input", name="client_tags", type="checkbox")) == 3
    assert len(answer.data) < 60_000
    assert len(seen) < 20, seen


def test_a_post_without_the_field_keeps_the_relation(olivia: Client) -> None:
    """Trap: a missing field cleared the relation."""
    ids = tagged(60, 3)
    max_ = Cast().max
    groups = sorted(group.id for group in max_.groups)
    answer = olivia.post(
        f"/admin/users/{max_.id}/edit", {"version": max_.version, "first_name": "Maxim"}
    )
    assert answer.status_code == 303
    assert (tags_of(max_), sorted(group.id for group in Cast().max.groups)) == (ids, groups)
    assert Cast().max.first_name == "Maxim"


def test_an_empty_value_clears_the_relation(olivia: Client) -> None:
    max_ = Cast().max
    assert max_.groups
    form = {"version": max_.version, "groups": ""}
    assert olivia.post(f"/admin/users/{max_.id}/edit", form).status_code == 303
    assert Cast().max.groups == []


def conflict(olivia: Client, app: Flask, mine: dict[str, Any]) -> Any:
    """Send Olivia's form for Max after somebody else saved theirs, and return the answer."""
    path = f"/admin/users/{Cast().max.id}/edit"
    version = Cast().max.version
    theirs = {"version": version, "first_name": "Theirs", "phone": "+12025550101"}
    assert app.test_client().sign_in("olivia").post(path, theirs).status_code == 303
    return olivia.post(path, {"version": version} | mine)


def test_no_optimistic_locking(app: Flask, olivia: Client) -> None:
    """Trap: the last writer won silently; here both versions are shown side by side."""
    answer = conflict(olivia, app, {"first_name": "Mine", "last_name": "Mander"})
    assert answer.status_code == 409
    _heading, *lines = read(answer).one("table").all("tr")
    rows = {line.all("th")[0].text: line.text for line in lines}
    name = next(text for label, text in rows.items() if label.startswith("First name"))
    assert "Theirs" in name
    assert "Mine" in name
    assert "differs" in name
    assert not any("differs" in label for label in rows if label.startswith("Last name"))
    assert "Olivia Owen" in read(answer).one("p", role="alert").text
    assert Cast().max.first_name == "Theirs"


def test_saving_mine_over_theirs_after_having_seen_it(app: Flask, olivia: Client) -> None:
    answer = conflict(
        olivia, app, {"first_name": "Mine", "groups": ["", str(Cast().vera.groups[0].id)]}
    )
    form = next(f for f in read(answer).all("form") if f.all("input", name="version"))
    sent: dict[str, Any] = {}
    for field in form.all("input"):
        sent.setdefault(field["name"], []).append(field["value"])
    assert olivia.raw_post(form["action"], data=sent).status_code == 303
    max_ = Cast().max
    assert (max_.first_name, [group.name for group in max_.groups]) == ("Mine", ["Viewers"])
    assert max_.phone == "+12025550101", "what I had not sent stays theirs"


def test_a_refused_save_after_a_conflict_keeps_the_version_that_was_seen(olivia: Client) -> None:
    form = {"version": "1", "email": "vera@example.com", "first_name": "Mine"}
    answer = olivia.post(f"/admin/users/{Cast().max.id}/edit", form)
    assert (hidden(answer, "version"), value_of(answer, "first_name")) == ("1", "Mine")


def test_writing_what_is_there_already_changes_nothing(olivia: Client) -> None:
    version = Cast().max.version
    answer = olivia.post(
        f"/admin/users/{Cast().max.id}/edit", {"version": version, "first_name": "Max"}
    )
    assert answer.status_code == 303
    assert Cast().max.version == version
    assert db.session.scalar(select(func.count()).where(Event.action == "users.edit")) == 0


def test_too_many_tries_lose_nothing_that_was_typed(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise TooMany("Wait a minute.", retry_after=60)

    monkeypatch.setattr(Screen, "saved", refuse)
    answer = add(olivia, "client-tags", name="Bronze", colour="grey")
    assert answer.status_code == 429
    assert value_of(answer, "name") == "Bronze"
    assert "Wait a minute." in read(answer).text

"""Flask-Admin traps around access: scope, powers, errors that tell too much, return URLs."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backoffice.actions.engine import run as running
from backoffice.data import records, sorting
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.bulk_run import BulkRun
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.acting import confirmed, decided, followed, previewed, token_of
from tests.support.hostile import fingerprint
from tests.support.html import read, row_ids
from views.admin.client_tags import ClientTags
from views.screen import listing
from views.web.redirects import safe_path

ROW_PAGES = ("", "/edit", "/menu", "?tab=groups", "?tab=sessions", "?tab=messages", "?tab=events")
FOREIGN = [
    "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example",
    "https:evil.example", "https://evil.example/", "HTTPS:///evil.example", "javascript:alert(1)",
    "data:text/html,x", " //evil.example", "evil", "///evil.example", "/\0/evil.example",
    "/\x7f/evil", "http:/evil.example", "/admin\\..\\..\\evil", "",
]  # fmt: skip


def test_details_edit_and_actions_reach_no_row_out_of_scope(olivia: Client, zoo: Cast) -> None:
    """Trap: `get_one` ignored `get_query`.

    A deleted person is out of everybody's scope.
    """
    gone = zoo.max.id
    db.session.execute(User.__table__.update().where(User.id == gone).values(status="deleted"))
    before = fingerprint()
    for page in ROW_PAGES:
        assert olivia.get(f"/admin/users/{gone}{page}").status_code == 404
    answer = olivia.post(f"/admin/users/{gone}/edit", {"version": "1", "first_name": "x"})
    assert answer.status_code == 404
    for action in ("block", "delete", "end-sessions", "revoke"):
        assert olivia.post(f"/admin/users/actions/{action}", {"row": gone}).status_code == 404
    assert gone not in row_ids(olivia.get("/admin/users/?sort=id&size=100"))
    assert fingerprint() == before
    assert "max@example.com" not in olivia.get("/admin/users/export.csv").get_data(as_text=True)


def test_a_run_of_somebody_else_is_not_there_for_those_who_see_only_their_own(
    olivia: Client, app: Flask
) -> None:
    run_id = db.session.scalar(select(BulkRun.id).where(BulkRun.state == "done"))
    visitor = app.test_client().sign_in("vera")
    db.session.execute(
        Group.__table__.update().where(Group.key == "viewers").values(permissions=["users.view"])
    )
    for page in ("", "/items.csv"):
        assert olivia.get(f"/admin/bulk-runs/{run_id}{page}").status_code == 200
        assert visitor.get(f"/admin/bulk-runs/{run_id}{page}").status_code == 404
    assert visitor.post(f"/admin/bulk-runs/{run_id}/undo").status_code in (403, 404)
    assert db.session.get(BulkRun, run_id).state == "done"


def test_a_preview_of_somebody_else_cannot_be_run(olivia: Client, app: Flask) -> None:
    token = token_of(previewed(olivia, "users", "block", 12))
    before = fingerprint()
    other = app.test_client().sign_in("olivia")
    assert decided(other, "users", "unblock", token).status_code == 404
    assert decided(app.test_client().sign_in("max"), "users", "block", token).status_code == 403
    assert fingerprint() == before


def test_text_primary_keys_in_bulk(olivia: Client, zoo: Cast) -> None:
    """Trap: ids arrived as text, and psycopg 3 refused `id IN ('1', '2')`."""
    form = {"row": ["12", "13", "13", "014"]}
    preview = followed(olivia, olivia.post("/admin/users/actions/block", form))
    assert "Block 3 people" in read(preview).one("h1").text
    done = confirmed(olivia, "users", "block", preview)
    assert done.status_code == 303
    assert {db.session.get(User, row_id).status for row_id in (12, 13, 14)} == {"blocked"}


def test_a_look_up_obeys_the_permission(app: Flask, zoo: Cast) -> None:
    """Trap: seeing one screen was enough to look up the rows of every other."""
    vera = app.test_client().sign_in("vera")
    assert vera.get("/admin/users/lookup/groups?search=group").json["options"]
    for name in ("grants", "password_hash", "nothing", "email", "status_by", "name", "%00"):
        assert vera.get(f"/admin/users/lookup/{name}").status_code == 404
    assert vera.get("/admin/groups/lookup/grants").status_code == 404, "she may not write groups"
    db.session.execute(
        Group.__table__.update().where(Group.key == "viewers").values(permissions=["users.view"])
    )
    assert vera.get("/admin/users/lookup/groups?search=group").status_code == 404, (
        "who sees no groups is told none"
    )
    db.session.execute(
        Group.__table__.update().where(Group.key == "viewers").values(permissions=["events.view"])
    )
    assert vera.get("/admin/users/lookup/groups").status_code == 403


def test_a_power_switched_off_answers_404_or_403_and_never_302(app: Flask, olivia: Client) -> None:
    """Trap: the answer was 302, which looks like success."""
    for page in ("new", "1/edit"):
        assert olivia.get(f"/admin/events/{page}").status_code == 404
        assert olivia.post(f"/admin/events/{page}", {"action": "x"}).status_code == 404
    assert olivia.post("/admin/events/actions/delete", {"row": "1"}).status_code == 404
    assert olivia.post("/admin/bulk-runs/actions/delete", {"row": "1"}).status_code == 404
    vera = app.test_client().sign_in("vera")
    for path in (
        "/admin/users/new",
        "/admin/users/3/edit",
        "/admin/users/export.csv",
        "/admin/groups/new",
    ):
        assert vera.get(path).status_code == 403
    for path in (
        "/admin/users/new",
        "/admin/users/actions/block",
        "/admin/users/actions/delete",
        "/admin/groups/3/edit",
    ):
        assert vera.post(path, {"row": "12", "version": "1"}).status_code == 403


def test_powers_are_read_at_every_request(
    app: Flask, olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: lists of fields and powers were frozen when the view was made."""
    assert olivia.get("/admin/client-tags/new").status_code == 200
    monkeypatch.setattr(ClientTags, "form_columns", ())
    assert olivia.get("/admin/client-tags/new").status_code == 404
    assert olivia.post("/admin/client-tags/actions/delete", {"row": "1"}).status_code == 404
    vera = app.test_client().sign_in("vera")
    assert vera.get("/admin/groups/").status_code == 200
    db.session.execute(
        Group.__table__.update().where(Group.key == "viewers").values(permissions=["users.view"])
    )
    assert vera.get("/admin/groups/").status_code == 403
    assert not [
        a for a in read(vera.get("/admin/users/")).all("a") if a["href"] == "/admin/groups/"
    ]


def test_the_index_view_is_not_open(app: Flask, client: Client, cast: Cast) -> None:
    """Trap: the default index was open to anyone."""
    for path in ("/admin/", "/admin", "/", "/admin/static/admin/css/bootstrap3/admin.css"):
        answer = client.get(path)
        assert answer.status_code in (303, 308), path
        assert "/sign-in" in client.get(path, follow_redirects=True).request.path
    assert app.test_client().sign_in("vera").get("/admin/").headers["Location"] == "/"


def test_a_constraint_error_shows_no_sql(olivia: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap: the statement and its parameters were flashed."""
    monkeypatch.setitem(records._checks, Group, lambda *_: None)
    answer = olivia.post(
        "/admin/groups/new", {"name": "Managers", "description": "secret parameter"}
    )
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert not re.search(r"INSERT|UNIQUE|constraint|sqlalche|psycopg|name_key", text, re.IGNORECASE)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("secret words"),
        TypeError("secret words"),
        IntegrityError("INSERT", {}, Exception("secret words")),
    ],
)
def test_an_unforeseen_error_gives_a_page_with_an_id_and_none_of_its_text(
    olivia: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Trap: the error's text was flashed.

    Besides, `_run_view` took any TypeError for a wrong call and called again.
    """
    calls = []

    def broken(*_: Any) -> None:
        calls.append(1)
        raise error

    monkeypatch.setattr(listing, "build", broken)
    olivia.expects_500 = True
    answer = olivia.get("/admin/users/")
    text = answer.get_data(as_text=True)
    assert (answer.status_code, calls) == (500, [1])
    assert answer.headers["X-Request-ID"] in text
    assert not re.search(r"secret|Traceback|INSERT|Error\b", text)


def test_a_failure_half_way_leaves_nothing_done(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: `create_model` and similar methods committed by themselves."""
    token = token_of(previewed(olivia, "users", "block", 12))
    before = fingerprint()
    monkeypatch.setattr(running.events, "record_many", lambda **_: 1 / 0)
    olivia.expects_500 = True
    answer = decided(olivia, "users", "block", token)
    assert answer.status_code == 500
    assert fingerprint() == before


SECRETS = (
    "password_hash",
    "email_key",
    "search_key",
    "version",
    "preferences",
    "login_key",
    "token",
    "previous_hash",
)


def test_what_is_hidden_is_nowhere(olivia: Client, zoo: Cast, app: Flask) -> None:
    """Trap: every column was shown, sorted, filtered, exported and editable by default."""
    secret = zoo.vera.password_hash
    for screen in app.extensions["screens"]:
        named = {
            *screen.column_list,
            *screen.column_filters,
            *screen.column_export_list,
            *screen.form_columns,
            *screen.column_extra_list,
        }
        assert not named & set(SECRETS)
        for name in SECRETS:
            for query in (f"sort={name}", f"{name}=x", f"{name}.from=1"):
                assert olivia.get(f"/admin/{screen.slug}/?{query}").status_code == 400
    vera = zoo.vera
    olivia.post(
        f"/admin/users/{vera.id}/edit",
        {
            "version": vera.version,
            "password_hash": "x",
            "status": "revoked",
            "phone": "+12025550107",
        },
    )
    assert zoo.vera.password_hash == secret
    assert zoo.vera.status == "active"
    assert zoo.vera.phone == "+12025550107"
    pages = [f"/admin/users/{vera.id}{page}" for page in ROW_PAGES]
    for path in (
        "/admin/users/",
        "/admin/users/export.csv",
        "/admin/users/export.json",
        "/admin/events/export.json",
        *pages,
    ):
        text = olivia.get(path).get_data(as_text=True)
        assert "argon2" not in text, path
        assert secret not in text, path
    assert not [e for e in db.session.scalars(select(Event)) if "argon2" in f"{e.before}{e.after}"]


def test_names_out_of_addresses_fill_no_memory(olivia: Client) -> None:
    for function in (fields.kind, sorting.sortable):
        assert function.cache_info().maxsize


def test_a_list_is_sorted_by_nothing_that_it_does_not_show(olivia: Client) -> None:
    """The order would reveal the values, and the cursor would contain one."""
    for name in ("status_reason", "login_method", "created_by_id", "email_verified_at", "uuid"):
        assert olivia.get(f"/admin/users/?sort={name}").status_code == 400


@pytest.mark.parametrize("target", FOREIGN)
def test_return_urls_lead_nowhere_but_to_us(app: Flask, zoo: Cast, target: str) -> None:
    """Trap: any URL was accepted."""
    assert safe_path(target, "/home") == "/home"
    visitor = app.test_client()
    form = {
        "identifier": "vera@example.com",
        "password": "a harness of four long words",
        "next": target,
    }
    assert visitor.post("/sign-in", form).headers["Location"] == "/"
    visitor._token = None
    answer = visitor.post("/admin/users/preferences", {"size": "20", "next": target})
    assert answer.headers["Location"] == "/admin/users/"
    assert "evil" not in visitor.get("/sign-in", query_string={"next": target}).headers["Location"]


def test_return_urls_of_our_own_are_kept(app: Flask, olivia: Client) -> None:
    path = "/admin/users/?search=a%20b&sort=-name"
    answer = olivia.post("/admin/users/preferences", {"size": "20", "next": path})
    assert answer.headers["Location"] == path

"""Access: every page, file and action answers what the policy says, for each shipped group.

Visitors who are not signed in are one of the cases.
"""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from backoffice.actions.engine.action import _known
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.policy.permissions import catalogue
from backoffice.testing.access import EVERYBODY, PAGES, POWERS, cases, unexpected
from backoffice.testing.asking import Person, Unknown, World
from backoffice.testing.cast import PASSWORD
from backoffice.testing.client import Client
from tests.support import world
from tests.support.acting import act, decided


@pytest.fixture
def there(app: Flask, staff: list[str]) -> World:
    return world.build(app.extensions["settings"])


@pytest.mark.parametrize("key", EVERYBODY)
def test_access_of_every_group_is_what_the_policy_says(
    app: Flask, there: World, key: str, client: Client
) -> None:
    client.sign_in(key)
    asked = list(cases(app, Person(key), there))
    assert len(asked) > 100
    assert unexpected(client, asked) == []


@pytest.mark.parametrize("name", ["nobody", "eve"])
def test_access_signed_out_is_the_sign_in_and_nothing_else(
    app: Flask, there: World, name: str, client: Client
) -> None:
    """Eve, who is blocked, knows her password and gets no further than a stranger."""
    if name == "eve":
        assert client.try_sign_in("eve", PASSWORD).status_code == 422
    asked = list(cases(app, Person(None), there))
    assert unexpected(client, asked) == []
    closed = [case for case in asked if case.expected == (303,) and case.method == "GET"]
    # A sign-in's second step is open, and leads to its beginning.
    closed = [case for case in closed if not case.path.startswith("/sign-in/code/")]
    assert len(closed) > 30
    for case in closed[::5]:
        assert client.get(case.path).location.startswith("/sign-in?next=")


@pytest.mark.parametrize(
    "path", ["/admin/secrets/", "/admin/users/1/secrets", "/admin/users/x", "/nothing"]
)
def test_access_to_what_is_not_there_tells_strangers_nothing(
    path: str, there: World, client: Client
) -> None:
    assert client.get(path).status_code == 303
    assert client.post(path).status_code == 303
    client.sign_in("administrators")
    assert client.get(path).status_code == 404


def test_access_without_the_forms_token_is_refused_at_every_post(
    app: Flask, there: World, client: Client
) -> None:
    """Only the sign-in answers with a fresh form instead of an error."""
    client.sign_in("administrators")
    posted = [case for case in cases(app, Person("administrators"), there) if case.method == "POST"]
    answered = {
        str(case): client.raw_post(case.path, data=case.data).status_code for case in posted
    }
    assert answered.pop("POST /sign-in") == 303
    let_in = [case for case, status in answered.items() if status != 400]
    assert let_in == []


def test_access_table_holds_every_action_and_every_code(app: Flask, there: World) -> None:
    asked = {case.path for case in cases(app, Person("administrators"), there)}
    offered = [a for a in _known.values() if a.offered]
    names = {s.endpoint: s for s in app.extensions["screens"]}
    slugs = [(names[a.model.__tablename__].slug, a.name.replace("_", "-")) for a in offered]
    assert len(offered) > 10
    assert [pair for pair in slugs if f"/admin/{pair[0]}/actions/{pair[1]}" not in asked] == []
    assert [a.code() for a in offered if a.permission not in catalogue()] == []
    powers = [(s, p) for s in names.values() for p in POWERS.values() if s.has(p)]
    codes = [f"{screen.endpoint}.{power}" for screen, power in powers]
    assert [code for code in codes if code not in catalogue()] == []


def test_access_table_knows_no_page_that_is_gone(app: Flask) -> None:
    ends = {rule.endpoint.rpartition(".")[2] for rule in app.url_map.iter_rules()}
    assert PAGES.keys() <= ends


def test_access_of_a_new_address_must_be_thought_about(
    app_with: Callable[..., Flask], there: World
) -> None:
    other = app_with()
    other.add_url_rule("/secrets", "secrets", lambda: "nobody said who may see this")
    with pytest.raises(Unknown, match="secrets"):
        list(cases(other, Person("administrators"), there))


def test_access_of_a_new_method_must_be_thought_about(
    app_with: Callable[..., Flask], there: World
) -> None:
    other = app_with()
    other.add_url_rule("/", "home", other.view_functions["home"], methods=["POST"])
    with pytest.raises(Unknown, match=r"home takes .*POST"):
        list(cases(other, Person("administrators"), there))


def test_access_of_a_new_screen_without_rows_must_be_thought_about(
    app: Flask, there: World
) -> None:
    rows = {model: pair for model, pair in there.rows.items() if model is not Event}
    with pytest.raises(Unknown, match="no row of Event"):
        list(cases(app, Person("administrators"), World(rows)))


def test_access_to_ones_own_bulk_run_needs_no_further_permission(
    app: Flask, there: World, client: Client
) -> None:
    """A group that may act but not see others' runs finds its own result, and only that."""
    db.session.add(ClientTag(name="Bronze"))
    group = world.groups()["employee"]
    group.permissions = ["client_tags.view", "client_tags.delete"]
    client.sign_in("employee")
    mine = act(client, "client-tags", "delete", there.rows[ClientTag][0])
    assert client.get(f"/admin/bulk-runs/{mine.id}").status_code == 200
    assert client.get(f"/admin/bulk-runs/{mine.id}/items.csv").status_code == 200
    assert client.get("/admin/bulk-runs/").status_code == 403
    assert client.get(f"/admin/bulk-runs/{there.rows[BulkRun][0]}").status_code == 404


def test_access_by_a_made_up_selection_token_is_refused(there: World, client: Client) -> None:
    client.sign_in("administrators")
    for token in (str(uuid4()), "x", there.preview):
        for answer in (
            decided(client, "users", "block", token),
            client.get(f"/admin/users/actions/block/{token}"),
        ):
            assert answer.status_code == 404

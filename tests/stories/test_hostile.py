"""No crafted query string, id, form, file, header or method yields a 500 or changes anything."""

import base64
import json
from itertools import product
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from backoffice.data import sorting
from backoffice.extensions import db
from backoffice.models import fields
from backoffice.models.user import User
from backoffice.testing.client import Client
from tests.support import hostile
from tests.support.acting import previewed, token_of
from tests.support.hostile import encoded, fingerprint
from tests.support.screens import SCREENS

EXAMPLES = settings(max_examples=25)
FEWER = settings(max_examples=15)
FORM = "application/x-www-form-urlencoded"


def screen_of(app: Flask, slug: str) -> Any:
    return next(screen for screen in app.extensions["screens"] if screen.slug == slug)


def query_keys(screen: Any) -> list[str]:
    """Return every query key that the list knows, with every suffix, and some that it does not."""
    ends = [f"{name}{end}" for name in screen.column_filters for end in ("", ".from", ".to")]
    return [
        *ends,
        "search",
        "sort",
        "after",
        "before",
        "size",
        "tab",
        "password_hash",
        "id",
        "id.from",
        ".from",
        "",
    ]


def send(client: Client, path: str, pairs: list[tuple[str, str]], **more: Any) -> Any:
    """POST these fields as a form with a valid CSRF token."""
    body = encoded([("csrf_token", client.token()), *pairs])
    return client.raw_post(path, data=body.encode(), content_type=FORM, **more)


@pytest.mark.parametrize("slug", SCREENS)
def test_hostile_query_strings_of_lists_and_exports(app: Flask, olivia: Client, slug: str) -> None:
    screen = screen_of(app, slug)
    pages = ["", "export.csv", "export.json"] if screen.has("export") else [""]

    @EXAMPLES
    @given(hostile.bodies(query_keys(screen)), st.sampled_from(pages))
    def check(pairs: list[tuple[str, str]], page: str) -> None:
        answer = olivia.get(f"/admin/{slug}/{page}?{encoded(pairs)}")
        assert answer.status_code in (200, 400)
        assert answer.get_data() is not None  # an export is read to its end

    check()


def kinds(app: Flask) -> dict[tuple[str, bool], tuple[str, str]]:
    """Return one column of each kind and nullability, as (slug, name)."""
    found: dict[tuple[str, bool], tuple[str, str]] = {}
    for screen in app.extensions["screens"]:
        for name in {*screen.column_list, *screen.column_filters}:
            kind = fields.kind(screen.model, name)
            assert kind is not None
            plain = kind.name not in ("one", "many", "computed", "derived")
            empty = plain and fields.column(screen.model, name).nullable
            found.setdefault((kind.name, empty), (screen.slug, name))
    return found


def test_hostile_values_of_every_kind_of_filter(app: Flask, olivia: Client) -> None:
    for slug, name in kinds(app).values():
        for number, value in enumerate(hostile.NASTY):
            key = name
            if "_at" in name or name.endswith("id"):
                key += ("", ".from", ".to")[number % 3]
            answer = olivia.get(f"/admin/{slug}/?{encoded([(key, value[:3000])])}")
            assert answer.status_code in (200, 400), (slug, key, value[:50])


def test_hostile_search_sort_size_and_tab(olivia: Client) -> None:
    for number, value in enumerate(hostile.NASTY):
        slug = ("users", "events")[number % 2]
        for key in ("search", "sort", "size", "after", "tab"):
            answer = olivia.get(f"/admin/{slug}/?{encoded([(key, value)])}")
            assert answer.status_code in (200, 400), (slug, key, value[:50])


def test_hostile_cursors_in_every_order(app: Flask, olivia: Client) -> None:
    models = {screen.slug: screen.model for screen in app.extensions["screens"]}
    columns = sorted(
        (slug, name) for slug, name in kinds(app).values() if sorting.sortable(models[slug], name)
    )
    genuine = "WyIyMDI2LTExLTIxVDEyOjAwOjAwKzAwOjAwIiwgN10"  # ["2026-11-21T12:00:00+00:00", 7]

    @settings(max_examples=80)
    @given(
        st.sampled_from(columns),
        st.booleans(),
        st.sampled_from(["after", "before"]),
        hostile.cursors(genuine),
    )
    def check(column: tuple[str, str], falling: bool, way: str, cursor: str) -> None:
        slug, name = column
        query = encoded([("sort", f"{'-' * falling}{name}"), (way, cursor)])
        assert olivia.get(f"/admin/{slug}/?{query}").status_code in (200, 400)

    check()


@pytest.mark.parametrize(
    "value", [True, 5, 1.5, "5", "NaN", "1E-99999", None, "0001-01-01T00:00:00+14:00", "\ud800"]
)
def test_cursors_with_a_value_of_another_type_are_refused(
    app: Flask, olivia: Client, value: Any
) -> None:
    for slug, name in kinds(app).values():
        cursor = base64.urlsafe_b64encode(json.dumps([value, 1]).encode()).decode().rstrip("=")
        for sort in (name, f"-{name}"):
            answer = olivia.get(f"/admin/{slug}/?sort={sort}&after={cursor}")
            assert answer.status_code in (200, 400)


def test_hostile_ids(olivia: Client) -> None:
    before = fingerprint()
    rest = [
        "",
        "/edit",
        "/menu",
        "/undo",
        "?tab=%00",
        "?outcome=%00&after=-1",
    ]  # a download of a run would be an event

    @settings(max_examples=60)
    @given(st.sampled_from(SCREENS), hostile.ids, st.sampled_from(rest), st.booleans())
    def check(slug: str, row_id: str, rest: str, posts: bool) -> None:
        path = f"/admin/{slug}/{row_id}{rest}"
        answer = send(olivia, path, [("name", "x")]) if posts else olivia.get(path)
        assert answer.status_code < 500

    check()
    assert fingerprint() == before


FORMS = {
    "/admin/users/new": [
        "email",
        "first_name",
        "phone",
        "groups",
        "client_tags_mode",
        "client_tags",
        "ip_whitelist",
    ],
    "/admin/groups/new": ["name", "description", "permissions", "grants"],
    "/admin/client-tags/new": ["name", "colour"],
    "/account/password": ["current_password", "new_password", "repeat_password"],
    "/admin/users/preferences": ["size", "columns", "next"],
    "/sign-in": ["identifier", "password", "next"],
    "/invitations/x": ["new_password", "repeat_password"],
}


@pytest.mark.parametrize("path", FORMS)
def test_hostile_forms(olivia: Client, path: str) -> None:
    @EXAMPLES
    @given(hostile.bodies(FORMS[path]))
    def check(pairs: list[tuple[str, str]]) -> None:
        assert send(olivia, path, pairs).status_code < 500

    check()


@pytest.mark.parametrize("path", [path for path in FORMS if path.endswith("/new")])
def test_hostile_values_in_every_field_of_a_form(olivia: Client, path: str) -> None:
    """Try each field alone with plausible others, so that nothing else refuses the form first."""
    plausible = {
        "email": "new{}@example.com",
        "name": "New {}",
        "colour": "red",
        "client_tags_mode": "all",
    }
    for number, (name, value) in enumerate(product(FORMS[path], hostile.NASTY)):
        form = {n: plausible[n].format(number) for n in FORMS[path] if n in plausible}
        form[name] = value
        assert send(olivia, path, list(form.items())).status_code < 500, (name, value[:50])


@pytest.mark.parametrize("slug", ["users", "groups", "client-tags"])
def test_hostile_edits_change_nothing(app: Flask, olivia: Client, slug: str) -> None:
    names = [*screen_of(app, slug).form_columns, "version", "version"]
    before = fingerprint()

    @EXAMPLES
    @given(
        hostile.bodies(names),
        st.sampled_from(["0", "-1", "9" * 30, "9" * 5000, "1.0", "abc", "\0", "", "٩"]),
    )
    def check(pairs: list[tuple[str, str]], version: str) -> None:
        answer = send(olivia, f"/admin/{slug}/1/edit", [("version", version), *pairs])
        assert answer.status_code in (403, 409, 422)

    check()
    assert fingerprint() == before


ACTIONS = [
    "block",
    "unblock",
    "revoke",
    "delete",
    "end-sessions",
    "add-to-group",
    "add-client-tags",
    "nothing",
    "%00",
]
ACTION_FIELDS = [
    "row",
    "row",
    "all_matching",
    "list",
    "matched",
    "reason",
    "confirm",
    "back",
    "step",
    "with.group",
    "with.tags",
    "search",
    "status",
]


def test_hostile_actions_change_nothing(olivia: Client) -> None:
    before = fingerprint()

    @EXAMPLES
    @given(
        st.sampled_from(ACTIONS),
        st.sampled_from(["users", "groups", "events"]),
        hostile.bodies(ACTION_FIELDS),
    )
    def check(action: str, slug: str, pairs: list[tuple[str, str]]) -> None:
        assert send(olivia, f"/admin/{slug}/actions/{action}", pairs).status_code < 500

    check()
    assert fingerprint() == before


def test_hostile_words_with_a_genuine_selection(olivia: Client) -> None:
    @FEWER
    @given(hostile.texts)
    def check(reason: str) -> None:
        db.session.execute(update(User).where(User.id == 12).values(status="active"))
        token = token_of(previewed(olivia, "users", "block", 12))
        answer = send(olivia, f"/admin/users/actions/block/{token}", [("reason", reason)])
        assert olivia.get(answer.location or "/").status_code < 500

    check()


@pytest.mark.parametrize(
    "action, name", [("block", "row"), ("add-to-group", "group"), ("add-client-tags", "tags")]
)
@pytest.mark.parametrize("number", [10_000, 80_000])
def test_ten_thousand_chosen_rows_are_an_answer_and_not_a_failure(
    olivia: Client, action: str, name: str, number: int
) -> None:
    path = f"/admin/users/actions/{action}"
    field = name
    if name != "row":
        path += f"/{token_of(previewed(olivia, 'users', action, 12))}"
        field = f"with.{name}"
    chosen = [(field, text) for text in hostile.many_ids(number)]
    pairs = [("step", "choose"), ("row", "12"), *chosen]
    answer = send(olivia, path, pairs)
    assert answer.status_code in (303, 400, 413, 422)
    assert olivia.get(answer.location or "/").status_code in (200, 422)


@pytest.mark.parametrize("name", ["groups", "client_tags"])
def test_a_form_with_eighty_thousand_related_rows_is_refused_at_its_field(
    olivia: Client, name: str
) -> None:
    before = fingerprint()
    asked = [("email", "many@example.com"), ("client_tags_mode", "only")]
    pairs = [*asked, *((name, text) for text in hostile.many_ids(80_000))]
    assert send(olivia, "/admin/users/new", pairs).status_code == 422
    assert fingerprint() == before

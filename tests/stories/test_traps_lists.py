"""Flask-Admin traps around lists: ties in the order, multiplied rows, unbounded queries."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from backoffice.data import lists, sorting
from backoffice.extensions import db
from backoffice.models.associations import user_client_tags
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.client import Client
from tests.support.html import link, read, row_ids
from tests.support.screens import SCREENS
from tests.support.zoo import add_people


def pages(client: Client, href: str, *, way: str = "Next") -> Iterator[Any]:
    """Yield the page and those that follow by its link `Next` or `Previous`."""
    path = href.partition("?")[0]
    for _ in range(20):
        answer = client.get(href)
        assert answer.status_code == 200
        yield answer
        if not (step := link(answer, way)):
            return
        href = path + step
    pytest.fail("the pages have no end")


def sortable_columns(app: Flask, slug: str) -> list[str]:
    screen = next(s for s in app.extensions["screens"] if s.slug == slug)
    return [name for name in screen.column_list if sorting.sortable(screen.model, name)]


@pytest.mark.parametrize("slug", ["users", "groups", "client-tags", "events"])
def test_no_order_by_tie_break(app: Flask, olivia: Client, slug: str) -> None:
    """Trap: rows with equal values came twice or never.

    Every column is tried, both ways, forwards and back again.
    """
    olivia.post(f"/admin/{slug}/preferences", {"size": "20"})
    model = next(s.model for s in app.extensions["screens"] if s.slug == slug)
    for name in sortable_columns(app, slug):
        for sort in (name, f"-{name}"):
            forwards = list(pages(olivia, f"/admin/{slug}/?sort={sort}"))
            ids = [row_id for page in forwards for row_id in row_ids(page)]
            assert sorted(ids) == sorted(db.session.scalars(select(model.id))), f"by {sort}"
            if not (back := link(forwards[-1], "Previous")):
                continue
            backwards = [
                row_ids(page) for page in pages(olivia, f"/admin/{slug}/{back}", way="Previous")
            ]
            ids_again = [row_id for page in reversed(backwards) for row_id in page]
            assert ids_again == ids[: len(ids_again)]
            assert len(backwards) == len(forwards) - 1, f"by {sort}"


def test_empty_values_come_first_and_the_opposite_order_is_the_mirror_image(olivia: Client) -> None:
    olivia.post("/admin/users/preferences", {"size": "100"})
    up = row_ids(olivia.get("/admin/users/?sort=last_login_at"))
    assert row_ids(olivia.get("/admin/users/?sort=-last_login_at")) == up[::-1]
    empty = set(db.session.scalars(select(User.id).where(User.last_login_at.is_(None))))
    assert set(up[: len(empty)]) == empty


def test_rows_that_come_and_go_between_two_pages_shift_nothing(olivia: Client) -> None:
    """Trap: OFFSET repeats a row after an insertion and skips one after a deletion."""
    olivia.post("/admin/users/preferences", {"size": "20"})
    first = olivia.get("/admin/users/?sort=id")
    db.session.delete(db.session.get(User, row_ids(first)[3]))
    second = olivia.get("/admin/users/" + link(first, "Next"))
    assert row_ids(second)[0] == row_ids(first)[-1] + 1


def test_search_and_filter_across_many_to_many_multiply_no_row(olivia: Client) -> None:
    """Trap: a person with three tags was listed and counted three times."""
    olivia.post("/admin/users/preferences", {"size": "100"})
    tags = db.session.scalars(select(ClientTag.id).order_by(ClientTag.id).limit(3)).all()
    groups = db.session.scalars(select(Group.id).order_by(Group.id)).all()
    query = "&".join(
        [f"client_tags={tag}" for tag in tags]
        + [f"groups={g}" for g in groups[:40]]
        + ["search=same"]
    )
    answer = olivia.get(f"/admin/users/?{query}")
    ids = row_ids(answer)
    assert len(ids) == len(set(ids)) == 65
    assert "65 people" in read(answer).one("h1").text


COMMENTS = "FROM event_comments"  # of the events of one page alone


@pytest.mark.parametrize("slug", SCREENS)
def test_no_n_plus_one(olivia: Client, statements: Any, slug: str) -> None:
    """Trap: relations were joined, or loaded row by row.

    Here a list takes at most six statements, whatever the page size. The log of events also reads
    whom its sentences name, how many comments there are, and the last check.
    """
    most = 10 if slug == "events" else 6
    numbers = {}
    for size in ("20", "50", "100"):
        olivia.post(f"/admin/{slug}/preferences", {"size": size})
        olivia.get(f"/admin/{slug}/")
        with statements() as seen:
            olivia.get(f"/admin/{slug}/")
        numbers[size] = len(seen)
        assert len(seen) <= most, seen
    assert len(set(numbers.values())) == 1, numbers


@pytest.mark.parametrize("slug", SCREENS)
def test_no_unbounded_count_and_no_offset(
    olivia: Client, statements: Any, slug: str, engine_name: str
) -> None:
    """Trap: every page counted the whole table, and deep pages skipped rows by OFFSET."""
    olivia.post(f"/admin/{slug}/preferences", {"size": "20"})
    with statements() as seen:
        for page in list(pages(olivia, f"/admin/{slug}/"))[-1:]:
            if back := link(page, "Previous"):
                olivia.get(f"/admin/{slug}/{back}")
    counting = [text for text in seen if "count(" in text.lower() and COMMENTS not in text]
    assert counting
    assert all("LIMIT" in text for text in counting), seen
    if engine_name == "postgresql":  # SQLAlchemy writes every LIMIT for SQLite with OFFSET 0
        assert not [text for text in seen if "OFFSET" in text.upper()], seen


def test_a_count_goes_no_further_than_anybody_reads(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "COUNT_CAP", 10)
    assert "10+ people" in read(olivia.get("/admin/users/")).one("h1").text


JUNK = [
    "page=-1", f"page={10**18}", "id=abc", "unknown=1",
    "search=" + "word%20" * 3000, "search=%00", "search=a&search=b",
    "sort=nothing", "sort=-", "sort=password_hash", "sort=groups", "sort=id&sort=name",
    "size=0", "size=-1", "size=1000000", "size=abc",
    "after=abc", "before=%00", "after=" + "A" * 5000,
    "created_at.from=tomorrow", "created_at.from=0000-01-01", "status=dead", "email.from=a",
    "groups=abc", "groups=" + "9" * 30,
    "&".join(f"email={n}&phone.{n}=x" for n in range(500)),
]  # fmt: skip


@pytest.mark.parametrize("query", JUNK, ids=lambda query: query[:25])
def test_junk_in_the_address_is_explained_and_no_failure(olivia: Client, query: str) -> None:
    """Trap: page=-1, id=abc, NUL, thousands of words or filters gave a 500."""
    answer = olivia.get(f"/admin/users/?{query}")
    if answer.status_code == 200:
        assert query == "search=%00", "only what is nothing once it is cleaned may pass"
        return
    assert answer.status_code == 400
    assert read(answer).one("div", role="alert").text
    assert row_ids(answer) == []
    if not query.startswith(("after", "before")):  # an export has no pages
        assert olivia.get(f"/admin/users/export.csv?{query}").status_code == 400


@pytest.mark.parametrize(
    "row_id", ["-1", "abc", "1,2", "0", str(10**18), str(10**19), str(10**30), "%00", "1.0", "1e3"]
)
def test_junk_numbers_of_rows_are_404(olivia: Client, row_id: str) -> None:
    for page in ("", "/edit", "/menu"):
        assert olivia.get(f"/admin/users/{row_id}{page}").status_code == 404


def test_percent_and_underscore_are_no_wildcards(olivia: Client) -> None:
    """Trap: `%` matched everything, in the list, in filters and in look-ups."""
    for text in ("%25", "_", "%25_", "%5C", "a%25b"):
        assert row_ids(olivia.get(f"/admin/users/?search={text}")) == []
        assert row_ids(olivia.get(f"/admin/users/?phone={text}")) == []
        assert olivia.get(f"/admin/users/lookup/groups?search={text}").json == {
            "options": [],
            "more": False,
        }
    db.session.add_all([ClientTag(name="100 %"), ClientTag(name="a_b"), ClientTag(name="axb")])
    found = olivia.get("/admin/users/lookup/client_tags?search=%25").json["options"]
    assert [option["label"] for option in found] == ["100 %"]
    found = olivia.get("/admin/users/lookup/client_tags?search=a_").json["options"]
    assert [option["label"] for option in found] == ["a_b"]


def test_a_look_up_answers_twenty_at_most(olivia: Client, statements: Any) -> None:
    """Trap: `ajax/lookup` took any limit."""
    with statements() as seen:
        answer = olivia.get("/admin/users/lookup/groups?search=group&limit=100000&size=100000").json
    assert len(answer["options"]) == 20
    assert answer["more"] is True
    assert any("LIMIT" in text for text in seen), seen


def test_a_page_with_many_relations_costs_no_more_statements(
    olivia: Client, statements: Any
) -> None:
    ids = add_people(100)
    tags = db.session.scalars(select(ClientTag.id)).all()
    pairs = [{"user_id": person, "client_tag_id": tag} for person in ids for tag in tags]
    db.session.execute(insert(user_client_tags), pairs)
    olivia.post("/admin/users/preferences", {"size": "100"})
    with statements() as seen:
        assert len(row_ids(olivia.get("/admin/users/"))) == 100
    assert len(seen) <= 6, seen


@pytest.mark.one_engine("postgresql", reason="SQLite knows no time zones")
def test_lists_do_not_depend_on_the_time_zone_of_the_server(
    app_with: Any, zoo: Any, stage: Any
) -> None:
    """An empty time sorts as the first moment of year 1 in UTC.

    West of Greenwich that moment is in another year.
    """
    west = f"{stage.settings.database_url}&options=-c%20TimeZone%3DAmerica/New_York"
    west = west if "?" in west else west.replace("&", "?", 1)
    visitor = app_with(database_url=west).test_client().sign_in("olivia")
    for sort in ("last_login_at", "-last_login_at"):
        assert len(row_ids(visitor.get(f"/admin/users/?sort={sort}&size=100"))) == 69

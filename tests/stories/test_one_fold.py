"""Search, sort, filters and uniqueness treat texts alike; every test here runs on both engines."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from backoffice.data import constraints, lists
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models import keys
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.refolding import refold
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from backoffice.text import fold
from tests.support.acting import edit
from tests.support.html import error_at, value_of
from tests.support.races import at_once

# As people are called; in the order in which a list of names shows them.
CORPUS = (
    "Æsir", "Anna-Lena", "Anna‐Lene", "Ärmel", "Đorđe", "Guðrún", "Həsən", "Ilgaz", "İlhan",
    "ısmet", "Łukasz", "Lumi", "Müller", "O’Brien", "O'Bryan", "Ødegård", "Odin", "Straße",
    "strasse 2", "Þór", "ＹＵＫＩ", "Zoë", "Анна", "ёлка", "қазақ", "علی\u200cرضا", "김철수",
)  # fmt: skip
SOUGHT = {
    "AESIR": ["Æsir"],
    "anna‑le": ["Anna-Lena", "Anna‐Lene"],
    "dorde": ["Đorđe"],
    "GUDRUN": ["Guðrún"],
    "il": ["Ilgaz", "İlhan"],
    "ISMET": ["ısmet"],
    "lukasz": ["Łukasz"],
    "o´br": ["O’Brien", "O'Bryan"],
    "odegard": ["Ødegård"],
    "STRAẞE": ["Straße", "strasse 2"],
    "thor": ["Þór"],
    "yuki": ["ＹＵＫＩ"],
    "ZOE": ["Zoë"],
    "елка": ["ёлка"],
    "казак": ["қазақ"],
    "علیرضا": ["علی\u200cرضا"],
    "علي": ["علی\u200cرضا"],
    "김": ["김철수"],
    "\u200bLu\u00admi": ["Lumi"],
    "\u0301": [],
    "%": [],
    "_": [],
}


@pytest.fixture
def corpus(cast: Cast) -> list[str]:
    """Add groups whose descriptions are the names of the corpus, and return the descriptions.

    The description stands for any text column that a company adds.
    """
    shuffled = sorted(CORPUS, key=len)
    db.session.add_all(
        Group(name=f"G{number:03}", description=name) for number, name in enumerate(shuffled)
    )
    db.session.commit()
    return shuffled


def described(cast: Cast, **query: str) -> list[str]:
    """Return the descriptions of the corpus on the first page of this query."""
    asked = lists.parse(Group, [*query.items(), ("size", "100")])
    page = lists.page(cast.actor("olivia"), Group, asked, ("description",))
    return [row.description for row in page.rows if row.description in CORPUS]


def test_own_texts_sort_like_names_up_and_down_and_from_page_to_page(
    cast: Cast, corpus: list[str]
) -> None:
    assert sorted(CORPUS, key=fold) == list(CORPUS)
    assert described(cast, sort="description") == list(CORPUS)
    assert described(cast, sort="-description") == list(reversed(CORPUS))
    asked = lists.parse(Group, [("sort", "description")])
    found = []
    after = ""
    while after is not None:
        page = lists.page(
            cast.actor("olivia"), Group, replace(asked, size=4, after=after), ("description",)
        )
        found += [row.description for row in page.rows if row.description in CORPUS]
        after = page.next
    assert found == list(CORPUS)


@pytest.mark.parametrize("sought", SOUGHT)
def test_filter_and_search_find_the_same(cast: Cast, corpus: list[str], sought: str) -> None:
    assert described(cast, sort="description", description=sought) == SOUGHT[sought]
    assert described(cast, sort="description", search=sought) == SOUGHT[sought]


def test_both_engines_make_the_same_keys_as_the_fold(cast: Cast, corpus: list[str]) -> None:
    rows = db.session.execute(
        select(Group.description, Group.description_key, Group.name, Group.name_key)
    )
    assert all((fold(text), fold(name)) == (key, name_key) for text, key, name, name_key in rows)


def people(client: Client, query: str) -> list[str]:
    """Return the addresses of the people on the list of this query."""
    page = client.get(f"/admin/users/?{query}").get_data(as_text=True)
    found = db.session.execute(select(User.id, User.email).order_by(User.id))
    return [str(email) for row_id, email in found if f"value={row_id} aria-label" in page]


@pytest.mark.parametrize(
    "typed",
    [
        "BÜCHER",
        "bücher.example",
        "xn--bcher-kva",
        "xn--bcher-kva.example",
        "+\u200bPia@xn--bcher-kva.example+",
        "<PIA@BÜCHER.EXAMPLE>",
        "mailto:pia@bücher.example",
        "pia%40b%C3%BCcher",
    ],
)
def test_the_filter_and_the_search_find_an_address_in_every_spelling(
    client: Client, cast: Cast, typed: str
) -> None:
    cast.vera.set_email("pia@bücher.example")
    settle()
    client.sign_in("olivia")
    assert people(client, f"email={typed}") == ["pia@bücher.example"]
    assert people(client, f"search={typed}") == ["pia@bücher.example"]


@pytest.mark.parametrize(
    "typed", ["030 1234567", "030/123", "+49 (0)30 1234567", "0049-30-12345", "12345", "301234567"]
)
def test_people_are_found_by_the_digits_of_their_phone(
    client: Client, cast: Cast, typed: str
) -> None:
    client.sign_in("olivia")
    assert edit(client, "users", cast.vera.id, phone="+49 (0)30 / 123 45-67").status_code == 303
    settle()
    assert cast.vera.phone == "+49301234567"
    for key in ("phone", "search"):
        assert people(client, f"{key}={typed.replace('+', '%2B')}") == ["vera@example.com"]
    page = client.get(f"/admin/users/{cast.vera.id}")
    assert "+49 30 1234567" in page.get_data(as_text=True)
    assert value_of(client.get(f"/admin/users/{cast.vera.id}/edit"), "phone") == "+49 30 1234567"


def test_a_national_number_is_one_of_the_default_country(
    client: Client, cast: Cast, app_with: Any
) -> None:
    client.sign_in("olivia")
    refused = edit(client, "users", cast.vera.id, phone="030 1234567")
    assert refused.status_code == 422
    assert "country code" in error_at(refused, "phone")
    german = app_with(default_country="DE").test_client().sign_in("olivia")
    assert edit(german, "users", cast.vera.id, phone="030 1234567").status_code == 303
    settle()
    assert cast.vera.phone == "+49301234567"


def test_a_phone_number_from_before_stays_until_somebody_changes_it(
    client: Client, cast: Cast
) -> None:
    cast.vera.phone = "ask reception (030 12345)"
    settle()
    client.sign_in("olivia")
    page = client.get(f"/admin/users/{cast.vera.id}/edit")
    kept = value_of(page, "phone")
    assert edit(client, "users", cast.vera.id, phone=kept, last_name="Vane").status_code == 303
    settle()
    assert (cast.vera.phone, cast.vera.last_name) == ("ask reception (030 12345)", "Vane")
    assert people(client, "phone=030-12345") == ["vera@example.com"]


def test_who_signs_in_may_paste_the_address(app: Flask, cast: Cast) -> None:
    cast.vera.set_email("pia@bücher.example")
    settle()
    for typed in (
        "\u00a0PIA@xn--bcher-kva.example\u200b ",
        "Pia <pia@BÜCHER.example>",
        "mailto:pia@bücher.example",
    ):
        client: Any = app.test_client()
        assert client.try_sign_in(typed).status_code == 303, typed


def test_sharp_s_and_ss_are_two_mailboxes_and_two_domains(client: Client, cast: Cast) -> None:
    cast.max.set_email("straße@maß.example")
    settle()
    client.sign_in("olivia")
    for address in ("strasse@maß.example", "straße@mass.example"):
        assert edit(client, "users", cast.vera.id, email=address).status_code == 303
        settle()
        db.session.expire_all()
        vera = db.session.scalars(select(User).where(User.first_name == "Vera")).one()
        assert vera.email == address
        vera.set_email("vera@example.com")
        settle()
    taken = edit(client, "users", cast.vera.id, email="STRAẞE@xn--ma-hia.example")
    assert "Another person has this" in error_at(taken, "email")


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("Ádministrators", "Another group has this name."),
        ("administrators", "Another group has this name."),
        ("\u0410dministrators", "This looks like the group “Administrators”."),
        ("Administrat0rs", "This looks like the group “Administrators”."),
        (
            "Admin\u200bistrators",
            "There is an invisible character (U+200B) at place 6: leave it out.",
        ),
        ("Boss\u202e", ""),
        ("\u3164", "Give the group a name."),
    ],
)
def test_a_group_has_a_name_that_can_be_told_from_others(
    client: Client, cast: Cast, name: str, sentence: str
) -> None:
    client.sign_in("olivia")
    answer = client.post("/admin/groups/new", {"name": name})
    if sentence:
        assert answer.status_code == 422
        assert error_at(answer, "name") == sentence
    else:
        assert answer.status_code == 303


@pytest.mark.parametrize("model", [Group, ClientTag])
def test_the_database_itself_keeps_names_apart_that_look_alike(cast: Cast, model: Any) -> None:
    """Concurrent writers whom the check does not see meet the unique index."""
    first, second = model(name="VIP"), model(name="V\u0406P")
    db.session.add_all([first, second])
    with pytest.raises(RuleBroken) as refused:
        constraints.flush(second)
    assert refused.value.field == "name"


def test_of_two_who_name_a_group_alike_at_once_one_has_it(app: Flask, cast: Cast) -> None:
    pair = [app.test_client().sign_in("olivia") for _ in range(2)]
    for visitor in pair:
        visitor.token()
    for number in range(20):
        names = (f"Vip {number}", f"V\u0456p {number}")
        acts = [
            partial(each.post, "/admin/groups/new", {"name": name})
            for each, name in zip(pair, names, strict=True)
        ]
        assert sorted(answer.status_code for answer in at_once(acts)) == [303, 422]


def test_a_login_that_looks_like_another_is_refused(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    response = client.post("/admin/users/new", {"login_method": "login", "login": "ops.modern"})
    assert response.status_code == 303
    answer = client.post("/admin/users/new", {"login_method": "login", "login": "0ps.rnodern"})
    assert "looks like the login" in error_at(answer, "login")


def test_names_that_were_alike_before_that_was_forbidden_are_kept_and_told(cast: Cast) -> None:
    groups = Group.__table__
    connection = db.session.connection()
    for name in ("Cafe", "Café", "Bar", "Bаr"):
        old = {"name": name, "name_key": f"old {name}", "search_key": "", "permissions": []}
        connection.execute(insert(groups).values(old))
    told = refold(connection, groups, keys.keys_of(Group), lambda row: keys.search_key(Group, row))
    found = connection.execute(
        select(Group.name, Group.name_key, Group.name_skeleton).order_by(Group.id)
    ).all()[-4:]
    assert [tuple(row) for row in found] == [
        ("Cafe", "cafe", "cafe"),
        ("Café", "old Café", None),
        ("Bar", "bar", "bar"),
        ("Bаr", "bаr", None),
    ]
    assert len(told) == 3
    assert refold(connection, groups, keys.keys_of(Group)) == told
    later = db.session.scalars(select(Group).where(Group.name == "Café")).one()
    later.description = "Something else is changed, and nothing fails."
    db.session.flush()


def test_an_action_on_many_rows_sets_a_text_together_with_its_key() -> None:
    assert keys.with_keys(Group, {"description": "Łódź"}) == {
        "description": "Łódź",
        "description_key": "lodz",
    }
    assert keys.with_keys(User, {"login": None}) == {
        "login": None,
        "login_key": None,
        "login_skeleton": None,
    }
    with pytest.raises(TypeError, match="description_key"):
        keys.with_keys(Group, {"description": Group.name + "!"})

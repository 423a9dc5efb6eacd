"""Bad input: the message stands at its field, what was typed stays, and nothing changes.

No event is written either.
"""

from typing import Any

import pytest

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.hostile import file, fingerprint
from tests.support.html import error_at, read, ticked, value_of

PERSON = {
    "email": "new@example.com", "first_name": "Nora", "last_name": "New", "phone": "+49301234567",
    "client_tags_mode": "all", "ip_whitelist": "10.0.0.0/8",
}  # fmt: skip
# One address in ten spellings. Letters of other alphabets that look like these, such as the
# Kelvin sign, the long s and the dotless i, have tests of their own below.
TAKEN = [
    "max@example.com", "MAX@EXAMPLE.COM", "Max@Example.com", "ｍａｘ@example.com",
    "max@example.com ", " max@example.com", "max@example.com\u00a0", "\u2003max@example.com\n",
    "max@EXAMPLE.com\0", "ＭＡＸ@ｅｘａｍｐｌｅ.com",
]  # fmt: skip
NO_ADDRESS = [
    "max",
    "max@",
    "@example.com",
    "max@@example.com",
    "max@example",
    "max example@example.com",
    "a@b@c.de",
    "\0",
]
NO_NETWORK = [
    "10.0.0.0/33",
    "10.0.0",
    "300.1.1.1",
    "::/129",
    "example.com",
    "10.0.0.1-10.0.0.9",
    "1.2.3.4/x",
    "fe80::g",
]


@pytest.fixture
def olivia(cast: Cast, client: Client) -> Client:
    return client.sign_in("olivia")


def refused(
    client: Client, path: str, form: dict[str, Any], name: str, *, kept: tuple[str, ...] = ()
) -> str:
    """Send the form, check that only the field `name` has an error, and return the message.

    Nothing may have changed, and the fields in `kept` must still hold what was typed.
    """
    before = fingerprint()
    answer = client.post(path, form)
    assert answer.status_code == 422
    page = read(answer)
    errors = {error["id"] for error in page.all("p", class_="error")}
    assert errors <= {f"{name}-errors"}
    targets = [link["href"] for link in page.all("a")]
    assert f"#{name}" in targets, "the summary leads to the field"
    for other in kept:
        typed = form[other].strip().replace("\r\n", "\n")
        assert value_of(answer, other) == typed, f"{other} was lost"
    assert fingerprint() == before
    return error_at(answer, name)


def refused_person(client: Client, name: str, value: Any) -> str:
    form = PERSON | {name: value}
    kept = tuple(n for n in PERSON if n != name)
    return refused(client, "/admin/users/new", form, name, kept=kept)


@pytest.mark.parametrize("email", TAKEN)
def test_an_address_that_is_taken_is_refused_however_it_is_spelt(
    olivia: Client, email: str
) -> None:
    assert refused_person(olivia, "email", email) == "Another person has this e-mail address."


@pytest.mark.parametrize(
    "first, second",
    [("straſse", "strasse"), ("\u212aim", "kim"), ("kim", "\u212aIM"), ("ſam", "SAM")],
)
def test_letters_that_only_look_different_make_no_second_account(
    olivia: Client, first: str, second: str
) -> None:
    answer = olivia.post("/admin/users/new", PERSON | {"email": f"{first}@example.com"})
    assert answer.status_code == 303
    message = refused_person(olivia, "email", f"{second}@example.com")
    assert message == "Another person has this e-mail address."


def test_the_dotless_i_is_a_letter_of_its_own(olivia: Client) -> None:
    """Neither Unicode case folding nor mail systems turn it into an i."""
    assert olivia.post("/admin/users/new", PERSON | {"email": "ilk@example.com"}).status_code == 303
    assert olivia.post("/admin/users/new", PERSON | {"email": "ılk@example.com"}).status_code == 303
    message = refused_person(olivia, "email", "ıl\u212a@example.com")
    assert message == "Another person has this e-mail address."


@pytest.mark.parametrize("name", ["email", "first_name", "client_tags_mode", "ip_whitelist"])
def test_several_values_where_one_is_expected_are_refused(olivia: Client, name: str) -> None:
    first = PERSON[name]
    assert "Give one value." in refused_person(olivia, name, [first, first])


@pytest.mark.parametrize("email", NO_ADDRESS)
def test_what_is_no_address_is_refused(olivia: Client, email: str) -> None:
    assert "e-mail address" in refused_person(olivia, "email", email)


@pytest.mark.parametrize("network", NO_NETWORK)
def test_what_is_no_network_is_refused_by_name(olivia: Client, network: str) -> None:
    form = PERSON | {"ip_whitelist": f"192.0.2.1\r\n{network}"}
    message = refused(
        olivia, "/admin/users/new", form, "ip_whitelist", kept=("email", "ip_whitelist")
    )
    assert network in message


@pytest.mark.parametrize("entries", ["1," * 100_000, "a\u200ba," * 100_000, "10.0.0.0/8," * 600])
def test_a_list_of_networks_that_is_far_too_long_is_not_even_read(
    olivia: Client, entries: str
) -> None:
    form = PERSON | {"ip_whitelist": entries}
    assert "5000 characters" in refused(olivia, "/admin/users/new", form, "ip_whitelist", kept=())


@pytest.mark.parametrize(
    "name, limit", [("email", 254), ("first_name", 100), ("last_name", 100), ("phone", 32)]
)
def test_what_is_too_long_is_refused_and_not_cut(olivia: Client, name: str, limit: int) -> None:
    value = "x" * (limit + 1) if name != "email" else "x" * limit + "@example.com"
    form = PERSON | {name: value}
    assert str(limit) in refused(olivia, "/admin/users/new", form, name, kept=tuple(PERSON))


@pytest.mark.parametrize(
    "path, name, value",
    [
        ("/admin/groups/new", "name", "ß" * 80), ("/admin/client-tags/new", "name", "ﷺ" * 30),
        ("/admin/groups/new", "name", "x" * 81), ("/admin/client-tags/new", "name", "x" * 61),
        ("/admin/groups/new", "description", "x" * 301),
    ],
)  # fmt: skip
def test_what_is_too_long_once_it_is_folded_is_refused_too(
    olivia: Client, path: str, name: str, value: str
) -> None:
    form = {"name": "Some name", "description": "", "colour": "red"} | {name: value}
    assert refused(olivia, path, form, name, kept=(name,))


@pytest.mark.parametrize("group", ["999999", "abc", "-1", "9" * 30, "1,2"])
def test_an_unknown_group_is_refused(olivia: Client, cast: Cast, group: str) -> None:
    """Chosen groups that exist stay chosen, unless the value cannot be an id."""
    viewers = str(cast.vera.groups[0].id)
    assert refused_person(olivia, "groups", ["", viewers, group])
    if group == "999999":
        answer = olivia.post("/admin/users/new", PERSON | {"groups": ["", viewers, group]})
        assert ticked(answer, "groups") == [viewers]


def test_only_these_tags_with_none_chosen_is_refused(olivia: Client) -> None:
    db.session.add(ClientTag(name="Gold"))
    form = PERSON | {"client_tags_mode": "only", "client_tags": ""}
    message = refused(
        olivia, "/admin/users/new", form, "client_tags", kept=("email", "client_tags_mode")
    )
    assert "at least one client tag" in message


@pytest.mark.parametrize("mode", ["some", "", "ALL", "only\0x"])
def test_a_choice_that_is_not_offered_is_refused(olivia: Client, mode: str) -> None:
    assert refused_person(olivia, "client_tags_mode", mode)


@pytest.mark.parametrize("name", ["Managers", "MANAGERS", " managers ", "Ｍanagers", "managerſ"])
def test_a_group_name_that_is_taken_is_refused(olivia: Client, name: str) -> None:
    form = {"name": name, "description": "Typed with care", "permissions": ["", "users.view"]}
    message = refused(olivia, "/admin/groups/new", form, "name", kept=("name", "description"))
    assert message == "Another group has this name."
    assert ticked(olivia.post("/admin/groups/new", form), "permissions") == ["users.view"]


@pytest.mark.parametrize("name", ["Gold", "GOLD", "gold ", "ｇｏｌｄ", "Go\u00adld"[:2] + "ld"])
def test_a_tag_name_that_is_taken_is_refused(olivia: Client, name: str) -> None:
    db.session.add(ClientTag(name="Gold"))
    form = {"name": name, "colour": "pink"}
    message = refused(olivia, "/admin/client-tags/new", form, "name", kept=("name", "colour"))
    assert message == "Another client tag has this name."


def test_an_unknown_permission_is_refused(olivia: Client) -> None:
    form = {"name": "New", "description": "", "permissions": ["", "users.view", "users.fly"]}
    assert "users.fly" in refused(olivia, "/admin/groups/new", form, "permissions", kept=("name",))


@pytest.mark.parametrize(
    "path, name", [("groups", "name"), ("client-tags", "name"), ("users", "email")]
)
def test_an_empty_form_says_what_is_missing(olivia: Client, path: str, name: str) -> None:
    form = {"name": "", "email": "", "description": "", "colour": "red", "client_tags_mode": "all"}
    assert refused(olivia, f"/admin/{path}/new", form, name)


def test_a_file_where_a_text_is_expected_is_refused(olivia: Client) -> None:
    assert refused(olivia, "/admin/groups/new", {"name": file()}, "name")


@pytest.mark.parametrize(
    "name, value",
    [("email", "MAX@example.com"), ("ip_whitelist", "10.0.0.0/99"), ("groups", "777")],
)
def test_an_edit_that_is_refused_keeps_what_was_typed(
    olivia: Client, cast: Cast, name: str, value: str
) -> None:
    vera = cast.vera
    form = PERSON | {"email": "vera@example.com", "version": vera.version, name: value}
    kept = ("first_name", "last_name", "phone", "client_tags_mode")
    assert refused(olivia, f"/admin/users/{vera.id}/edit", form, name, kept=kept)


@pytest.mark.parametrize("version", ["0", "99", "", "abc", "-1", "9" * 40, "1.0", None])
def test_a_stale_version_changes_nothing_and_shows_both(
    olivia: Client, cast: Cast, version: str | None
) -> None:
    vera = cast.vera
    before = fingerprint()
    form = {"first_name": "Verena"} | ({} if version is None else {"version": version})
    answer = olivia.post(f"/admin/users/{vera.id}/edit", form)
    assert answer.status_code == 409
    assert "Verena" in read(answer).text
    assert "Vera" in read(answer).text
    assert fingerprint() == before


def test_two_with_the_same_name_at_once_leave_one(
    olivia: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A violated unique constraint is reported at the field, like a failed check.

    The check looks before the other request commits, so the database has the last word.
    """
    from backoffice.data import records

    monkeypatch.setitem(records._checks, Group, lambda *_: None)
    form = {"name": "managers", "description": "Typed"}
    message = refused(olivia, "/admin/groups/new", form, "name", kept=("name", "description"))
    assert message == "Another group has this already."

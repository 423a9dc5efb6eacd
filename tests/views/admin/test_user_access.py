"""On a person's page: what gives each permission, and the box that asks "May this person ...?"."""

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group
from tests.support.html import Element, read


def box(client: Client, person: int, **asked: object) -> Element:
    settle()
    query = {"tab": "groups", **asked}
    return read(client.get(f"/admin/users/{person}", query_string=query)).one("#may")


def test_each_permission_stands_with_the_groups_that_give_it(client: Client, cast: Cast) -> None:
    cast.max.groups = [group("managers"), group("viewers")]
    settle()
    page = read(client.sign_in("olivia").get(f"/admin/users/{cast.max.id}?tab=groups"))
    rows = {row.all("span")[0].text: row.text for row in page.all(".grants li")}
    assert rows["See the list of people and their details"].endswith("Managers Viewers")
    assert rows["Change client tags"].endswith("Managers")


def test_an_extra_permission_is_a_source_that_is_called_direct(client: Client, cast: Cast) -> None:
    db.session.add(DirectGrant(user_id=cast.max.id, permission="users.block"))
    settle()
    client.sign_in("olivia")
    said = box(client, cast.max.id, may="users.block").one("[role=status]").text
    assert "users.block (Block and unblock people): direct" in said


def test_yes_with_the_path(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    said = box(client, cast.max.id, may="client_tags.edit").one("[role=status]").text
    assert "Yes · Max Mander may do this." in said
    assert "client_tags.edit (Change client tags): Managers" in said


def test_no_with_what_would_change_it(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    said = box(client, cast.max.id, may="users.block", row="Vera Vance").one("[role=status]").text
    assert "No · Max Mander lacks the permission users.block" in said
    assert "Company administrator, Main administrator, Administrators" in said


def test_a_question_without_sense_says_so_and_keeps_what_was_typed(
    client: Client, cast: Cast
) -> None:
    client.sign_in("olivia")
    asked = box(client, cast.max.id, may="users.block", row="Nobody Known")
    assert "There is no such person" in asked.one("[role=alert]").text
    assert asked.one("#may-row")["value"] == "Nobody Known"
    assert asked.one("option[selected]")["value"] == "users.block"
    assert box(client, cast.max.id, may="x" * 300).one("[role=alert]").text
    assert box(client, cast.max.id, may="users.block", row="9" * 40).one("[role=alert]").text
    assert box(client, cast.max.id, may="users.block", row="Nobody\0Known").one("[role=alert]").text


def test_rows_that_the_asker_does_not_see_are_not_there(client: Client, cast: Cast) -> None:
    """The group may look at people and groups; client tags are not theirs to see."""
    db.session.add(ClientTag(name="Secret tag"))
    group("viewers").permissions = ["users.view", "groups.view"]
    settle()
    client.sign_in("vera")
    for row in ("Secret tag", "1"):
        said = box(client, cast.olivia.id, may="client_tags.edit", row=row).text
        assert "There is no such client tag, or it is not yours to see." in said
        assert "Yes" not in said


def test_those_who_see_no_groups_get_no_box(client: Client, cast: Cast) -> None:
    group("viewers").permissions = ["users.view"]
    settle()
    client.sign_in("vera")
    assert client.get(f"/admin/users/{cast.max.id}?tab=groups&may=users.view").status_code == 404


def test_asking_changes_nothing(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    settle()
    events = db.session.query(Event).count()
    box(client, cast.max.id, may="users.block", row=cast.vera.id)
    settle()
    assert db.session.query(Event).count() == events


def test_view_as_is_offered_or_says_why_not(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    page = read(client.get(f"/admin/users/{cast.max.id}?tab=groups"))
    assert page.one(f"a[href='/view-as/{cast.max.id}']").text == "View as this person"
    blocked = client.get(f"/admin/users/{cast.eve.id}?tab=groups").text
    assert "You cannot view as this person: Eve Evers is not active." in blocked
    assert "/view-as/" not in blocked

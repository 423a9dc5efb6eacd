"""The form of a group: permissions by area."""

from flask import Flask

from backoffice.extensions import db
from backoffice.policy.permissions import catalogue
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import edit, review_of
from tests.support.html import read, sent_by
from tests.support.world import groups


def saved_untouched(client: Client, group_id: int) -> int:
    """Send the form as a browser does that nobody touched, and return the status."""
    address = f"/admin/groups/{group_id}/edit"
    (form,) = [e for e in read(client.get(address)).all("form") if e["action"].endswith("/edit")]
    data: dict[str, list[str]] = {}
    for name, value in sent_by(form):
        data.setdefault(name, []).append(value)
    return client.post(address, data).status_code


def test_an_untouched_form_keeps_what_the_product_has_no_more(
    app: Flask, client: Client, cast: Cast
) -> None:
    """Permissions in another order, and one of an action that the company has removed."""
    group = groups()["viewers"]
    group.permissions = ["users.view", "gone.permission", "groups.view"]
    settle()
    version = group.version
    client.sign_in("olivia")
    assert saved_untouched(client, group.id) == 303
    db.session.refresh(group)
    assert group.permissions == ["users.view", "gone.permission", "groups.view"]
    assert group.version == version


def test_a_tick_that_is_taken_away_takes_the_permission(
    app: Flask, client: Client, cast: Cast
) -> None:
    group = groups()["viewers"]
    group.permissions = ["gone.permission", "groups.view", "users.view"]
    settle()
    client.sign_in("olivia")
    page = read(client.get(f"/admin/groups/{group.id}/edit"))
    (form,) = [e for e in page.all("form") if e["action"].endswith("/edit")]
    data: dict[str, list[str]] = {}
    for name, value in sent_by(form):
        if value != "users.view":
            data.setdefault(name, []).append(value)
    data["reviewed"] = [review_of(client.post(f"/admin/groups/{group.id}/edit", data))]
    assert client.post(f"/admin/groups/{group.id}/edit", data).status_code == 303
    db.session.refresh(group)
    assert group.permissions == ["gone.permission", "groups.view"]


def test_a_tick_for_an_area_gives_all_of_it_that_one_holds(
    app: Flask, client: Client, staff: list[str]
) -> None:
    """As a browser without scripts sends it; what one does not hold is not among it."""
    number = groups()["employee"].id
    holder = groups()["main_administrator"]
    holder.permissions = sorted({*holder.permissions} - {"client_tags.delete"})
    settle()
    client.sign_in("main_administrator")
    page = read(client.get(f"/admin/groups/{number}/edit")).one("main").text
    assert "not yours" in page
    answer = edit(client, "groups", number, permissions=["", "client_tags.*", "users.view"])
    assert answer.status_code == 303
    settle()
    given = set(groups()["employee"].permissions)
    assert given == {
        "users.view",
        *(code for code in catalogue() if code.startswith("client_tags.")),
    } - {"client_tags.delete"}


def test_to_see_comes_before_to_change(client: Client, cast: Cast) -> None:
    page = read(client.sign_in("olivia").get("/admin/groups/new"))
    codes = [box["value"] for box in page.all("input", name="permissions") if box["value"]]
    codes = [code for code in codes if not code.endswith(".*")]  # the ticks for whole areas
    of_tags = [code for code in codes if code.startswith("client_tags.")]
    verbs = ["view", "create", "edit", "delete", "export"]
    assert of_tags[: len(verbs)] == [f"client_tags.{verb}" for verb in verbs]
    areas = [code.partition(".")[0] for code in codes]
    assert areas == sorted(areas)


def test_the_list_says_how_many_members_groups_have(client: Client, cast: Cast) -> None:
    managers = groups()["managers"]
    number = len(managers.users)
    rows = read(client.sign_in("olivia").get("/admin/groups/")).one("tbody")
    assert f"Managers {number} member" in rows.text
    managers.permissions = ["groups.view"]
    settle()
    assert "Managers" in read(client.sign_in("max").get("/admin/groups/")).one("tbody").text
    assert " member" not in read(client.get("/admin/groups/")).one("tbody").text


def test_a_list_says_what_a_search_looks_at(client: Client, cast: Cast) -> None:
    box = read(client.sign_in("olivia").get("/admin/events/")).one("input", name="search")
    assert box["title"].startswith("Searched: ")
    assert "Comment" not in box["title"]

"""The group Administrators cannot be deleted or renamed, and always has every permission.

Permissions that are added later are included.
"""

import pytest
from flask import Flask

from backoffice.policy import permissions
from backoffice.policy.rules import can
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.acting import act, edit, group, outcome
from tests.support.html import error_at, read


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Gods"},
        {"description": "Others"},
        {"permissions": ["", "users.view"]},
        {"grants": ["", 2]},
        {"all_permissions": ""},
        {"key": "mine"},
        {},
    ],
)
def test_administrators_cannot_be_edited(
    client: Client, cast: Cast, change: dict[str, object]
) -> None:
    client.sign_in("olivia")
    assert edit(client, "groups", group("administrators").id, **change).status_code == 403
    kept = group("administrators")
    assert kept.name == "Administrators"
    assert kept.permissions == []
    assert kept.all_permissions
    assert kept.version == 1


def test_administrators_cannot_be_deleted(client: Client, cast: Cast) -> None:
    """Ticked alone, ticked among others, or chosen by "all that match"."""
    client.sign_in("olivia")
    target = group("administrators").id
    for chosen in ((target,), (target, group("employee").id)):
        assert outcome(act(client, "groups", "delete", *chosen), target)[0] == "refused"
    assert outcome(act(client, "groups", "delete", all_matching="1"), target)[0] == "refused"
    assert group("administrators").all_permissions


def test_administrators_are_offered_no_way_to_be_changed(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    target = group("administrators").id
    assert client.get(f"/admin/groups/{target}/edit").status_code == 403
    links = [e["href"] for e in read(client.get(f"/admin/groups/{target}")).all("a")]
    assert f"/admin/groups/{target}/edit" not in links
    assert f"/admin/groups/{target}/edit" not in client.get(
        f"/admin/groups/{target}/menu"
    ).get_data(as_text=True)


@pytest.mark.parametrize(
    "name", ["Administrators", " administrators", "ＡＤＭＩＮＩＳＴＲＡＴＯＲＳ"]
)
def test_no_other_group_takes_its_name(client: Client, cast: Cast, name: str) -> None:
    client.sign_in("olivia")
    assert error_at(client.post("/admin/groups/new", {"name": name}), "name")
    assert error_at(edit(client, "groups", group("employee").id, name=f"{name} "), "name")


def test_administrators_hold_a_permission_that_is_new(
    app: Flask, client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permissions, "_added", dict(permissions._added))
    permissions.add("warehouses.audit", "Count what is there")
    client.sign_in("olivia")
    assert "warehouses.audit" in client.get(
        f"/admin/groups/{group('administrators').id}?tab=permissions"
    ).get_data(as_text=True)
    assert can(cast.actor("olivia"), "warehouses.audit")
    assert not can(cast.actor("max"), "warehouses.audit")

"""On a row's page: who may see it, and who may do something to it, group by group."""

from datetime import timedelta

import pytest

from backoffice import clock, limits
from backoffice.actions.engine import who
from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group
from tests.support.html import read
from tests.support.statements import counted


def said(client: Client, path: str) -> dict[str, str]:
    """Return what the tab says of each group, by the group's name."""
    settle()
    page = read(client.get(path))
    return {each.one("h2").text: each.text for each in page.all(".section")}


def test_who_may_see_a_person_stands_by_group(client: Client, cast: Cast) -> None:
    groups = said(client.sign_in("olivia"), f"/admin/users/{cast.vera.id}?tab=access")
    assert "Olivia Owen Yes" in groups["Administrators"]
    assert "Max Mander Yes" in groups["Managers"]
    assert "Employee" not in groups, "its members see no people"


def test_who_may_do_something_and_whom_a_rule_refuses(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    groups = said(client, f"/admin/users/{cast.olivia.id}?tab=access&may=users.block")
    assert (
        "No Olivia Owen would be told: “You cannot do this to your own account.”"
        in (groups["Administrators"])
    )
    assert "Nobody active is in this group." in groups["Main administrator"]
    assert "Managers" not in groups


def test_who_may_by_an_extra_permission_is_named_too(client: Client, cast: Cast) -> None:
    db.session.add_all(
        DirectGrant(user_id=person.id, permission="users.block", ends_at=ends_at)
        for person, ends_at in ((cast.max, None), (cast.vera, clock.now() - timedelta(days=1)))
    )
    settle()
    client.sign_in("olivia")
    groups = said(client, f"/admin/users/{cast.vera.id}?tab=access&may=users.block")
    told = groups["Extra permissions"]
    assert "Max Mander No Max Mander would be told: “Vera Vance has a group" in told
    assert told.count("Vera Vance") == 1, "hers has ended"


def test_every_screen_has_the_tab(client: Client, cast: Cast) -> None:
    tag = ClientTag(name="Gold")
    db.session.add(tag)
    settle()
    groups = said(client.sign_in("olivia"), f"/admin/client-tags/{tag.id}?tab=access")
    assert "Max Mander Yes" in groups["Managers"]


def test_no_more_people_are_asked_about_than_the_limit(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ASKED_ABOUT", 1)
    groups = said(client.sign_in("olivia"), f"/admin/users/{cast.vera.id}?tab=access")
    assert "Olivia Owen" in groups["Administrators"]
    assert "1 more member was not asked about." in groups["Managers"]


def test_members_of_large_groups_are_not_counted_to_the_end(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ASKED_ABOUT", 1)
    monkeypatch.setattr(who, "COUNTED", 1)
    managers = group("managers")
    managers.users.append(cast.vera)
    groups = said(client.sign_in("olivia"), f"/admin/users/{cast.vera.id}?tab=access")
    assert "1+ more members were not asked about." in groups["Managers"]


def test_each_person_who_is_asked_about_takes_two_statements(client: Client, cast: Cast) -> None:
    """Their groups with their extra permissions, and whether they see the row."""
    client.sign_in("olivia")
    path = f"/admin/users/{cast.vera.id}?tab=access"
    said(client, path)  # what is kept afterwards
    with counted(db.engine) as alone:
        said(client, path)
    managers = group("managers")
    managers.users.append(cast.vera)
    settle()
    with counted(db.engine) as with_one_more:
        assert "Vera Vance" in said(client, path)["Managers"]
    assert len(with_one_more) == len(alone) + 2, with_one_more


def test_only_those_who_see_people_and_groups_are_told(client: Client, cast: Cast) -> None:
    group("viewers").permissions = ["users.view"]
    settle()
    client.sign_in("vera")
    assert client.get(f"/admin/users/{cast.max.id}?tab=access").status_code == 404
    assert "tab=access" not in client.get(f"/admin/users/{cast.max.id}").text


def test_an_unknown_question_is_that_of_seeing_it(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    path = f"/admin/users/{cast.vera.id}?tab=access"
    assert said(client, f"{path}&may=nonsense") == said(client, path)


def test_groups_of_whom_nobody_is_asked_about_take_no_statement(client: Client, cast: Cast) -> None:
    client.sign_in("olivia")
    path = f"/admin/users/{cast.vera.id}?tab=access"
    said(client, path)  # what is read once is read now
    numbers = []
    for name in ("Anybody", "Somebody"):
        settle()
        with counted(db.engine) as statements:
            groups = said(client, path)
        numbers.append(len(statements))
        more = [Group(key=f"{name}_{n}", name=f"{name} {n}") for n in range(20)]
        for each in more:
            each.permissions = ["users.view"]
        db.session.add_all(more)
    assert "Anybody 19" in groups
    assert numbers[1] == numbers[0]

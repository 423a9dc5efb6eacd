"""The menu of a row knows of each action whether it would do something, and why not."""

import pytest

from backoffice.actions.engine.action import actions_of
from backoffice.actions.engine.menu import menu
from backoffice.errors import NotFound
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle


@pytest.fixture
def people(staff: list[str]) -> Cast:
    return Cast()


def shown(actor: str, person: User) -> dict[str, tuple[str, str]]:
    """Return the outcome of each action on a person, and the rule that refuses it."""
    settle()
    who = Cast().actor(actor)
    return {
        action.name: (outcome, rule)
        for action, outcome, rule in menu(who, actions_of(User, who), person.id)
    }


def test_of_each_action_the_menu_knows_what_it_would_do(people: Cast) -> None:
    assert shown("olivia", people.max) == {
        "block": ("done", ""),
        "unblock": ("unchanged", ""),
        "revoke": ("done", ""),
        "regrant": ("unchanged", ""),
        "end_sessions": ("unchanged", ""),
        "delete": ("done", ""),
        "remove_avatar": ("unchanged", ""),
        "resend_invitation": ("refused", "not_invited"),
        "revoke_invitation": ("refused", "accepted"),
        "send_to_email": ("done", ""),
        "add_to_group": ("done", ""),
        "remove_from_group": ("done", ""),
        "set_membership_end": ("done", ""),
        "give_permissions": ("done", ""),
        "take_permissions": ("done", ""),
        "review_access": ("done", ""),
        "add_client_tags": ("refused", "all"),
        "remove_client_tags": ("done", ""),
        "set_countries": ("done", ""),
        "mask_data": ("done", ""),
        "show_data": ("unchanged", ""),
        "reset_password": ("done", ""),
        "temporary_password": ("refused", "own_password"),
        "reset_2fa_to_email": ("refused", "unverified"),
        "disable_2fa": ("unchanged", ""),
        "re_enrol_2fa": ("done", ""),
    }


def test_the_answers_are_those_of_this_row(people: Cast) -> None:
    blocked, own = shown("olivia", people.eve), shown("olivia", people.olivia)
    assert (blocked["block"], blocked["unblock"]) == (("unchanged", ""), ("done", ""))
    assert blocked["reset_password"] == ("refused", "not_active")
    assert (own["block"], own["unblock"]) == (("refused", "oneself"), ("refused", "oneself"))


def test_a_refusal_goes_before_that_nothing_would_change(people: Cast) -> None:
    """The first rule that refuses is named: who is above, before who is blocked already."""
    person = people.managers
    person.status = "blocked"
    assert shown("main_administrator", person)["block"] == ("refused", "outranked")


def test_actions_without_the_permission_or_the_sight_of_a_choice_are_not_there(
    people: Cast,
) -> None:
    assert shown("dispatcher", people.max) == {}
    names = set(shown("company_administrator", people.employee))
    assert {"block", "add_to_group", "add_client_tags"} <= names


def test_a_row_out_of_sight_has_no_menu(people: Cast) -> None:
    people.max.status = "deleted"
    with pytest.raises(NotFound):
        shown("olivia", people.max)


def test_other_rows_have_actions_of_their_own(people: Cast) -> None:
    who = people.actor("olivia")
    assert [action.code() for action in actions_of(ClientTag, who)] == ["client_tags.delete"]
    assert menu(who, [], people.max.id) == []

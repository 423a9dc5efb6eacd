"""Groups and client tags are given and taken as the preview says, each with its reasons."""

import pytest

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import (
    act,
    confirmed,
    group,
    groups_of,
    outcome,
    previewed,
    run_at,
    undo,
)
from tests.support.html import error_at, read
from tests.support.told import Told, by_name, flashed, told


@pytest.fixture
def olivia(client: Client, staff: list[str]) -> Client:
    return client.sign_in("olivia")


@pytest.fixture
def tags(staff: list[str]) -> dict[str, int]:
    """Max may see clients with Gold, Vera those with Gold or Silver, Eve all."""
    cast = Cast()
    made = {name: ClientTag(name=name) for name in ("Gold", "Silver", "Iron")}
    db.session.add_all(made.values())
    for person, names in ((cast.max, ("Gold",)), (cast.vera, ("Gold", "Silver"))):
        person.client_tags = [made[name] for name in names]
        person.client_tags_mode = "only"
    settle()
    return {name: tag.id for name, tag in made.items()}


@pytest.fixture
def three(staff: list[str]) -> list[int]:
    cast = Cast()
    return [cast.max.id, cast.vera.id, cast.olivia.id]


@pytest.fixture
def spare(staff: list[str]) -> int:
    """A group without permissions, of which Max is a member."""
    made = Group(name="Spare", permissions=[])
    person = Cast().max
    person.groups = [*person.groups, made]
    settle()
    return made.id


def test_adding_to_a_group(olivia: Client, three: list[int], spare: int) -> None:
    page = previewed(olivia, "users", "add-to-group", *three, group=spare)
    assert told(page) == Told(
        "Add 1 person to Spare",
        (
            "1 would not change: already in the group.",
            "1 refused: You cannot do this to your own account.",
        ),
        rows=("Will be in the group 1", "Already in the group 1", "Refused 1"),
    )
    answer = confirmed(olivia, "users", "add-to-group", page)
    assert "1 person added to the group. 1 unchanged. 1 refused." in flashed(olivia, answer)
    assert groups_of(Cast().vera) == {"Viewers", "Spare"}
    (event,) = db.session.query(Event).filter_by(action="users.add_to_group", result="done")
    assert (by_name(event.before), by_name(event.after)) == (
        {"groups": ["Viewers"]},
        {"groups": ["Spare", "Viewers"]},
    )


def test_removing_from_a_group(olivia: Client, three: list[int], spare: int) -> None:
    page = previewed(olivia, "users", "remove-from-group", *three, group=spare)
    assert told(page) == Told(
        "Remove 1 person from Spare",
        (
            "1 would not change: already out of the group.",
            "1 refused: You cannot do this to your own account.",
        ),
        rows=("Will be out of the group 1", "Already out of the group 1", "Refused 1"),
    )
    answer = confirmed(olivia, "users", "remove-from-group", page)
    assert "1 person removed from the group. 1 unchanged. 1 refused." in flashed(olivia, answer)
    assert groups_of(Cast().max) == {"Managers"}
    (event,) = db.session.query(Event).filter_by(action="users.remove_from_group", result="done")
    assert by_name(event.after) == {"groups": ["Managers"]}


def test_before_the_choice_nothing_depends_on_it(olivia: Client, three: list[int]) -> None:
    """Who is refused whatever is chosen is refused already; the title says what is missing."""
    page = read(previewed(olivia, "users", "add-to-group", *three))
    assert page.one("main").one("h1").text == "Add 2 people to …"
    assert "A group *" in page.one("main").text
    assert "Show what will happen" in page.one("main").text


def test_a_group_beyond_ones_own_is_refused_at_the_choice(boss: Client, three: list[int]) -> None:
    page = previewed(boss, "users", "add-to-group", three[0], group=group("managers").id)
    assert error_at(page, "with.group") == "You cannot assign this group."


def test_who_has_no_access_gets_no_group(olivia: Client, spare: int) -> None:
    person = Cast().vera
    person.status = "revoked"
    settle()
    page = previewed(olivia, "users", "add-to-group", person.id, group=spare)
    assert told(page).headline == ("1 refused: Vera Vance has no access: grant it again first.",)
    run = run_at(confirmed(olivia, "users", "add-to-group", page))
    assert outcome(run, person.id) == ("refused", "revoked")


def test_who_is_above_the_actor_is_refused_by_name(boss: Client, spare: int) -> None:
    employee, manager = Cast().employee, Cast().managers
    page = previewed(
        boss, "users", "add-to-group", employee.id, manager.id, group=group("dispatcher").id
    )
    assert told(page).headline == (
        (
            "1 refused: managers@example.com has a group or a permission that you cannot assign, "
            "or sees more than you."
        ),
    )
    run = run_at(confirmed(boss, "users", "add-to-group", page))
    assert outcome(run, manager.id) == ("refused", "outranked")
    assert groups_of(manager) == {"Managers"}


def test_each_undoes_the_other(olivia: Client, spare: int) -> None:
    person = Cast().vera
    given = act(olivia, "users", "add-to-group", person.id, group=spare)
    assert run_at(undo(olivia, given)).action == "users.remove_from_group"
    assert groups_of(person) == {"Viewers"}
    taken = act(olivia, "users", "remove-from-group", Cast().max.id, group=spare)
    assert run_at(undo(olivia, taken)).action == "users.add_to_group"
    assert groups_of(Cast().max) == {"Managers", "Spare"}


# Client tags.


def tags_of(person: User) -> set[str]:
    settle()
    return {tag.name for tag in db.session.get_one(User, person.id).client_tags}


@pytest.fixture
def tagged(staff: list[str]) -> list[int]:
    cast = Cast()
    return [cast.max.id, cast.vera.id, cast.eve.id]


def test_giving_client_tags(olivia: Client, tagged: list[int], tags: dict[str, int]) -> None:
    chosen = [tags["Silver"], tags["Gold"]]
    page = previewed(olivia, "users", "add-client-tags", *tagged, tags=chosen)
    assert told(page) == Told(
        "Give 1 person the client tags Gold, Silver",
        (
            "1 would not change: already given the client tags.",
            "1 refused: Eve Evers is allowed every client tag.",
        ),
        rows=(
            "Will be given the client tags 1",
            "Already given the client tags 1",
            "Refused 1",
        ),
    )
    answer = confirmed(olivia, "users", "add-client-tags", page)
    assert "1 person given the client tags." in flashed(olivia, answer)
    assert tags_of(Cast().max) == {"Gold", "Silver"}
    assert outcome(run_at(answer), Cast().eve.id) == ("refused", "all")
    (event,) = db.session.query(Event).filter_by(action="users.add_client_tags", result="done")
    assert (by_name(event.before), by_name(event.after)) == (
        {"client_tags": ["Gold"]},
        {"client_tags": ["Gold", "Silver"]},
    )
    assert run_at(undo(olivia, run_at(answer))).action == "users.remove_client_tags"
    assert tags_of(Cast().max) == {"Gold"}


def test_one_of_two_tags_is_not_both(olivia: Client, tags: dict[str, int]) -> None:
    """Whoever has one of the chosen tags is given the other; who has another one, both."""
    chosen = [tags["Gold"], tags["Iron"]]
    run = act(olivia, "users", "add-client-tags", Cast().max.id, Cast().vera.id, tags=chosen)
    assert run.counts == {"done": 2}
    assert tags_of(Cast().vera) == {"Gold", "Silver", "Iron"}


def test_taking_client_tags(olivia: Client, tagged: list[int], tags: dict[str, int]) -> None:
    page = previewed(olivia, "users", "remove-client-tags", *tagged, tags=[tags["Gold"]])
    assert told(page) == Told(
        "Take the client tags Gold from 1 person",
        (
            "1 would not change: already without the client tags.",
            "1 refused: Max Mander would be left with no client tag.",
        ),
        rows=(
            "Will be without the client tags 1",
            "Already without the client tags 1",
            "Refused 1",
        ),
    )
    answer = confirmed(olivia, "users", "remove-client-tags", page)
    assert "1 person without the client tags." in flashed(olivia, answer)
    assert (tags_of(Cast().vera), tags_of(Cast().max)) == ({"Silver"}, {"Gold"})
    assert outcome(run_at(answer), Cast().max.id) == ("refused", "nothing_left")
    (event,) = db.session.query(Event).filter_by(action="users.remove_client_tags", result="done")
    assert by_name(event.after) == {"client_tags": ["Silver"]}
    assert run_at(undo(olivia, run_at(answer))).action == "users.add_client_tags"
    assert tags_of(Cast().vera) == {"Gold", "Silver"}


def test_who_may_see_all_but_some_may_lose_the_last(olivia: Client, tags: dict[str, int]) -> None:
    """Only whoever may see nothing but their tags has to keep one."""
    person = Cast().max
    person.client_tags_mode = "except"
    settle()
    run = act(olivia, "users", "remove-client-tags", person.id, tags=[tags["Gold"]])
    assert run.counts == {"done": 1}
    assert tags_of(person) == set()


def test_a_tag_beyond_ones_own_is_refused_at_the_choice(boss: Client, tags: dict[str, int]) -> None:
    me = Cast().main_administrator
    me.client_tags_mode, me.client_tags = "only", [db.session.get_one(ClientTag, tags["Gold"])]
    settle()
    page = previewed(boss, "users", "add-client-tags", Cast().employee.id, tags=[tags["Silver"]])
    assert error_at(page, "with.tags") == "One of these client tags is beyond your own."


def test_tags_of_those_above_are_neither_given_nor_taken(
    boss: Client, tags: dict[str, int]
) -> None:
    person = Cast().max
    for action in ("add-client-tags", "remove-client-tags"):
        page = previewed(boss, "users", action, person.id, tags=[tags["Silver"], tags["Gold"]])
        assert "Client tags *" in read(page).one("main").text
        run = run_at(confirmed(boss, "users", action, page))
        assert outcome(run, person.id) == ("refused", "outranked")
    assert tags_of(person) == {"Gold"}


@pytest.mark.parametrize(
    "action, label",
    [
        ("add-to-group", "Add to group"),
        ("remove-from-group", "Remove from group"),
        ("add-client-tags", "Add client tags"),
        ("remove-client-tags", "Remove client tags"),
    ],
)
def test_menus_call_it_by_its_name(olivia: Client, action: str, label: str) -> None:
    page = read(olivia.get("/admin/users/"))
    buttons = [e for e in page.all("button") if e["formaction"].endswith(f"/actions/{action}")]
    assert {button.text for button in buttons} == {label}

"""A right is taken away while it is used: nothing is done with it once it is gone."""

from collections.abc import Callable
from functools import partial
from itertools import cycle, islice, product

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.extensions import db
from backoffice.models.associations import group_grants
from backoffice.models.client_tag import ClientTag
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import group, review_of
from tests.support.races import ROUNDS, PutBack, at_once

CODES = [
    "client_tags.create", "client_tags.view", "groups.edit", "groups.view", "users.assign_groups",
    "users.assign_scope", "users.create", "users.edit", "users.view",
]  # fmt: skip
Act = Callable[[], TestResponse]


@pytest.fixture
def boss(app: Flask, cast: Cast) -> Group:
    """The group that lets Max do all of this, with Viewers and Dispatcher as groups he may give."""
    managers = group("managers")
    managers.permissions = CODES
    managers.grants = [group("viewers"), group("dispatcher")]
    group("viewers").permissions = ["users.view"]
    group("dispatcher").permissions = []
    db.session.add_all([ClientTag(name="Gold"), ClientTag(name="Silver")])
    settle()
    return managers


def signed_in(app: Flask, name: str) -> Client:
    visitor = app.test_client().sign_in(name)
    assert isinstance(visitor, Client)
    visitor.token()
    return visitor


def tag(name: str) -> int:
    return db.session.scalars(select(ClientTag.id).where(ClientTag.name == name)).one()


# What olivia takes away, and what max does with it: each a request that is ready to be sent.


def demoted(olivia: Client, boss: Group, max_: User) -> Act:
    return partial(
        olivia.post, f"/admin/users/{max_.id}/edit", {"version": max_.version, "groups": ""}
    )


def blocked(olivia: Client, boss: Group, max_: User) -> Act:
    block = find("users.block")
    assert block is not None
    shown = preview(actor=Cast().actor("olivia"), action=block, selection=Selection(ids=[max_.id]))
    form = {"step": "run", "reason": "A quarrel"}
    return partial(olivia.post, f"/admin/users/actions/block/{shown.run.token}", form)


def reviewed(olivia: Client, changed: Group, **values: object) -> Act:
    """Change a group as its page of the review does."""
    path, form = f"/admin/groups/{changed.id}/edit", {"version": changed.version, **values}
    return partial(olivia.post, path, {**form, "reviewed": review_of(olivia.post(path, form))})


def stripped(olivia: Client, boss: Group, max_: User) -> Act:
    return reviewed(olivia, boss, permissions="")


def withdrawn(olivia: Client, boss: Group, max_: User) -> Act:
    return reviewed(olivia, boss, grants="")


def widened(olivia: Client, boss: Group, max_: User) -> Act:
    """Give Dispatcher, which Max may give, a permission that he does not have."""
    return reviewed(olivia, group("dispatcher"), permissions=["", "users.delete"])


def confined(olivia: Client, boss: Group, max_: User) -> Act:
    form = {"version": max_.version, "client_tags_mode": "only", "client_tags": ["", tag("Silver")]}
    return partial(olivia.post, f"/admin/users/{max_.id}/edit", form)


def adds_person(visitor: Client, number: int) -> Act:
    return partial(visitor.post, "/admin/users/new", {"email": f"new{number}@example.com"})


def edits_person(visitor: Client, number: int) -> Act:
    vera = Cast().vera
    form = {"version": vera.version, "phone": f"+49 30 {number:06}"}
    return partial(visitor.post, f"/admin/users/{vera.id}/edit", form)


def edits_group(visitor: Client, number: int) -> Act:
    viewers = group("viewers")
    form = {"version": viewers.version, "description": f"Changed {number}"}
    return partial(visitor.post, f"/admin/groups/{viewers.id}/edit", form)


def adds_tag(visitor: Client, number: int) -> Act:
    return partial(
        visitor.post, "/admin/client-tags/new", {"name": f"Tag {number}", "colour": "grey"}
    )


def gives_group(visitor: Client, number: int) -> Act:
    form = {"email": f"new{number}@example.com", "groups": ["", group("dispatcher").id]}
    return partial(visitor.post, "/admin/users/new", form)


def gives_every_client(visitor: Client, number: int) -> Act:
    form = {
        "email": f"new{number}@example.com",
        "client_tags_mode": "only",
        "client_tags": ["", tag("Gold")],
    }
    return partial(visitor.post, "/admin/users/new", form)


PAIRS = [
    *product((demoted, blocked, stripped), (adds_person, edits_person, edits_group, adds_tag)),
    (withdrawn, gives_group),
    (widened, gives_group),
    (withdrawn, edits_group),
    (confined, gives_every_client),
]


@pytest.mark.slow
def test_nothing_happens_by_a_right_that_was_gone_before(
    app: Flask, cast: Cast, boss: Group
) -> None:
    """Events are in the order of the commits, because their chain is locked until then."""
    olivia, visitor = signed_in(app, "olivia"), signed_in(app, "max")
    put_back = Restored(cast, boss)
    for number, (taking, using) in enumerate(islice(cycle(PAIRS), ROUNDS)):
        put_back.now()
        boss = group("managers")
        before = last_event()
        acts = [taking(olivia, boss, cast.max), using(visitor, number)]
        answers = [answer.status_code for answer in at_once(acts)]
        settle()
        where = f"round {number}: {taking.__name__} while max {using.__name__}, answered {answers}"
        assert answers[0] == 303, where
        assert answers[1] in {303, 403, 422}, where
        order = happened(before, cast.max.id)
        assert order in (["olivia"], ["max", "olivia"]), f"{where}: {order}"


def named(pair: tuple[Callable[..., Act], Callable[..., Act]]) -> str:
    return f"{pair[0].__name__} and {pair[1].__name__}"


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_a_right_is_used_before_it_is_taken_away_and_not_after(
    app: Flask, cast: Cast, boss: Group, pair: tuple[Callable[..., Act], Callable[..., Act]]
) -> None:
    """Both orders of the race above; each request was made ready before either was sent."""
    taking, using = pair
    olivia, visitor = signed_in(app, "olivia"), signed_in(app, "max")
    before = last_event()
    take, use = taking(olivia, boss, cast.max), using(visitor, 1)
    used, taken = use(), take()
    settle()
    assert (used.status_code, taken.status_code) == (303, 303)
    assert happened(before, cast.max.id) == ["max", "olivia"]


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_a_request_that_comes_after_the_right_is_gone_does_nothing(
    app: Flask, cast: Cast, boss: Group, pair: tuple[Callable[..., Act], Callable[..., Act]]
) -> None:
    taking, using = pair
    olivia, visitor = signed_in(app, "olivia"), signed_in(app, "max")
    before = last_event()
    take, use = taking(olivia, boss, cast.max), using(visitor, 1)
    taken, used = take(), use()
    settle()
    assert taken.status_code == 303
    assert used.status_code == 422 or refused(used), used.text[:2000]
    assert happened(before, cast.max.id) == ["olivia"]


def refused(answer: TestResponse) -> bool:
    """Return whether it is the page without the right, or for the blocked the one to sign in."""
    signed_out = answer.status_code == 303 and "/sign-in" in str(answer.location)
    return answer.status_code == 403 or signed_out


def last_event() -> int:
    return db.session.scalar(select(func.max(Event.id))) or 0


def happened(after: int, max_id: int) -> list[str]:
    """Return who did something after the event, in order; refusals do not count."""
    done = select(Event.actor_id).where(Event.id > after, Event.result == "done").order_by(Event.id)
    return ["max" if actor_id == max_id else "olivia" for actor_id in db.session.scalars(done)]


class Restored:
    """Restores Max and the groups to their state before the first round."""

    def __init__(self, cast: Cast, boss: Group) -> None:
        self.people = PutBack(cast.max)
        self.boss = boss.id
        self.grants = [each.id for each in boss.grants]
        self.given = group("dispatcher").id

    def now(self) -> None:
        self.people.now()
        db.session.execute(
            update(User.__table__)
            .where(User.id.in_(self.people.ids))
            .values(client_tags_mode="all")
        )
        for number, codes in ((self.boss, CODES), (self.given, [])):
            db.session.execute(update(Group).where(Group.id == number).values(permissions=codes))
        there = set(
            db.session.scalars(
                select(group_grants.c.grantable_id).where(group_grants.c.group_id == self.boss)
            )
        )
        for number in set(self.grants) - there:
            db.session.execute(
                group_grants.insert().values(group_id=self.boss, grantable_id=number)
            )
        settle()

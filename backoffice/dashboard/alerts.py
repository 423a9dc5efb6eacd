"""What needs a person, counted for the home page within the actor's scope: nothing here changes anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased

from backoffice import clock
from backoffice.auth import throttle
from backoffice.dashboard import sign_ins
from backoffice.data import lists
from backoffice.extensions import db
from backoffice.models.associations import user_groups
from backoffice.models.base import Record
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.message import Message
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, scope, sees
from backoffice.settings import Settings

WATCHED: tuple[type[Record], ...] = (User, Message, SignInAttempt)
A_DAY = throttle.A_DAY
LATE = timedelta(minutes=10)  # a worker looks every minute
PEOPLE_IN_A_FILTER = 50  # as many people as a filter takes


@dataclass(frozen=True)
class Needs:
    """What there is to do.

    `counts` by kind, those above zero, as far as lists count; who is `locked` out by failures just now; the group of
    `administrators`.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    locked: list[int] = field(default_factory=list)
    administrators: int = 0


def may_see_any(actor: Actor) -> bool:
    """Whether the actor may see one of the lists that are counted."""
    return any(can(actor, f"{area_of(model)}.view") for model in WATCHED)


def needs(actor: Actor, settings: Settings) -> Needs:
    """What is to be done, as far as the actor may know."""
    group = db.session.scalar(select(Group.id).where(Group.key == ADMINISTRATORS)) or 0
    kinds = _kinds(group)
    if not sees(actor, Group):  # the number alone would tell who is in the group
        del kinds["unprotected"]
    asked = {name: _count(actor, model, condition) for name, (model, condition) in kinds.items()}
    row = db.session.execute(select(*(part.label(name) for name, part in asked.items()))).one()
    counts = {name: getattr(row, name) for name in asked if getattr(row, name)}
    return Needs(counts, _locked(actor, settings), group)


def _kinds(group: int) -> dict[str, tuple[type[Record], ColumnElement[bool]]]:
    """By the number of the group PostgreSQL knows how few administrators there are; by its name it would not."""
    administrators = User.id.in_(
        select(user_groups.c.user_id).where(user_groups.c.group_id == group)
    )
    return {
        "expiring": (User, User.derived("invitation_ends", "soon")),
        "expired": (User, User.derived("invitation", "expired")),
        "unprotected": (
            User,
            administrators & (User.status == "active") & (User.two_factor == "disabled"),
        ),
        "messages": (Message, Message.state.in_(("failed", "dead"))),
        "waiting": (Message, (Message.state == "queued") & _no_worker()),
    }


def _no_worker() -> ColumnElement[bool]:
    """Some mail waits for longer than any worker would let it."""
    waiting = aliased(Message)
    late = waiting.next_attempt_at < clock.now() - LATE
    return exists().where(waiting.state == "queued", late)


def _count(actor: Actor, model: type[Record], condition: ColumnElement[bool]) -> Any:
    some = select(model.id).where(scope(actor, model), condition).limit(lists.COUNT_CAP + 1)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _locked(actor: Actor, settings: Settings) -> list[int]:
    """People whose password or code would not be looked at now, because it was wrong too often; some at least."""
    now = clock.now()
    limits = {
        throttle.FIVE_MINUTES: settings.failures_per_5_minutes,
        throttle.AN_HOUR: settings.failures_per_hour,
        A_DAY: settings.failures_per_day,
    }
    wrong = (SignInAttempt.result.in_(sign_ins.FAILED), SignInAttempt.reason != throttle.THROTTLED)
    person = func.coalesce(
        SignInAttempt.user_id, 0
    )  # not the bare column, by whose index all years would be read
    statement = (
        select(person)
        .where(scope(actor, SignInAttempt), SignInAttempt.at > now - max(limits), *wrong)
        .group_by(person, SignInAttempt.factor)
        .having(or_(*(_failed_since(now - span) >= most for span, most in limits.items())))
        .order_by(person)
    )
    return list(
        dict.fromkeys(
            user_id
            for user_id in db.session.scalars(statement.limit(PEOPLE_IN_A_FILTER))
            if user_id
        )
    )


def _failed_since(moment: Any) -> ColumnElement[int]:
    return func.count().filter(SignInAttempt.at > moment)

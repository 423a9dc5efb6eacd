"""Count what needs somebody's attention, within the actor's scope, for the home page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, or_, select
from sqlalchemy.orm import aliased

from backoffice import clock, throttles
from backoffice.auth import throttle
from backoffice.dashboard import sign_ins
from backoffice.data import lists
from backoffice.events import checks
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.associations import is_current, user_groups
from backoffice.models.base import Record
from backoffice.models.event import Event
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.message import Message
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, scope, sees
from backoffice.settings import Settings

WATCHED: tuple[type[Record], ...] = (User, Message, SignInAttempt, AccessReviewItem)
A_DAY = throttles.A_DAY
LATE = timedelta(minutes=10)  # a worker looks every minute
PEOPLE_IN_A_FILTER = 50  # as many people as a filter takes


@dataclass(frozen=True)
class Alerts:
    """What there is to do.

    `counts` has the number of each alert that is above zero, counted as far as lists count.
    `locked` has the ids of some people who are locked out by failures at the moment.
    `administrators` is the id of that group. `review_ends_at` is when the first of the access
    reviews ends that wait for the actor.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    locked: list[int] = field(default_factory=list)
    administrators: int = 0
    review_ends_at: datetime | None = None


def may_see_any(actor: Actor) -> bool:
    """Return whether the actor may see one of the lists that are counted."""
    return any(can(actor, f"{area_of(model)}.view") for model in WATCHED)


def current(actor: Actor, settings: Settings) -> Alerts:
    """Return what there is to do, as far as the actor may know."""
    administrators = db.session.scalar(select(Group.id).where(Group.key == ADMINISTRATORS)) or 0
    counts = _counts(actor, administrators)
    check = checks.last() if sees(actor, Event) else None
    if check and check.faults:
        counts["faults"] = check.faults
    ends_at = _review_ends_at(actor) if "reviews" in counts else None
    return Alerts(counts, _locked(actor, settings), administrators, ends_at)


def _counts(actor: Actor, administrators: int) -> dict[str, int]:
    counted = _counted(administrators) | {"reviews": (AccessReviewItem, _waits_for(actor))}
    if not sees(actor, Group):  # the number alone would tell who is in the group
        del counted["unprotected"]
    # All are counted by one statement, a column each.
    columns = [
        _count(actor, model, condition).label(name) for name, (model, condition) in counted.items()
    ]
    row = db.session.execute(select(*columns)).mappings().one()
    return {name: number for name, number in row.items() if number}


def _waits_for(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for entries of access reviews that wait for the actor to decide."""
    waits = AccessReviewItem.derived("state", "waits")
    return (AccessReviewItem.reviewer_id == actor.user_id) & waits


def _review_ends_at(actor: Actor) -> datetime | None:
    waiting = select(AccessReviewItem.review_id).where(_waits_for(actor))
    first = select(func.min(AccessReview.ends_at)).where(AccessReview.id.in_(waiting))
    return db.session.scalar(first)


def _counted(administrators: int) -> dict[str, tuple[type[Record], ColumnElement[bool]]]:
    """Return the model and the condition of each alert, by its name.

    `administrators` is the id of the group: by an id, PostgreSQL can estimate how few members the
    group has; by a name it cannot.
    """
    members = select(user_groups.c.user_id).where(
        user_groups.c.group_id == administrators, is_current()
    )
    unprotected = User.id.in_(members) & (User.status == "active") & (User.two_factor == "disabled")
    return {
        "expiring": (User, User.derived("invitation_ends", "soon")),
        "expired": (User, User.derived("invitation", "expired")),
        "unprotected": (User, unprotected),
        "messages": (Message, Message.state.in_(("failed", "dead"))),
        "waiting": (Message, (Message.state == "queued") & _no_worker()),
    }


def _no_worker() -> ColumnElement[bool]:
    """Return the condition that some mail waits longer than any running worker would let it."""
    waiting = aliased(Message)
    late = waiting.next_attempt_at < clock.now() - LATE
    return exists().where(waiting.state == "queued", late)


def _count(actor: Actor, model: type[Record], condition: ColumnElement[bool]) -> ScalarSelect[int]:
    """Return a subquery that counts the rows, up to one more than lists count."""
    some = select(model.id).where(scope(actor, model), condition).limit(lists.COUNT_CAP + 1)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _locked(actor: Actor, settings: Settings) -> list[int]:
    """Return the ids of people whose password or code would not be checked now.

    It was wrong too often. These are only some of them if there are many.
    """
    # Grouping by the bare column would make the database read its index, over all years.
    person = func.coalesce(SignInAttempt.user_id, 0)
    now = clock.now()
    statement = (
        select(person)
        .where(
            scope(actor, SignInAttempt),
            SignInAttempt.at > now - A_DAY,
            SignInAttempt.result.in_(sign_ins.FAILED),
            SignInAttempt.reason != throttle.THROTTLED,
        )
        .group_by(person, SignInAttempt.factor)
        .having(_failed_too_often(now, settings))
        .order_by(person)
        .limit(PEOPLE_IN_A_FILTER)
    )
    # Somebody may be locked by two factors; 0 stands for attempts of nobody.
    ids = dict.fromkeys(db.session.scalars(statement))
    return [user_id for user_id in ids if user_id]


def _failed_too_often(now: datetime, settings: Settings) -> ColumnElement[bool]:
    """Return the condition that a group of failures reaches one of the throttle's limits."""
    limits = throttles.ATTEMPTS_OF_ACCOUNT.limits(settings)
    return or_(*(_failures_since(now - span) >= most for span, most in limits.items()))


def _failures_since(moment: datetime) -> ColumnElement[int]:
    return func.count().filter(SignInAttempt.at > moment)

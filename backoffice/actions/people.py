"""The rules and side effects that several actions on people share."""

from collections.abc import Callable

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from backoffice import throttles
from backoffice.actions.engine.context import ActionContext
from backoffice.actions.engine.rules import Effect, Rule
from backoffice.auth import sessions, tokens
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.people import forecast
from backoffice.people.users import OUTRANKS
from backoffice.policy import grants
from backoffice.settings import configured
from backoffice.transactions import is_writing


def grantable(context: ActionContext) -> frozenset[int]:
    """Return the ids of the groups that the actor can assign."""
    return context.once(_read_grantable)


def _read_grantable(context: ActionContext) -> frozenset[int]:
    return grants.grantable_group_ids(db.session(), context.actor, locked=is_writing())


def has_status(*statuses: str) -> Callable[[ActionContext], ColumnElement[bool]]:
    """Return a condition for rules: the person has one of these statuses."""
    return lambda _context: User.status.in_(statuses)


def has_not_status(status: str) -> Callable[[ActionContext], ColumnElement[bool]]:
    """Return a condition for rules: the person has another status than this one."""
    return lambda _context: User.status != status


def _is_oneself(context: ActionContext) -> ColumnElement[bool]:
    if not context.actor.user_id:
        return false()
    return User.id == context.actor.user_id


def _is_last_administrator(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for the administrator who has to stay.

    If all administrators who can sign in are selected, it is the one with the lowest id. An actor
    who is one of them counts as not selected, because ONESELF refuses them.
    """
    other = aliased(User)
    first = aliased(User)
    is_spared = or_(other.id.not_in(context.selected), other.id == (context.actor.user_id or 0))
    others_stay = select(other.id).where(grants.administers(other), is_spared).exists()
    lowest_id = select(func.min(first.id)).where(grants.administers(first)).scalar_subquery()
    return and_(grants.administers(), ~others_stay, User.id == lowest_id)


def _was_mailed_often(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for people whom others have mailed too many links lately.

    All links and all senders count together. Mails that people ask for themselves do not count:
    the worker completes them, and they have limits of their own.
    """
    number = (
        select(func.count(Message.id))
        .where(
            Message.user_id == User.id,
            Message.token_id.is_not(None),
            Message.purpose.not_in(outbox.prepared_purposes()),
        )
        .correlate(User)
    )
    too_many = [
        number.where(Message.created_at > context.now - window).scalar_subquery() >= most
        for window, most in throttles.LINKS_FROM_OTHERS.limits(configured()).items()
    ]
    return or_(*too_many)


def foretold(context: ActionContext, change: forecast.Change) -> list[str]:
    """Return who of the administrators could sign in after a change, if it is about one of them."""
    return forecast.sentences(context.actor, change) if forecast.touches(change) else []


ONESELF = Rule("oneself", _l("You cannot do this to your own account."), _is_oneself)
OUTRANKED = Rule(
    "outranked",
    OUTRANKS,
    lambda context: grants.outranks(context.actor, grantable(context)),
)
LAST_ADMINISTRATOR = Rule(
    "last_administrator",
    _l("{label} is the last administrator who can sign in."),
    _is_last_administrator,
)

BY_LOGIN = Rule(
    "login_method",
    _l("{label} signs in by login and has no e-mail."),
    lambda _context: User.login_method == "login",
)
NOT_ACTIVE = Rule("not_active", _l("{label} is not active."), has_not_status("active"))

MAILED_OFTEN = Rule("mailed_often", throttles.LINKS_FROM_OTHERS.refusal, _was_mailed_often)

ENDS_SESSIONS = Effect("Ends {n} session.", "Ends {n} sessions.", sessions.count_live)
SENDS_NOTICES = Effect(
    "Tells {n} person by e-mail.", "Tells {n} people by e-mail.", outbox.count_reached
)
VOIDS_LINKS = Effect("Voids {n} link.", "Voids {n} links.", tokens.count_open)

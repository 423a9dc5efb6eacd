"""The rules about people that several actions share, and what happens besides."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from backoffice.actions.engine.action import ActionContext, Effect, Rule
from backoffice.auth import sessions, tokens
from backoffice.extensions import configured
from backoffice.mail import outbox
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.policy import grants

TEN_MINUTES, A_DAY = timedelta(minutes=10), timedelta(days=1)


def _is_oneself(context: ActionContext) -> ColumnElement[bool]:
    return User.id == context.actor.user_id if context.actor.user_id else false()


def _is_last_administrator(context: ActionContext) -> ColumnElement[bool]:
    """Of all administrators who can sign in, if every one was selected, the first is refused.

    The actor survives the run, because nobody acts on oneself.
    """
    other, first = aliased(User), aliased(User)
    spared = or_(other.id.not_in(context.selected), other.id == (context.actor.user_id or 0))
    survives = select(other.id).where(grants.administers(other), spared).exists()
    lowest = select(func.min(first.id)).where(grants.administers(first)).scalar_subquery()
    return and_(grants.administers(), ~survives, User.id == lowest)


def _was_mailed_often(context: ActionContext) -> ColumnElement[bool]:
    """Nobody's mailbox is filled by others, however many of them there are and whichever link they send.

    What people ask for themselves is completed by the worker, and has limits of its own.
    """
    settings = configured()
    limits = ((TEN_MINUTES, settings.links_per_10_minutes), (A_DAY, settings.links_per_day))
    by_others = (Message.token_id.is_not(None), Message.purpose.not_in(outbox.prepared_purposes()))
    mailed = (
        select(func.count(Message.id)).where(Message.user_id == User.id, *by_others).correlate(User)
    )
    lately = (
        mailed.where(Message.created_at > context.now - window).scalar_subquery() >= most
        for window, most in limits
    )
    return or_(*lately)


ONESELF = Rule("oneself", "You cannot do this to your own account.", _is_oneself)
OUTRANKED = Rule(
    "outranked",
    "{label} is in a group that you may not give.",
    lambda context: grants.outranks(context.actor, context.grantable),
)
LAST_ADMINISTRATOR = Rule(
    "last_administrator",
    "{label} is the last administrator who can sign in.",
    _is_last_administrator,
)

BY_LOGIN = Rule(
    "login_method",
    "{label} signs in by login and has no e-mail.",
    lambda _context: User.login_method == "login",
)
NOT_ACTIVE = Rule("not_active", "{label} is not active.", lambda _context: User.status != "active")

MAILED_OFTEN = Rule(
    "mailed_often",
    "{label} was mailed several links lately. Wait a while before you send another.",
    _was_mailed_often,
)

ENDS_SESSIONS = Effect("Ends {n} session.", "Ends {n} sessions.", sessions.count_live)
TELLS = Effect("Tells {n} person by e-mail.", "Tells {n} people by e-mail.", outbox.count_reached)
VOIDS_LINKS = Effect("Voids {n} link.", "Voids {n} links.", tokens.count_open)

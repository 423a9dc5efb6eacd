"""In which state the invitations of users are, in SQL; `User` offers it as derived choices."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, text

from backoffice.models.base import moment
from backoffice.models.token import Token

STATES = ("pending", "expired", "accepted", "revoked", "none")
ENDS = ("soon", "later", "over", "none")
SOON = timedelta(hours=2)
# Users who never accepted an invitation and have none open: they are few, and have their own index.
NEVER_INVITED = (
    "users.status <> 'invited' AND (users.login_method <> 'email' OR users.password_hash IS NULL)"
)


def is_in(users: Any, state: str) -> ColumnElement[bool]:
    """SQL: whether the invitation is in this state, one of STATES; `users` is the model User."""
    is_invited = users.status == "invited"
    has_no_password = users.password_hash.is_(None)
    is_withdrawn = users.status.in_(("blocked", "revoked"))
    match state:
        case "pending":
            return and_(is_invited, _works_after(users, moment()))
        case "expired":
            return and_(is_invited, ~_works_after(users, moment()))
        case "revoked":
            return and_(text(NEVER_INVITED), is_withdrawn, has_no_password)
        case "accepted":
            by_email = users.login_method == "email"
            return and_(users.status != "invited", by_email, ~has_no_password)
    return and_(text(NEVER_INVITED), ~and_(is_withdrawn, has_no_password))


def ends(users: Any, when: str) -> ColumnElement[bool]:
    """SQL: whether the open invitation ends then, one of ENDS; `users` is the model User."""
    is_invited: ColumnElement[bool] = users.status == "invited"
    match when:
        case "soon":
            works_now = _works_after(users, moment(), until=moment(SOON))
            return and_(is_invited, works_now, ~_works_after(users, moment(SOON)))
        case "later":
            return and_(is_invited, _works_after(users, moment(SOON)))
        case "over":
            return and_(is_invited, ~_works_after(users, moment()))
    return ~is_invited


def _works_after(
    users: Any, when: ColumnElement[datetime], until: ColumnElement[datetime] | None = None
) -> ColumnElement[bool]:
    """SQL: whether an open invitation works after `when`, but not after `until`."""
    invitation = exists().where(
        Token.user_id == users.id,
        Token.purpose == "invitation",
        Token.open(),
        Token.expires_at > when,
    )
    if until is not None:
        invitation = invitation.where(Token.expires_at <= until)
    return invitation.correlate(users)

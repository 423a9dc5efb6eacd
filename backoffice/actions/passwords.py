"""Actions that reset people's passwords: by a mailed link, or by a temporary password."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, select

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.people import (
    BY_LOGIN,
    ENDS_SESSIONS,
    NOT_ACTIVE,
    ONESELF,
    OUTRANKED,
    has_not_status,
)
from backoffice.actions.users import ExclusiveUserAction, UserAction
from backoffice.auth import links, passwords, revocation
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.settings import configured
from backoffice.text import N_


def _keeps_own_password(_context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for people who may not get a temporary password.

    Administrators must not learn the password of somebody who can be sent a link, unless
    the settings allow it.
    """
    if configured().temporary_passwords_for_all:
        return false()
    return User.login_method == "email"


class ResetPassword(UserAction):
    name = "reset_password"
    label = _l("Reset password")
    title = Counted(
        "Send {n} person a link to set a password", "Send {n} people a link to set a password"
    )
    event = _l("{actor} sent {subject} a link to set a password")
    done = _l("sent a link")
    result = Counted("{n} person sent a link.", "{n} people sent a link.")
    mails_link = True
    rules = (ONESELF, OUTRANKED, BY_LOGIN, NOT_ACTIVE)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        links.send(links.PASSWORD, rows, configured())


class TemporaryPassword(ExclusiveUserAction):
    """Give one person a temporary password and show it to the actor once."""

    name = "temporary_password"
    permission = "users.reset_password"
    label = _l("Temporary password")
    title = Counted("Give {n} person a temporary password", "Give {n} people a temporary password")
    event = _l("{actor} gave {subject} a temporary password")
    done = _l("given a temporary password")
    result = Counted(
        "{n} person given a temporary password.", "{n} people given a temporary password."
    )
    danger = True
    sensitive = True
    most_rows = 1
    watches = ("password_state",)
    rules = (
        *ExclusiveUserAction.rules,
        Rule(
            "own_password",
            _l("{label} signs in by e-mail: send a link instead."),
            _keeps_own_password,
        ),
        Rule("no_access", _l("{label} has no access."), has_not_status("active")),
    )
    effects = (ENDS_SESSIONS,)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        users = select(User).where(User.id.in_(rows))
        for user in db.session.scalars(users.execution_options(populate_existing=True)):
            password = passwords.temporary()
            passwords.store(user, password, configured(), temporary=True)
            context.show_once(password)
        db.session.flush()
        revocation.void(rows, change="password", reason=N_("temporary password"))

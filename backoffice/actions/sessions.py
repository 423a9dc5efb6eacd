"""The action on people's sessions: end one."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.people import grantable
from backoffice.models.session import Session
from backoffice.policy import grants
from backoffice.text import N_


def _is_current(context: ActionContext) -> ColumnElement[bool]:
    return Session.id == (context.actor.session_id or 0)  # no session has the id 0


def _is_outranked(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for sessions of people in groups that the actor cannot assign.

    Actors may always end their own other sessions.
    """
    return and_(
        Session.user_id != context.actor.user_id,
        grants.outranks(context.actor, grantable(context), Session.user_id),
    )


class EndSession(Action):
    model = Session
    name = "end"
    permission = "users.end_sessions"
    label = _l("End")
    title = Counted("End {n} session", "End {n} sessions")
    event = _l("{actor} ended {subject}")
    done = _l("ended")
    result = Counted("{n} session ended.", "{n} sessions ended.")
    watches = ("ended_at", "ended_reason")
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule("current", _l("{label} is the one you are using: sign out instead."), _is_current),
        Rule(
            "outranked",
            _l("{label} is of somebody in a group that you cannot assign."),
            _is_outranked,
        ),
    )
    irreversible: ClassVar[tuple[str, ...]] = (
        _l("Ended sessions stay ended: people sign in again."),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return ~Session.live(context.now)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, ended_at=context.now, ended_reason=N_("by an administrator"))

"""The action on messages: try again to send those that did not go out."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, exists, or_

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.mail import outbox
from backoffice.models import mails
from backoffice.models.client_token import ClientToken
from backoffice.models.mails import Secret
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.settings import configured

WITH_SECRET = tuple(each.name for each in mails.every() if each.secret)
WITH_CODE = tuple(each.name for each in mails.every() if each.secret is Secret.CODE)


def _is_waiting(_context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for messages that are not sent and not being sent right now."""
    return Message.state.in_(("queued", "failed", "dead"))


def _is_emptied(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for messages whose content is deleted and cannot be made again."""
    secret = or_(Message.token_id.is_not(None), Message.purpose.in_(WITH_SECRET))
    unprepared = Message.purpose.not_in(outbox.prepared_purposes())
    return and_(_is_waiting(context), Message.sealed.is_(None), secret, unprepared)


def _is_code(context: ActionContext) -> ColumnElement[bool]:
    return and_(_is_waiting(context), Message.purpose.in_(WITH_CODE))


def _has_dead_link(context: ActionContext) -> ColumnElement[bool]:
    token = exists().where(Token.id == Message.token_id, Token.live())
    of_client = exists().where(ClientToken.id == Message.client_token_id, ClientToken.live())
    is_dead = or_(
        and_(Message.token_id.is_not(None), ~token.correlate(Message)),
        and_(Message.client_token_id.is_not(None), ~of_client.correlate(Message)),
    )
    return and_(_is_waiting(context), Message.sealed.is_not(None), is_dead)


def _is_late(context: ActionContext) -> ColumnElement[bool]:
    return and_(_is_waiting(context), outbox.too_late(configured()))


class TryAgain(Action):
    """Start the whole series of tries again, because the cause of the failure may be gone."""

    model = Message
    name = "retry"
    label = _l("Try again")
    title = Counted("Try to send {n} message again", "Try to send {n} messages again")
    event = _l("{actor} had {subject} sent again")
    done = _l("handed over for sending")
    result = Counted(
        "{n} message handed over for sending.", "{n} messages handed over for sending."
    )
    meaning = _l("Have messages sent again that did not go out")
    watches = ("state", "attempts", "last_error")
    rules = (
        Rule(
            "sending",
            _l("{label} is being sent right now."),
            lambda _context: Message.state == "sending",
        ),
        Rule(
            "code",
            _l("{label} holds a sign-in code, which is no use later: sign in again for a new one."),
            _is_code,
        ),
        Rule(
            "link",
            _l("The link in {label} works no more: send a new one from the person's page."),
            _has_dead_link,
        ),
        Rule(
            "late",
            _l("{label} was asked for too long ago: whoever still needs it asks again."),
            _is_late,
        ),
        Rule(
            "emptied",
            _l("What {label} said is no longer kept: send a new one from the person's page."),
            _is_emptied,
        ),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        due = and_(
            Message.state == "queued",
            Message.attempts == 0,
            Message.next_attempt_at <= context.now,
        )
        return or_(Message.state == "sent", due)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(
            rows,
            state="queued",
            attempts=0,
            next_attempt_at=context.now,
            held_until=None,
            last_error="",
        )
        outbox.wake()

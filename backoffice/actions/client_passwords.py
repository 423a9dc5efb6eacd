"""Actions on clients' passwords: a temporary one, or a mailed link to choose one."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, or_, select, true

from backoffice import throttles
from backoffice.actions.clients import NO_PERSON, NOT_ACTIVE, VOIDS_TOKENS, ClientAction
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.engine.secret import Secret
from backoffice.auth import passwords as hashing
from backoffice.clients import passwords, tokens
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.settings import configured


def _has_no_page(_context: ActionContext) -> ColumnElement[bool]:
    return false() if configured().portal else true()


def _was_mailed_often(context: ActionContext) -> ColumnElement[bool]:
    too_many = [
        tokens.number_sent_since(context.now - window) >= most
        for window, most in throttles.LINKS_FROM_OTHERS.limits(configured()).items()
    ]
    return or_(*too_many)


def _require_strong(password: str) -> None:
    settings = configured()
    hashing.check_text(password, settings.password_min_length, (), settings)


class SetTemporaryPassword(ClientAction):
    """Give one client a temporary password and show it to the actor once."""

    name = "temporary_password"
    permission = "clients.set_password"
    meaning = _l("Set temporary passwords of clients, and mail them links to choose one")
    label = _l("Set temporary password")
    title = Counted("Give {n} client a temporary password", "Give {n} clients a temporary password")
    event = _l("{actor} gave {subject} a temporary password")
    done = _l("given a temporary password")
    result = Counted(
        "{n} client given a temporary password.", "{n} clients given a temporary password."
    )
    danger = True
    sensitive = True
    most_rows = 1
    parameters: ClassVar = {
        "password": Secret(
            test=_require_strong,
            label=_l("Temporary password"),
            description=_l("Empty: one is made. Either is shown once, after this."),
            kept=_l("The one that you typed is kept. To change it, type another."),
            required=False,
        )
    }
    watches = ("password_state",)
    rules = (NOT_ACTIVE, NO_PERSON)
    effects = (VOIDS_TOKENS,)
    irreversible = (_l("The password before and the sessions of the client do not come back."),)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        settings = configured()
        for client in db.session.scalars(select(Client).where(Client.id.in_(rows))).all():
            password = context.parameters["password"] or hashing.temporary()
            passwords.check_temporary(context.actor, client, password, settings)
            passwords.store_temporary(client, hashing.hashed(password, settings), settings)
            context.show_once(password)


class SendPasswordLink(ClientAction):
    name = "send_password_link"
    permission = "clients.set_password"
    label = _l("Send password link")
    title = Counted(
        "Send {n} client a link to choose a password",
        "Send {n} clients a link to choose a password",
    )
    event = _l("{actor} sent {subject} a link to choose a password")
    done = _l("sent a link")
    result = Counted("{n} client sent a link.", "{n} clients sent a link.")
    rules = (
        Rule(
            "no_page",
            _l("Nothing says where the link leads: set CLIENT_PORTAL_URL first."),
            _has_no_page,
        ),
        NOT_ACTIVE,
        NO_PERSON,
        Rule(
            "no_email",
            _l("{label} has no e-mail address."),
            lambda _context: Client.email.is_(None),
        ),
        Rule("mailed_often", throttles.LINKS_FROM_OTHERS.refusal, _was_mailed_often),
    )
    irreversible = (_l("A mail that left cannot be called back."),)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        passwords.send_links(rows, configured())

"""Actions on clients: deactivate, activate, delete."""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func

from backoffice.actions.engine.action import Action
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Effect, Rule
from backoffice.clients import contacts, erasure, kyc, tokens, wallets
from backoffice.models import client_groups
from backoffice.models.client import Client

CONTACT = Rule(
    "contact",
    _l("You are a contact of {label}: somebody else changes it."),
    lambda context: contacts.is_contact(context.actor),
)
VOIDS_TOKENS = Effect("Voids {n} token.", "Voids {n} tokens.", tokens.count_live)
ENDS_CASES = Effect("{n} pending KYC case ends.", "{n} pending KYC cases end.", kyc.count_pending)
LEAVES_MONEY = Effect(
    "{n} active wallet, still with money, stays.",
    "{n} active wallets, still with money, stay.",
    wallets.count_with_money,
)
NOT_ACTIVE = Rule(
    "not_active", _l("{label} is not active."), lambda _context: Client.status != "active"
)
NO_PERSON = Rule(
    "no_person",
    _l("{label} is a program: it signs in with tokens."),
    lambda _context: Client.client_group == client_groups.API,
)


class ClientAction(Action):
    """An action on clients, of whom the actor sees those within their own limits alone.

    It refuses clients whom the actor is a contact of.
    """

    model = Client

    def __init_subclass__(cls, **kwargs: object) -> None:
        if CONTACT not in cls.rules:
            cls.rules = (CONTACT, *cls.rules)
        super().__init_subclass__(**kwargs)


class Deactivate(ClientAction):
    name = "deactivate"
    meaning = _l("Deactivate and activate clients")
    danger = True
    label = _l("Deactivate")
    title = Counted("Deactivate {n} client", "Deactivate {n} clients")
    event = _l("{actor} deactivated {subject}")
    done = _l("deactivated")
    result = Counted("{n} client deactivated.", "{n} clients deactivated.")
    reason_required = True
    watches = ("status",)
    effects = (VOIDS_TOKENS,)
    inverse = "activate"
    irreversible = (_l("Sessions and tokens of clients stay ended."),)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Client.status == "blocked"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, status="blocked", sessions_valid_from=context.now)
        tokens.end(None, rows, "revoked")


class Activate(ClientAction):
    name = "activate"
    permission = "clients.deactivate"
    label = _l("Activate")
    title = Counted("Activate {n} client", "Activate {n} clients")
    event = _l("{actor} activated {subject}")
    done = _l("active")
    result = Counted("{n} client activated.", "{n} clients activated.")
    watches = ("status",)
    inverse = "deactivate"

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return Client.status == "active"

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, status="active")


class DeleteClients(ClientAction):
    """Erase what is known of clients; their numbers, wallets and events stay."""

    name = "delete"
    label = _l("Delete")
    title = Counted("Delete {n} client", "Delete {n} clients")
    event = _l("{actor} deleted {subject}")
    done = _l("deleted")
    result = Counted("{n} client deleted.", "{n} clients deleted.")
    danger = True
    reason_required = True
    typed_confirmation = True
    sensitive = True
    watches = ("status",)
    locks = (kyc.LOCK,)
    effects = (VOIDS_TOKENS, ENDS_CASES, LEAVES_MONEY)
    irreversible: ClassVar[tuple[str, ...]] = (
        _l("Personal data is erased for good; number, wallets and events stay."),
    )

    def apply(self, context: ActionContext, rows: Ids) -> None:
        erasure.forget(rows)
        kyc.close(actor=context.actor, clients=rows, at=context.now)
        kyc_state = func.coalesce(kyc.latest_state(), Client.kyc_state)
        self.update(
            rows,
            status="deleted",
            kyc_state=kyc_state,
            sessions_valid_from=context.now,
            **erasure.emptied(),
        )
        erasure.remake_search(rows)

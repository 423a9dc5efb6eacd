"""Which clients a user sees: those that every one of the user's limits lets through.

What belongs to a client is seen by those who see the client. A limit by tags or countries is about
clients alone; whoever has none also sees what belongs to deleted clients.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    true,
)

from backoffice.models.associations import client_client_tags
from backoffice.models.client import Client
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.kyc_case import KycCase
from backoffice.models.message import Message
from backoffice.models.wallet import Wallet, WalletMember
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scoped


def is_limited(actor: Actor) -> bool:
    """Return whether there may be clients whom the actor does not see."""
    return bool(list(limits(actor)))


def limits(actor: Actor) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions that limit which clients the actor sees, in SQL."""
    if actor.client_tags_mode != "all":
        yield _by_tags(actor)
    if actor.countries_mode != "all":
        yield _by_country(actor)


def _by_tags(actor: Actor) -> ColumnElement[bool]:
    tagged = exists().where(
        client_client_tags.c.client_id == Client.id,
        client_client_tags.c.client_tag_id.in_(sorted(actor.client_tag_ids)),
    )
    return tagged if actor.client_tags_mode == "only" else ~tagged


def _by_country(actor: Actor) -> ColumnElement[bool]:
    """SQL: whether the country lets the client through; none does only where some are left out."""
    codes = sorted(actor.countries)
    if actor.countries_mode == "only":
        return Client.country.in_(codes)
    return or_(Client.country.is_(None), Client.country.not_in(codes))


@scoped(Client, hides_names=is_limited)
def clients(actor: Actor) -> ColumnElement[bool]:
    """Show the clients whom all limits let through, and no deleted ones."""
    return and_(Client.status != "deleted", *limits(actor))


@scoped(Wallet, hides_names=is_limited)
def wallets(actor: Actor) -> ColumnElement[bool]:
    return _of_seen_clients(actor, Wallet.client_id)


@scoped(WalletMember, hides_names=is_limited)
def wallet_members(actor: Actor) -> ColumnElement[bool]:
    """Show those who are seen themselves, in the wallets that are seen."""
    wallet = exists().where(Wallet.id == WalletMember.wallet_id, wallets(actor))
    return and_(_of_seen_clients(actor, WalletMember.client_id), wallet)


@scoped(KycCase, hides_names=is_limited)
def kyc_cases(actor: Actor) -> ColumnElement[bool]:
    return _of_seen_clients(actor, KycCase.client_id)


@scoped(ClientSignIn, hides_names=is_limited)
def client_sign_ins(actor: Actor) -> ColumnElement[bool]:
    return _of_seen_clients(actor, ClientSignIn.client_id)


@scoped(ClientToken, hides_names=is_limited)
def client_tokens(actor: Actor) -> ColumnElement[bool]:
    return _of_seen_clients(actor, ClientToken.client_id)


@scoped(Message, hides_names=is_limited)
def messages(actor: Actor) -> ColumnElement[bool]:
    """Show mails to people, and those to clients who are seen."""
    return or_(Message.client_id.is_(None), _of_seen_clients(actor, Message.client_id))


@scoped(Company, hides_names=is_limited)
def companies(actor: Actor) -> ColumnElement[bool]:
    """Show the companies of clients who are seen, and those that have no clients."""
    if not is_limited(actor):
        return true()
    # An aggregate is asked for each company of a page; of EXISTS beside OR all clients are read.
    is_seen = func.max(case((clients(actor), 1), else_=0))
    any_is_seen = select(is_seen).where(Client.company_id == Company.id).scalar_subquery()
    return func.coalesce(any_is_seen, 1) == 1


def _of_seen_clients(actor: Actor, client_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """SQL: whether the client with this id is one whom the actor sees."""
    if not is_limited(actor):
        return true()
    return exists().where(Client.id == client_id, clients(actor))

"""Collect what the page of a client shows beside the client's own columns."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.kyc_case import KycCase
from backoffice.models.wallet import Wallet
from backoffice.policy.actor import Actor
from backoffice.policy.rules import scope

ENTRIES_SHOWN = 50


def company(actor: Actor, client: Client) -> Company | None:
    """Return the client's company, if there is one that the actor sees."""
    statement = select(Company).where(scope(actor, Company), Company.id == client.company_id)
    return db.session.scalar(statement)


def wallets(actor: Actor, client: Client) -> Sequence[Wallet]:
    """Return the client's own wallets, the oldest first."""
    statement = select(Wallet).where(scope(actor, Wallet), Wallet.client_id == client.id)
    return db.session.scalars(statement.order_by(Wallet.id).limit(ENTRIES_SHOWN)).all()


def kyc_cases(actor: Actor, client: Client) -> Sequence[KycCase]:
    """Return the client's latest KYC cases, the latest first."""
    statement = select(KycCase).options(joinedload(KycCase.decided_by))
    statement = statement.where(scope(actor, KycCase), KycCase.client_id == client.id)
    return db.session.scalars(statement.order_by(KycCase.id.desc()).limit(ENTRIES_SHOWN)).all()


def api_tokens(actor: Actor, client: Client) -> Sequence[ClientToken]:
    """Return the latest tokens of programs that sign in as the client."""
    statement = select(ClientToken).where(
        scope(actor, ClientToken),
        ClientToken.client_id == client.id,
        ClientToken.purpose == "api",
    )
    return db.session.scalars(statement.order_by(ClientToken.id.desc()).limit(ENTRIES_SHOWN)).all()

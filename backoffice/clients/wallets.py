"""Check what is written about wallets, and count those that hold something."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from backoffice.data import records
from backoffice.errors import RuleBroken
from backoffice.models.wallet import Wallet
from backoffice.policy.actor import Actor


@records.checked(Wallet)
def check(actor: Actor, wallet: Wallet | None, values: dict[str, Any]) -> None:
    """Leave it to the company's own product to close a wallet, and to open it again."""
    before = wallet.status if wallet else "active"
    after = values.get("status", before)
    if actor.user_id and before != after and "closed" in (before, after):
        sentence = _("Only your own product closes wallets, and opens them again.")
        raise RuleBroken(sentence, field="status")


def count_with_money(clients: Select[int]) -> Select[int]:
    """Count the active wallets of the clients that have a balance."""
    has_money = (Wallet.status == "active", Wallet.balance > 0)
    return select(func.count(Wallet.id)).where(Wallet.client_id.in_(clients), *has_money)

"""Who sees which customers: nobody sees the secret ones."""

from sqlalchemy import ColumnElement
from trade.models.customer import Customer

from backoffice.policy.actor import Actor
from backoffice.policy.rules import scoped


@scoped(Customer)
def customers(_actor: Actor) -> ColumnElement[bool]:
    return Customer.name1 != "Secret"

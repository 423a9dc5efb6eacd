"""What is done to rows of existing tables."""

from typing import ClassVar

from trade.models.customer import Customer, Order, Position

from backoffice.actions.engine import Choose, Number, SetAction


class Shut(SetAction):
    model, label = Customer, "Shut"
    sets: ClassVar = {Customer.status: "shut"}


class Give(SetAction):
    model, label = Order, "Give to customer"
    sets: ClassVar = {Order.customer: Choose(Customer, required=False)}


class SetAmount(SetAction):
    model, label = Position, "Set amount"
    sets: ClassVar = {Position.amount: Number(least=0, places=2)}

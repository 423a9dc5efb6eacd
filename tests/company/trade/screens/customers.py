"""The screens of existing tables."""

from trade.models.customer import Customer, Load, Order, Position, Staff, Tally, Visit

from views.screen import Rows, Screen


class Customers(Screen):
    model = Customer
    form_columns = ("kdnr", "name1", "status", "data_", "since", "total", "class_", "keeper")
    bulk_fields = ("status", "since")
    tabs = (Rows("orders"), Rows("visits"))


class Orders(Screen):
    model = Order
    form_columns = ("orderno", "customer", "placed", "errors_")
    tabs = (Rows("positions"),)


class Positions(Screen):
    model = Position
    form_columns = ("order", "pos", "item", "amount")


class Visits(Screen):
    model = Visit
    form_columns = ("note", "day", "customer")


class Loads(Screen):
    model = Load


class Tallies(Screen):
    model = Tally


class Staffs(Screen):
    model = Staff
    form_columns = ("name",)

"""Warehouses, their tags and their pallets; what was there before, and a query."""

from acme.models.existing import Customer, Load, Stock
from acme.models.warehouse import Pallet, Tag, Warehouse
from views.screen import Rows, Screen


# feature: plain
class Tags(Screen):
    model = Tag
    form_columns = ("name",)


class Warehouses(Screen):
    model = Warehouse
    column_default_sort = "name"
    column_list = ("name", "code", "country", "opened_on", "capacity", "is_active", "manager")
    form_columns = (*column_list, "rent", "tags", "note", "email", "website", "facts")
    # feature: files
    form_columns += ("picture", "contract")
    # feature: saved-view
    views = {"Large": "capacity.from=100&sort=-capacity"}
    # feature: bulk-edit
    bulk_fields = ("country", "capacity", "is_active")
    # feature: related
    tabs = (Rows("pallets"),)


class Pallets(Screen):
    model = Pallet
    form_columns = ("warehouse", "weight", "status", "note")
    # feature: bulk-edit
    bulk_fields = ("warehouse", "weight", "status")


# feature: text-key
class Customers(Screen):
    model = Customer
    form_columns = ("kdnr", "name", "ort")


# feature: two-keys
class Stocks(Screen):
    model = Stock
    form_columns = ("site", "item", "pieces")


# feature: sql-view
class Loads(Screen):
    model = Load

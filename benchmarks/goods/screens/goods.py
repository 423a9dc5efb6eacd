"""The lists of both tables, with the same columns."""

from benchmarks.goods.models.goods import Good, Item
from views.screen import Screen

COLUMNS = ("code", "name", "status", "amount")


class Goods(Screen):
    model = Good
    column_list = COLUMNS
    column_default_sort = "id"
    form_columns = COLUMNS


class Items(Screen):
    model = Item
    column_list = COLUMNS
    form_columns = COLUMNS

"""The screens of tables with odd values."""

from odd.models.oddity import ByAmount, ByCode, ByTime, Doubled, Oddity, Twice

from backoffice.models import fields
from views.screen import Screen


class Oddities(Screen):
    model = Oddity
    column_list = fields.visible(Oddity)
    form_columns = tuple(name for name in fields.visible(Oddity) if name != "id")
    bulk_fields = ("words", "day", "exact", "real")


class ByTimes(Screen):
    model = ByTime
    form_columns = ("at", "name")
    bulk_fields = ("name",)


class ByAmounts(Screen):
    model = ByAmount
    form_columns = ("amount", "name")
    bulk_fields = ("name",)


class ByCodes(Screen):
    model = ByCode
    form_columns = ("code", "name")
    bulk_fields = ("name",)


class Twices(Screen):
    model = Twice
    form_columns = ("no", "place", "name")
    bulk_fields = ("name",)


class Doubles(Screen):
    model = Doubled

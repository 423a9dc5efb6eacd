"""The screen of drivers."""

from acme.models.driver import Driver

from views.screen import Screen


class Drivers(Screen):
    model = Driver
    form_columns = ("name", "phone", "licence", "truck", "depot")
    bulk_fields = ("licence", "truck")

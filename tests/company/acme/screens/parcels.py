"""Parcels, and keepsakes of people."""

from acme.models.parcel import Keepsake, Parcel

from views.screen import Screen


class Parcels(Screen):
    model = Parcel
    column_list = ("id", "name", "photo", "views", "slip", "papers")
    form_columns = ("name", "weight", "photo", "views", "slip", "papers")
    bulk_fields = ("weight", "photo", "papers")


class Keepsakes(Screen):
    model = Keepsake
    form_columns = ("name", "picture")

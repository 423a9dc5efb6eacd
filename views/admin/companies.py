"""The screen of companies, which clients belong to."""

from collections.abc import Iterator
from typing import ClassVar

from flask_babel import lazy_gettext as _l

from backoffice.models.company import Company
from backoffice.policy.actor import Actor
from views.admin.limited_lists import OfClients
from views.screen import Screen
from views.screen.related_lists import Rows


class Companies(OfClients, Screen):
    model = Company
    category = _l("Clients")
    menu_icon_value = "building"
    menu_order = 20
    column_list = (
        "id",
        "business_name",
        "legal_name",
        "country_of_incorporation",
        "business_type",
        "registration_number",
        "employees_number",
        "created_at",
    )
    column_filters = ("business_name", "country_of_incorporation", "employees_number", "created_at")
    column_default_sort = "business_name"
    form_sections: ClassVar = {
        _l("Company"): (
            "business_name",
            ("business_type", "business_site"),
            "description",
            ("employees_number", "operations_area"),
        ),
        _l("Legal entity"): (
            "legal_name",
            ("country_of_incorporation", "registration_number"),
            "address",
        ),
        _l("Contact"): ("other_contact_info", "communication_language"),
    }
    tabs = (Rows("clients"),)

    def masked(self, _actor: Actor) -> Iterator[str]:
        """Yield nothing: what companies say of themselves has no masks."""
        return iter(())

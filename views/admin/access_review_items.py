"""The screen of reviewers: is what each person may do still right?"""

from typing import ClassVar

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models.access_review_item import AccessReviewItem
from views.screen import Screen, cells


class AccessReviewItems(Screen):
    model = AccessReviewItem
    name = _l("Access to review")
    category = _l("People")
    menu_icon_value = "inbox"
    menu_order = 27
    column_list = (
        "id",
        "user",
        "access",
        "group",
        "permission",
        "last_login_at",
        "last_used_at",
        "state",
        "decision",
        "note",
        "was_gone",
        "reviewer",
        "decided_by",
        "decided_at",
        "review",
    )
    column_default_list = (
        "user",
        "access",
        "last_login_at",
        "last_used_at",
        "decision",
        "note",
        "reviewer",
        "review",
    )
    column_title_list = ("user", "access")
    column_filters = ("state", "decision", "review", "user", "group", "reviewer", "decided_by")
    column_details_list = column_list
    column_export_list = column_list
    views: ClassVar = {_l("Still right?"): "state=waits"}
    column_labels: ClassVar = {
        "user": _l("Person"),
        "access": _l("Group or permission"),
        "permission": _l("Extra permission"),
        "last_login_at": _l("Last sign-in"),
        "last_used_at": _l("Last used"),
        "was_gone": _l("Was gone already"),
        "decided_by": _l("Decided by"),
        "decided_at": _l("Decided at"),
    }

    def badges(self, row: AccessReviewItem) -> list[Markup]:
        return [cells.choice(AccessReviewItem, "decision", row.decision)]

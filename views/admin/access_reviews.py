"""The screen of access reviews: what each asks, who decides, and what became of it."""

from dataclasses import replace
from typing import ClassVar

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import DECISIONS, AccessReviewItem
from backoffice.models.fields import label
from backoffice.people import review_report
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from views.screen import Rows, Screen, cells
from views.screen.pages import Fact, Section
from views.web.actor import signed_in


class AccessReviews(Screen):
    model = AccessReview
    name = _l("Access reviews")
    category = _l("People")
    menu_icon_value = "check-circle"
    menu_order = 26
    column_list = (
        "id",
        "name",
        "state",
        "people",
        "ends_at",
        "opened_by",
        "created_at",
        "reminded_at",
        "closed_at",
        "closed_by",
    )
    column_default_list = ("name", "state", "people", "ends_at", "opened_by", "created_at")
    column_filters = ("state", "opened_by", "ends_at")
    column_details_list = column_list
    column_export_list = column_list
    column_labels: ClassVar = {
        "people": _l("Whose access"),
        "ends_at": _l("Ends at"),
        "opened_by": _l("Opened by"),
        "created_at": _l("Opened at"),
        "reminded_at": _l("Reminded at"),
        "closed_at": _l("Closed at"),
        "closed_by": _l("Closed by"),
    }
    details_tabs: ClassVar = {"report": _l("Report")}
    tabs = (Rows("access_review_items", _l("Entries")),)

    def badges(self, row: AccessReview) -> list[Markup]:
        return [cells.choice(AccessReview, "state", row.state)]

    def sections(self, row: AccessReview) -> list[Section]:
        """Return the overview, which also says what access the review asks about."""
        main, *others = super().sections(row)
        groups, with_extra = review_report.asked_about(signed_in(), row)
        names = [name for _id, name in groups]
        extra = [_("Extra permissions")] if with_extra else []
        asked = Fact(_("Asked about"), cells.text(", ".join([*names, *extra])))
        return [replace(main, fields=[*main.fields, asked]), *others]

    def tab(self, actor: Actor, row: AccessReview, _name: str) -> Markup:
        """Return who decided what, and what was left."""
        page = render_template(
            "admin/access_reviews/report.html",
            review=row,
            decisions={name: label(AccessReviewItem, "decision", name) for name in DECISIONS},
            lines=review_report.by_reviewer(actor, row),
            may_download=can(actor, "access_review_items.export"),
        )
        return Markup(page)  # noqa: S704  # rendered from our own templates

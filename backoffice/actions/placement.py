"""Rules of actions that put people into groups which do not fit where they are."""

from flask_babel import lazy_gettext as _l

from backoffice.actions.engine.rules import Rule
from backoffice.people import placement

ELSEWHERE = Rule(
    "elsewhere",
    _l("{label} belongs to another service provider than the group."),
    lambda context: placement.is_elsewhere(context.parameters["group"]),
    of_choice=True,
)
OTHER_ROLE = Rule(
    "other_role",
    _l("{label} has another role, or reaches more or less than this role is for."),
    lambda context: placement.has_other_role(context.parameters["group"]),
    of_choice=True,
)
FITTING = (ELSEWHERE, OTHER_ROLE)

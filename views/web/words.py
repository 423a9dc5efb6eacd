"""Say in words what codes stand for: areas of the product, and the states of rows."""

from flask import current_app
from flask_babel import lazy_gettext as _l

from backoffice.models.fields import heading
from backoffice.text import N_

# What events and permissions are about besides the tables, whose names are collected themselves.
OTHER_AREAS = (N_("Account"), N_("Bulk"), N_("Invitations"), N_("Saved views"))
# How a link ended that a mail brought.
LINKS = (N_("Live"), N_("Used"), N_("Superseded"), N_("Revoked"), N_("Expired"))
# Of bulk runs, and of what events tell.
STATES = {
    "aborted": _l("aborted"),
    "denied": _l("denied"),
    "done": _l("done"),
    "failed": _l("failed"),
    "planned": _l("planned"),
    "running": _l("running"),
    "undone": _l("undone"),
}


def area(code: str) -> str:
    """Return what an area is called: that of a screen as in the menu, `bulk` is 'Bulk'."""
    screens = current_app.extensions["screens"]
    return next((str(each.name) for each in screens if each.endpoint == code), heading(code))


def state(code: str) -> str:
    """Return a state for use within a line, such as 'undone'."""
    return str(STATES.get(code, code))

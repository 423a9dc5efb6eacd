"""Say in words what codes stand for: areas of the product, and the states of rows."""

from flask_babel import lazy_gettext as _l

from backoffice.models.fields import heading

# The tables that people see, and what else events and permissions are about.
AREAS = {
    "account": _l("Account"),
    "bulk": _l("Bulk"),
    "bulk_runs": _l("Bulk runs"),
    "client_tags": _l("Client tags"),
    "events": _l("Events"),
    "groups": _l("Groups"),
    "invitations": _l("Invitations"),
    "messages": _l("Messages"),
    "sessions": _l("Sessions"),
    "sign_in_attempts": _l("Sign in attempts"),
    "users": _l("Users"),
}
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
    """Return the name of an area: that of `bulk_runs` is 'Bulk runs'."""
    name = AREAS.get(code)
    return heading(code) if name is None else str(name)


def state(code: str) -> str:
    """Return a state for use within a line, such as 'undone'."""
    return str(STATES.get(code, code))

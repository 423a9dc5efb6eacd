"""The machinery of every admin screen."""

from views.screen.own_pages import no_permission_required, permission_required
from views.screen.related_lists import Between, Rows
from views.screen.screen import ID, Screen

__all__ = ["ID", "Between", "Rows", "Screen", "no_permission_required", "permission_required"]

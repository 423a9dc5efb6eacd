"""The machinery of every admin screen."""

from views.screen.related_lists import Rows
from views.screen.screen import Screen

__all__ = ["Rows", "Screen"]

"""The machinery of every admin screen."""

from views.screen.screen import Screen

__all__ = ["Screen"]

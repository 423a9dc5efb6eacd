"""Every screen, found as the product finds them: a new one is tested without being named."""

from backoffice.policy.permissions import area_of
from views.screen.discovery import screens

# What stands after /admin/ in their addresses.
SCREENS = tuple(sorted(each.path or area_of(each.model).replace("_", "-") for each in screens()))

"""Decide who may sign in at all, and from which address.

It is asked after the password, and once more after the code of the second factor.
"""

from flask_babel import gettext as _

from backoffice import clock
from backoffice.auth import networks
from backoffice.errors import RuleBroken
from backoffice.models.node import ROOT
from backoffice.models.user import User


def refusal(user: User, ip: str) -> str:
    """Return the reason why a person with the right password may not sign in; '' if they may.

    The reason is meant for the list of attempts, not for the person.
    """
    if user.status != "active":
        return user.status
    if _is_of_blocked_node(user):
        return "node blocked"
    if user.login_method != "email" and not user.node.web_sign_in:
        return "login method"
    # Neither an expired password nor none at all lets anybody in.
    if user.password_state != "usable" and not _is_temporary_in_time(user):
        return "password expired"
    if not _admits(user, ip):
        return "address"
    return ""


def is_admitted(user: User, ip: str) -> bool:
    """Return whether somebody who is signed in may go on from this address, at each request.

    What their node demands counts as well as what they themselves are limited to.
    """
    return _admits(user, ip) and not _is_of_blocked_node(user)


def _is_of_blocked_node(user: User) -> bool:
    return user.node_id != ROOT and user.node.status != "active"


def _admits(user: User, ip: str) -> bool:
    """Return whether both whitelists let `ip` in: the root has none, so it is not asked."""
    if not networks.admits(user.ip_whitelist, ip):
        return False
    return user.node_id == ROOT or networks.admits(user.node.ip_whitelist, ip)


def require_place(user: User, ip: str) -> None:
    """Raise RuleBroken if the person, or somebody of their node, may not come from `ip`."""
    if not is_admitted(user, ip):
        raise RuleBroken(
            _("This account cannot be used from where you are. Ask your administrator.")
        )


def _is_temporary_in_time(user: User) -> bool:
    """Return whether the password is a temporary one that has not expired."""
    if user.password_state != "temporary":
        return False
    expires_at = user.password_expires_at
    return expires_at is None or expires_at > clock.now()

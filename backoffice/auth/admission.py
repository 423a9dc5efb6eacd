"""Who may sign in at all, and from where: asked after the password, and once more after the code."""

from backoffice import clock
from backoffice.auth import networks
from backoffice.errors import RuleBroken
from backoffice.models.user import User


def refusal(user: User, ip: str) -> str:
    """Why someone with the right password may not in, for the list of attempts; '' if they may."""
    if user.status != "active":
        return user.status
    if user.login_method != "email":
        return "login method"
    if user.password_state != "usable" and not _temporary_in_time(user):
        return "password expired"
    return "" if networks.admits(user.ip_whitelist, ip) else "address"


def require_place(user: User, ip: str) -> None:
    """Raise RuleBroken where the person's IP whitelist does not let `ip` in."""
    if not networks.admits(user.ip_whitelist, ip):
        raise RuleBroken("This account cannot be used from where you are. Ask your administrator.")


def _temporary_in_time(user: User) -> bool:
    in_time = user.password_expires_at is None or user.password_expires_at > clock.now()
    return user.password_state == "temporary" and in_time

"""Check what is written about people, and give new ones an invitation or a temporary password."""

import re
from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, literal, select, true

from backoffice.auth import networks, passwords, revocation
from backoffice.data import records, texts
from backoffice.data.records import Values
from backoffice.errors import GrantExceeded, NotAllowed, RuleBroken
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models import mails
from backoffice.models.group import Group
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.people import (
    access,
    client_limits,
    forecast,
    groups,
    invitations,
    placement,
)
from backoffice.people.forecast import Change
from backoffice.policy import grants
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can, require
from backoffice.policy.step_up import require_recent
from backoffice.settings import Settings
from backoffice.text import N_, address_key, login_key, masked
from backoffice.text.looks import skeleton

# The sentence about a person whom the actor does not reach; {label} is their name.
OUTRANKS: str = _l(
    "{label} has a group or a permission that you cannot assign, or sees more than you."
)
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")
FIELD_PERMISSIONS = {
    "groups": "users.assign_groups",
    "client_tags": client_limits.SCOPE,
    "client_tags_mode": client_limits.SCOPE,
    "countries": client_limits.SCOPE,
    "countries_mode": client_limits.SCOPE,
    "mask_data": client_limits.MASK,
    **dict.fromkeys(placement.FIELDS, placement.PLACE),
    "ip_whitelist": "users.edit_ip",
}


def create(
    *, actor: Actor, values: Values, settings: Settings, temporary_password: str = ""
) -> tuple[User, str]:
    """Create a person, and return them with their temporary password.

    Somebody who signs in by e-mail is invited and has no password: it is returned empty. Somebody
    who signs in by login gets `temporary_password` or, if that is empty, a random one. It is stored
    nowhere in clear. Raises NotAllowed, or RuleBroken with the field it belongs to.
    """
    user = records.create(actor=actor, model=User, values=values)
    if temporary_password:
        _check_temporary(user, temporary_password, settings)
    password = ""
    if user.login_method == "login":
        password = temporary_password or passwords.temporary()
    if password:
        passwords.store(user, password, settings, temporary=True)
    else:
        user.status = "invited"
    db.session.flush()
    if not password:
        invited = user.alone()
        invitations.send(invited, inviter=actor.name or actor.label, settings=settings)
    return user, password


def _check_temporary(user: User, password: str, settings: Settings) -> None:
    """Apply the rules of all passwords to one that an administrator chose."""
    try:
        passwords.check(user, password, settings)
    except RuleBroken as error:
        raise RuleBroken(error.message, field="temporary_password") from None


def choosable(actor: Actor, user: User | None) -> ColumnElement[bool]:
    """Return, as an SQL condition, the groups the person has or the actor can assign."""
    held = {group.id for group in user.groups} if user else set()
    grantable = grants.grantable_group_ids(db.session(), actor)
    return Group.id.in_(grantable | held)


@records.reached(User)
def out_of_reach(actor: Actor, user: User) -> str:
    """Return why the actor may not change the person, or an empty string if they may.

    The actor must be able to give every group and extra permission that the person holds, and see
    all clients that the person sees, as fully. Everybody reaches themselves.
    """
    return _outranks(actor, user, grants.grantable_group_ids(db.session(), actor))


def _outranks(actor: Actor, user: User, grantable: Collection[int]) -> str:
    """Return why the person outranks the actor, or an empty string if they do not."""
    if user.id == actor.user_id:
        return ""
    is_beyond = grants.outranks(actor, grantable, literal(user.id))
    if not db.session.scalar(select(is_beyond)):
        return ""
    return str(OUTRANKS).format(label=user.label)


@records.checked(User, lock_first=grants.ADMINISTRATORS_LOCK)
def check_and_complete(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    """Check and complete the values whenever a person is written.

    Nobody gives rights to themselves, or rights beyond their own. `user` is None for a new person.
    Raises NotAllowed, ConfirmationNeeded, GrantExceeded or RuleBroken.
    """
    grantable = grants.grantable_group_ids(db.session(), actor, locked=True)
    if user and (reason := _outranks(actor, user, grantable)):
        raise NotAllowed(reason)
    if user is None:
        _set_defaults(actor, values)
    _check_permissions(actor, user, values)
    if user is None:
        _inherit_limits(actor, values)
    _check_method(user, values)
    _check_email(actor, user, values)
    _check_login(user, values)
    _check_name(actor, user, values)
    _check_groups(actor, user, values, grantable)
    client_limits.check(actor, user, values)
    placement.check(actor, user, values)
    _check_addresses(actor, user, values)


def _set_defaults(actor: Actor, values: dict[str, Any]) -> None:
    """Complete the values of a new person."""
    creator = db.session.get(User, actor.user_id) if actor.user_id else None
    values.setdefault("created_by", creator)
    values.setdefault("login_method", "email")
    # Whatever the person signs in with is checked even if nobody sent it.
    identifier = "login" if values["login_method"] == "login" else "email"
    values.setdefault(identifier, "")


def email_of(text: str) -> str:
    """Return the address as it is stored, or raise RuleBroken (field email) if it is none."""
    if address := texts.normalised(text, field="email", kind="email"):
        return address
    raise RuleBroken(_("Enter an e-mail address."), field="email")


def _check_permissions(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    """Raise NotAllowed if a field is changed that needs a permission which the actor lacks.

    Sending such a field with its current value is allowed.
    """
    for name, code in FIELD_PERMISSIONS.items():
        if name not in values or can(actor, code):
            continue
        value = values[name]
        if user is None and name.endswith("_mode") and value in ("all", "whole"):
            continue  # what a new person has who was given nothing
        if value != _current(user, name, type(value)):
            message = _("You need the permission %(code)s to change this.", code=code)
            raise NotAllowed(message, code=code)


def require_fields(actor: Actor, user: User | None, sent: Collection[str]) -> None:
    """Require the right to each of these fields, which a form may lack and still be sent with.

    Raises NotAllowed, or GrantExceeded for one's own groups.
    """
    for name in FIELD_PERMISSIONS.keys() & sent:
        require(actor, FIELD_PERMISSIONS[name])
    if user and user.id == actor.user_id and "groups" in sent:
        raise _of_oneself()


def _of_oneself() -> GrantExceeded:
    message = _("Nobody changes their own groups.")
    return GrantExceeded(message, field="groups", code="users.assign_groups")


def _current(user: User | None, name: str, type_: type) -> Any:
    """Return the person's value, or for a new person the column's default or an empty `type_`."""
    if user:
        return getattr(user, name)
    return getattr(User(), name) or type_()


def _check_method(user: User | None, values: dict[str, Any]) -> None:
    """Require that a person has either an address or a login, and keeps to it for good."""
    method = user.login_method if user else values["login_method"]
    if values.get("login_method", method) != method:
        message = _("How somebody signs in cannot be changed: add them anew.")
        raise RuleBroken(message, field="login_method")
    if method == "login" and values.pop("email", None):
        raise RuleBroken(_("People who sign in by login have no e-mail address."), field="email")
    if method != "login" and values.pop("login", None):
        raise RuleBroken(_("People who sign in by e-mail have no login."), field="login")


def _check_login(user: User | None, values: dict[str, Any]) -> None:
    if "login" not in values:
        return
    key = login_key(values["login"])
    if not LOGIN.fullmatch(key):
        message = _(
            "Use 3 to 64 letters, digits, dots, hyphens and underscores; "
            "begin with a letter or a digit."
        )
        raise RuleBroken(message, field="login")
    others = select(User.id).where(User.id != user.id if user else true())
    if db.session.scalar(others.where(User.login_key == key)):
        raise RuleBroken(_("Another person has this login."), field="login")
    if db.session.scalar(others.where(User.login_skeleton == skeleton(values["login"]))):
        raise RuleBroken(_("This looks like the login of another person."), field="login")


def _check_email(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    if "email" not in values:
        return
    if user and values["email"] == user.email:
        return
    if user and user.id == actor.user_id:
        message = _(
            "Change your own e-mail address on your profile: the new one has to be confirmed first."
        )
        raise RuleBroken(message, field="email")
    if user:
        # A new password can be asked for by mail, so the address is as good as the password.
        require_recent(actor)
        _keep_codes(user)
    values["email"] = email_of(values["email"])
    key = address_key(values["email"])
    taken = db.session.scalar(select(User.id).where(User.email_key == key))
    if taken and (user is None or taken != user.id):
        raise RuleBroken(_("Another person has this e-mail address."), field="email")
    if user:  # another spelling may be another mailbox
        values["email_verified_at"] = None
        _leave_old_address(user)


def _keep_codes(user: User) -> None:
    """Refuse a new address for somebody whose second factor is mail.

    An address that nobody has confirmed is no second factor.
    """
    if user.two_factor == "email":
        message = _(
            "The codes of their sign-in go to this address. "
            "Disable their 2FA first, or let them change it."
        )
        raise RuleBroken(message, field="email")


def _leave_old_address(user: User) -> None:
    """End the links sent to the old address, and notify it if it was known to be the person's."""
    person = user.alone()
    revocation.void(person, change="address", reason=N_("e-mail changed"))
    outbox.notify(person, mails.EMAIL_CHANGED)


@outbox.prepared(mails.EMAIL_CHANGED)
def _prepare_notice(message: Message, settings: Settings) -> bool:
    """Put the new address, masked, into the notice about it.

    This is for addresses that somebody else changed; one's own change has a notice of its own.
    """
    user = message.user
    if user is None or not user.email:
        return False
    outbox.seal_values(message, {"address": masked(user.email)}, settings)
    return True


def _check_name(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    for name in ("first_name", "last_name"):
        if user is None or name not in values or values[name] == getattr(user, name):
            continue
        if user.name_source == "self" and user.id != actor.user_id:
            message = _("This name was given by its owner, who alone may change it.")
            raise RuleBroken(message, field=name)
        if user.id == actor.user_id:
            values["name_source"] = "self"


def _check_groups(
    actor: Actor, user: User | None, values: dict[str, Any], grantable: Collection[int]
) -> None:
    if "groups" not in values:
        return
    before = set(user.groups) if user else set()
    after = set(values["groups"])
    _check_moved_groups(actor, user, before ^ after, grantable)
    groups.check_lasting(actor, after - before, field="groups", code="users.assign_groups")
    if user:
        access.forget_ended(user.alone(), [group.id for group in after - before])
    if user and any(group.all_permissions for group in before - after):
        _require_other_administrator(user)


def _check_moved_groups(
    actor: Actor, user: User | None, moved: Collection[Group], grantable: Collection[int]
) -> None:
    """Check the groups that the person would get or lose."""
    is_own = user is not None and user.id == actor.user_id
    if moved and is_own:
        raise _of_oneself()
    if beyond := sorted(group.name for group in moved if group.id not in grantable):
        message = _("You cannot assign or remove %(group)s.", group=beyond[0])
        raise GrantExceeded(message, field="groups", code="users.assign_groups")
    strong = grants.strong_group_ids(db.session())
    if any(group.id in strong for group in moved):
        require_recent(actor)


def _require_other_administrator(user: User) -> None:
    others = grants.administers() & (User.id != user.id)
    if db.session.scalar(select(User.id).where(others).limit(1)) is None:
        message = _("%(person)s is the last administrator who can sign in.", person=user.label)
        raise RuleBroken(message, field="groups")


def _inherit_limits(actor: Actor, values: dict[str, Any]) -> None:
    creator: User | None = values.get("created_by")
    client_limits.inherit(actor, values, list(creator.client_tags) if creator else [])
    placement.inherit(actor, values, creator)


def _check_addresses(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    if "ip_whitelist" not in values:
        return
    listed = networks.canonical(values["ip_whitelist"])
    values["ip_whitelist"] = listed
    is_own = user is not None and user.id == actor.user_id
    if is_own and not networks.admits(listed, actor.ip):
        message = _("This would lock you out: your own address is %(ip)s.", ip=actor.ip)
        raise RuleBroken(message, field="ip_whitelist")
    current = user.ip_whitelist if user else []
    if user and listed != current:
        change = Change(whitelist=(user.alone(), listed))
        forecast.require_somebody(actor, change, field="ip_whitelist")
    if listed != current:
        require_recent(actor)

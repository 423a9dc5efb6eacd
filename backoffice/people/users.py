"""People: what may be written about them, and how a new one gets a first password."""

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, select, true

from backoffice.auth import networks, passwords, revocation
from backoffice.data import records, texts
from backoffice.data.records import Values
from backoffice.errors import GrantExceeded, NotAllowed, RuleBroken
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.people import invitations
from backoffice.policy import grants
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from backoffice.policy.step_up import require_recent
from backoffice.settings import Settings
from backoffice.text import address_key, login_key, masked
from backoffice.text.looks import skeleton

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")
FIELD_PERMISSIONS = {
    "groups": "users.assign_groups",
    "client_tags": "users.assign_scope",
    "client_tags_mode": "users.assign_scope",
    "ip_whitelist": "users.edit_ip",
}


def create(
    *, actor: Actor, values: Values, settings: Settings, temporary_password: str = ""
) -> tuple[User, str]:
    """A new person: by e-mail they are invited; by login they have a temporary password, which is answered too.

    It is made, unless the actor chose one; it is kept nowhere in clear. Raises NotAllowed or RuleBroken with the
    field it belongs to.
    """
    user = records.create(actor=actor, model=User, values=values)
    if temporary_password:
        _check_temporary(user, temporary_password, settings)
    password = (temporary_password or passwords.temporary()) if user.login_method == "login" else ""
    if password:
        passwords.keep(user, password, settings, temporary=True)
    else:
        user.status = "invited"
    db.session.flush()
    if not password:
        themselves = select(User.id).where(User.id == user.id)
        invitations.send(themselves, inviter=actor.name or actor.label, settings=settings)
    return user, password


def _check_temporary(user: User, password: str, settings: Settings) -> None:
    """One that an administrator chose obeys the rules of all passwords."""
    try:
        passwords.check(user, password, settings)
    except RuleBroken as error:
        raise RuleBroken(error.message, field="temporary_password") from None


def choosable(actor: Actor, user: User | None) -> ColumnElement[bool]:
    """In SQL: the groups that the actor may choose from for this person, and those the person has."""
    held = {group.id for group in user.groups} if user else set()
    return Group.id.in_(grants.grantable_group_ids(db.session(), actor) | held)


@records.reached(User)
def out_of_reach(actor: Actor, user: User) -> str:
    """Nobody changes a person who holds a group that they could not give; everybody reaches themselves."""
    return _outranks(actor, user, grants.grantable_group_ids(db.session(), actor))


def _outranks(actor: Actor, user: User, grantable: Collection[int]) -> str:
    mine = user.id == actor.user_id or all(group.id in grantable for group in user.groups)
    return "" if mine else f"{user.label} is in a group that you may not give."


@records.checked(User, lock_first=grants.ADMINISTRATORS_LOCK)
def check(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    """What must hold whenever a person is written: nothing about oneself or beyond oneself is given."""
    grantable = grants.grantable_group_ids(db.session(), actor, held=True)
    if user and (reason := _outranks(actor, user, grantable)):
        raise NotAllowed(reason)
    if user is None:
        values.setdefault(
            "created_by", db.session.get(User, actor.user_id) if actor.user_id else None
        )
        values.setdefault("login_method", "email")
        values.setdefault("login" if values["login_method"] == "login" else "email", "")
    _check_permissions(actor, user, values)
    if user is None:
        _inherit_scope(actor, values)
    _check_method(user, values)
    _check_email(actor, user, values)
    _check_login(user, values)
    _check_name(actor, user, values)
    _check_groups(actor, user, values, grantable)
    _check_client_tags(actor, user, values)
    _check_addresses(actor, user, values)


def email_of(text: str) -> str:
    """The address as it is kept. Raises RuleBroken (field email) if nobody could be written to there."""
    if address := texts.kept(text, field="email", kind="email"):
        return address
    raise RuleBroken("Enter an e-mail address.", field="email")


def _check_permissions(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    """Fields that have a permission of their own may be sent by those who lack it, but not changed."""
    for name, code in FIELD_PERMISSIONS.items():
        if name in values and not can(actor, code):
            current = getattr(user, name) if user else getattr(User(), name) or type(values[name])()
            if values[name] != current and (name, values[name]) != ("client_tags_mode", "all"):
                raise NotAllowed(f"You need the permission {code} to change this.", code=code)


def _check_method(user: User | None, values: dict[str, Any]) -> None:
    """Somebody has an address or a login, from the beginning and for good."""
    method = user.login_method if user else values["login_method"]
    if values.get("login_method", method) != method:
        raise RuleBroken(
            "How somebody signs in cannot be changed: add them anew.", field="login_method"
        )
    other = "email" if method == "login" else "login"
    if values.pop(other, None):
        raise RuleBroken(f"Somebody who signs in by {method} has none of this.", field=other)


def _check_login(user: User | None, values: dict[str, Any]) -> None:
    if "login" not in values:
        return
    key = login_key(values["login"])
    if not LOGIN.fullmatch(key):
        message = "Use 3 to 64 letters, digits, dots, hyphens and underscores; begin with a letter or a digit."
        raise RuleBroken(message, field="login")
    others = select(User.id).where(User.id != user.id if user else true())
    if db.session.scalar(others.where(User.login_key == key)):
        raise RuleBroken("Another person has this login.", field="login")
    if db.session.scalar(others.where(User.login_skeleton == skeleton(values["login"]))):
        raise RuleBroken("This looks like the login of another person.", field="login")


def _check_email(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    if "email" not in values or (user and values["email"] == user.email):
        return
    if user and user.id == actor.user_id:
        message = (
            "Change your own e-mail address on your profile: the new one has to be confirmed first."
        )
        raise RuleBroken(message, field="email")
    if user:
        require_recent(actor)  # whoever reads mail there can ask for a new password
        _keep_codes(user)
    values["email"] = email_of(values["email"])
    key = address_key(values["email"])
    taken = db.session.scalar(select(User.id).where(User.email_key == key))
    if taken and (user is None or taken != user.id):
        raise RuleBroken("Another person has this e-mail address.", field="email")
    if user:  # another spelling may be another mailbox
        values["email_verified_at"] = None
        _leave_old_address(user)


def _keep_codes(user: User) -> None:
    """An address that nobody has confirmed is no second factor."""
    if user.two_factor == "email":
        message = "The codes of their sign-in go to this address. Disable their 2FA first, or let them change it."
        raise RuleBroken(message, field="email")


def _leave_old_address(user: User) -> None:
    """What was sent there opens nothing any more; whoever reads it is told, if it was known to be theirs."""
    themselves = select(User.id).where(User.id == user.id)
    revocation.void(themselves, change="address", reason="e-mail changed")
    outbox.notify(themselves, "email_changed")


@outbox.prepared(
    "email_changed", worth=None
)  # a warning, which opens nothing and is late better than never
def _say_to_whom(message: Message, settings: Settings) -> bool:
    """Somebody who changes their own address has said all there is to say; this one was changed for them."""
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
            raise RuleBroken(
                "This name was given by its owner, who alone may change it.", field=name
            )
        if user.id == actor.user_id:
            values["name_source"] = "self"


def _check_groups(
    actor: Actor, user: User | None, values: dict[str, Any], grantable: Collection[int]
) -> None:
    if "groups" not in values:
        return
    before, after = set(user.groups) if user else set(), set(values["groups"])
    moved = before ^ after
    if moved and user and user.id == actor.user_id:
        raise GrantExceeded(
            "Nobody changes their own groups.", field="groups", code="users.assign_groups"
        )
    if beyond := sorted(group.name for group in moved if group.id not in grantable):
        raise GrantExceeded(
            f"You may not give or take {beyond[0]}.", field="groups", code="users.assign_groups"
        )
    if not grants.strong_group_ids(db.session()).isdisjoint(group.id for group in moved):
        require_recent(actor)
    if user and any(group.all_permissions for group in before - after):
        others = grants.administers() & (User.id != user.id)
        if not db.session.scalar(select(User.id).where(others).limit(1)):
            raise RuleBroken(
                f"{user.label} is the last administrator who can sign in.", field="groups"
            )


def _inherit_scope(actor: Actor, values: dict[str, Any]) -> None:
    """A new person for whom nobody chose client tags sees what whoever adds them sees, and no more."""
    creator = values.get("created_by")
    if (
        actor.client_tags_mode != "all"
        and creator
        and not {"client_tags", "client_tags_mode"} & values.keys()
    ):
        values |= {
            "client_tags_mode": creator.client_tags_mode,
            "client_tags": list(creator.client_tags),
        }


def _check_client_tags(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    if not {"client_tags", "client_tags_mode"} & values.keys():
        return
    mode = values.get("client_tags_mode") or (user.client_tags_mode if user else "all")
    tags = values.get("client_tags", user.client_tags if user else [])
    if mode == "only" and not tags:
        raise RuleBroken("“Only these” needs at least one client tag.", field="client_tags")
    if user and mode == user.client_tags_mode and set(tags) == set(user.client_tags):
        return
    if not _within_own(actor, mode, {tag.id for tag in tags}):
        message = "This would show more clients than you see yourself."
        raise GrantExceeded(message, field="client_tags", code="users.assign_scope")


def _within_own(actor: Actor, mode: str, tags: set[int]) -> bool:
    """Whether a scope of client tags lies within the actor's own."""
    if actor.client_tags_mode == "all":
        return True
    allowed = set(db.session.scalars(select(ClientTag.id).where(grants.allowed_client_tags(actor))))
    if mode == "only":
        return tags <= allowed
    own_except = actor.client_tags_mode == "except"
    every = set(db.session.scalars(select(ClientTag.id)))
    return mode == "except" and own_except and every - tags <= allowed


def _check_addresses(actor: Actor, user: User | None, values: dict[str, Any]) -> None:
    if "ip_whitelist" not in values:
        return
    values["ip_whitelist"] = listed = networks.canonical(values["ip_whitelist"])
    if user and user.id == actor.user_id and not networks.admits(listed, actor.ip):
        raise RuleBroken(
            f"This would lock you out: your own address is {actor.ip}.", field="ip_whitelist"
        )
    if listed != (user.ip_whitelist if user else []):
        require_recent(actor)

"""The screen of users: the people of the back office."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, ClassVar

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.auth import handovers, networks
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.user import User
from backoffice.people import users
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can, sees
from forms.base import Form
from forms.fields import PickField
from forms.user import UserForm, addresses_field, tags_mode_field
from views.admin import people
from views.screen import Screen, cells
from views.screen.editing import picker
from views.web.actor import settings
from views.web.avatars import avatar
from views.web.times import ago


def _person(row: Any, page: cells.CellContext) -> Markup:
    return cells.person(row.id, row.name, row.email, page.base, row.picture)


def _client_tags(row: Any, page: cells.CellContext) -> Markup:
    """Return the allowed client tags.

    'None' and 'all' must not look the same, and neither must 'only these' and 'all but these'.
    """
    if row.client_tags_mode == "all":
        return Markup('<span class="muted">{}</span>').format(_("All"))
    tags = cells.pills(page.related["client_tags"].get(row.id, ()))
    if row.client_tags_mode == "only":
        return tags
    return Markup('<span class="muted">{}</span> ').format(_("All but")) + tags


def _too_open(whitelist: Iterable[str]) -> str:
    """Return a warning about a whitelist that admits everybody: allowed, but seldom meant."""
    kinds = networks.open_to(whitelist)
    if not kinds:
        return ""
    if len(kinds) > 1:
        text = _(
            "The IP whitelist lets in every IPv4 and IPv6 address, so it keeps nobody out. "
            "Name the networks that are meant."
        )
    else:
        text = _(
            "The IP whitelist lets in every %(kind)s address, so it keeps nobody out. "
            "Name the networks that are meant.",
            kind=kinds[0],
        )
    return str(text)


class Users(Screen):
    model = User
    name = _l("Users")
    category = _l("People")
    menu_icon_value = "people"
    menu_order = 10
    column_list = (
        "id",
        "name",
        "status",
        "two_factor",
        "invitation",
        "groups",
        "client_tags",
        "ip_whitelist",
        "last_login_at",
        "created_by",
        "created_at",
    )
    column_default_list = (
        "id",
        "name",
        "status",
        "two_factor",
        "groups",
        "client_tags",
        "last_login_at",
        "created_by",
        "created_at",
    )
    column_extra_list = ("email", "picture", "client_tags_mode")
    column_filters = (
        "status",
        "invitation",
        "invitation_ends",
        "two_factor",
        "login_method",
        "groups",
        "client_tags",
        "created_by",
        "created_at",
        "last_login_at",
        "email",
        "phone",
    )
    form_columns = (
        "login_method",
        "email",
        "login",
        "first_name",
        "last_name",
        "phone",
        "groups",
        "client_tags_mode",
        "client_tags",
        "ip_whitelist",
    )
    column_export_list = (
        "id",
        "name",
        "email",
        "login",
        "status",
        "two_factor",
        "groups",
        "client_tags_mode",
        "client_tags",
        "ip_whitelist",
        "phone",
        "last_login_at",
        "created_by",
        "created_at",
    )
    column_details_list = (
        "id",
        "email",
        "first_name",
        "last_name",
        "phone",
        "status",
        "groups",
        "client_tags_mode",
        "client_tags",
        "ip_whitelist",
        "login_method",
        "login",
        "two_factor",
        "invitation",
        "password_state",
        "uuid",
        "status_reason",
        "status_by",
        "status_at",
        "last_login_at",
        "email_verified_at",
        "created_by",
        "created_at",
        "updated_at",
    )
    column_labels: ClassVar = {
        "client_tags": _l("Allowed client tags"),
        "client_tags_mode": _l("Allowed clients"),
        "last_login_at": _l("Last sign-in"),
        "ip_whitelist": _l("IP whitelist"),
        "email": _l("E-mail"),
        "status_reason": _l("Reason of the status"),
        "status_by": _l("Status set by"),
        "status_at": _l("Status set at"),
        "password_state": _l("Password"),
        "two_factor": _l("2FA"),
        "login_method": _l("Signs in by"),
        "uuid": _l("UUID"),
        "email_verified_at": _l("E-mail verified at"),
    }
    column_formatters: ClassVar = {
        "name": _person,
        "client_tags": _client_tags,
    }
    details_tabs: ClassVar = {
        "groups": _l("Groups and permissions"),
        "sessions": _l("Sign-ins and sessions"),
        "messages": _l("Sent tokens and messages"),
        "events": _l("Events"),
    }
    form = UserForm

    def form_class(self, actor: Actor, row: Any) -> type[Form]:
        """Return a form with the fields that this actor may fill in for this person."""
        extra: dict[str, Any] = {}
        if row is not None:
            # A person stays with their login method; None removes a field of the form.
            other_method = "email" if row.login_method == "login" else "login"
            extra = dict.fromkeys(("login_method", "temporary_password", other_method))
        is_own_row = row is not None and row.id == actor.user_id
        if can(actor, "users.assign_groups") and sees(actor, Group) and not is_own_row:
            extra["groups"] = self._groups_field(actor, row)
        if can(actor, "users.assign_scope") and sees(actor, ClientTag):
            extra["client_tags_mode"] = tags_mode_field()
            extra["client_tags"] = self._tags_field(actor)
        if can(actor, "users.edit_ip"):
            extra["ip_whitelist"] = addresses_field(_too_open(row.ip_whitelist if row else ()))
        return type("UserForm", (UserForm,), extra)

    def _groups_field(self, actor: Actor, row: Any) -> PickField:
        among = users.choosable(actor, row)
        return PickField(_("Groups"), **picker(self, actor, Group, "groups", among))

    def _tags_field(self, actor: Actor) -> PickField:
        return PickField(_("Client tags"), **picker(self, actor, ClientTag, "client_tags"))

    def written(self, actor: Actor, row: Any, version: int | None, values: dict[str, Any]) -> Any:
        """Change the person, or add one, who is invited by mail or gets a temporary password.

        The page of the answer shows a temporary password once.
        """
        if row is not None:
            return super().written(actor, row, version, values)
        user, password = _added(actor, values)
        href = self.url_of("details", row_id=user.id)
        if not password:
            message = _("%(label)s is invited: a link is on its way by mail.", label=user.label)
            flash(message, "success")
            return redirect(href, HTTPStatus.SEE_OTHER)
        token = handovers.keep(actor=actor, user_id=user.id, secret=password, settings=settings())
        return redirect(url_for("account.handover", token=token, next=href), HTTPStatus.SEE_OTHER)

    def heading_of(self, row: Any) -> dict[str, Any]:
        return {"avatar": avatar(row.id, row.name, row.avatar, "large")}

    def warnings(self, row: Any) -> list[str]:
        warning = _too_open(row.ip_whitelist)
        return [warning] if warning else []

    def subtitle(self, row: Any) -> Markup | str:
        who = row.email or row.login or ""
        if not row.last_login_at:
            return str(_("%(who)s · last sign-in never", who=who))
        text = Markup(_("%(who)s · last sign-in %(when)s"))  # noqa: S704  # the texts are ours
        return text % {"who": who, "when": ago(row.last_login_at)}

    def badges(self, row: Any) -> list[Markup]:
        shown = ["status", "two_factor"]
        if row.invitation == "expired":
            shown.append("invitation")
        return [cells.choice(User, name, getattr(row, name)) for name in shown]

    def tab(self, actor: Actor, row: Any, name: str) -> Markup:
        return people.tab(actor, row, name)


def _added(actor: Actor, values: dict[str, Any]) -> tuple[User, str]:
    """Add a person, and return them with their temporary password, or ''.

    What was typed for the other login method is ignored.
    """
    by_login = values.get("login_method") == "login"
    ignored = ("email",) if by_login else ("login", "temporary_password")
    values = {name: value for name, value in values.items() if name not in ignored}
    typed = values.pop("temporary_password", "")
    return users.create(actor=actor, values=values, settings=settings(), temporary_password=typed)

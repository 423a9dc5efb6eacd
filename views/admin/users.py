"""The screen of users: the people of the back office."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import Field

from backoffice.actions.engine import report
from backoffice.auth import networks, one_time_secrets
from backoffice.models.base import Entity, Record
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.node import PLATFORM_ACCOUNT, SUB_ACCOUNT, Node
from backoffice.models.user import User
from backoffice.people import forecast, history, placement, users
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can, sees
from backoffice.settings import configured
from forms.base import Form
from forms.fields import PickField
from forms.user import (
    UserForm,
    addresses_field,
    countries_mode_field,
    platform_accounts_mode_field,
    sub_accounts_mode_field,
    tags_mode_field,
)
from views.admin import user_tabs
from views.screen import Screen, cells
from views.screen.columns import Column
from views.screen.editing import picker
from views.screen.pages import Heading
from views.web.answers import Answer
from views.web.avatars import avatar
from views.web.times import ago, to_the_minute


def _person(row: cells.ListRow, page: cells.CellContext) -> Markup:
    return cells.person(row.id, row.name, row.email, page.base, row.picture)


def _client_tags(row: cells.ListRow, page: cells.CellContext) -> Markup:
    """Return the allowed client tags.

    'None' and 'all' must not look the same, and neither must 'only these' and 'all but these'.
    """
    tags = page.related["client_tags"].get(row.id, ())
    return _limit(row.client_tags_mode, cells.pills(tags))


def _countries(row: cells.ListRow, _page: cells.CellContext) -> Markup:
    return _limit(row.countries_mode, cells.maker(User, "countries", "")(row.countries))


def _limit(mode: str, values: Markup) -> Markup:
    if mode == "only":
        return values
    if mode == "all":
        return Markup('<span class="muted">{}</span>').format(_("All"))
    return Markup('<span class="muted">{}</span> ').format(_("All but")) + values


def _too_open(whitelist: Iterable[str]) -> str:
    """Return a warning about a whitelist that admits everybody: allowed, but seldom meant."""
    families = networks.open_families(whitelist)
    if not families:
        return ""
    if len(families) > 1:
        text = _(
            "The IP whitelist lets in every IPv4 and IPv6 address, so it keeps nobody out. "
            "Name the networks that are meant."
        )
    else:
        text = _(
            "The IP whitelist lets in every %(kind)s address, so it keeps nobody out. "
            "Name the networks that are meant.",
            kind=families[0],
        )
    return str(text)


def _besides(actor: Actor, row: User | None) -> str:
    """Return who can sign in besides an administrator, whom a whitelist may keep out."""
    if row is None:
        return ""
    change = forecast.Change(blocked=row.alone())
    return forecast.besides(actor, change) if forecast.touches(change) else ""


def _ends(user: User) -> str:
    """Return which memberships of the person end, and where that is changed; '' if none does."""
    ends = history.ends_of_groups(user)
    told = [
        _("%(group)s ends at %(when)s", group=group.name, when=to_the_minute(ends[group.id]))
        for group in user.groups
        if group.id in ends
    ]
    if not told:
        return ""
    return str(
        _(
            "%(ends)s. This stays so when you save; the action “Set end of membership” changes it.",
            ends="; ".join(told),
        )
    )


class Users(Screen):
    model = User
    name = _l("Users")
    category = _l("People")
    menu_icon_value = "people"
    menu_order = 10
    column_table = (
        Column("id", "shown details export"),
        Column("name", "shown export", formatter=_person),
        Column("email", "filter details export form", _l("E-mail")),
        Column("login", "details export form"),
        Column("first_name", "details form"),
        Column("last_name", "details form"),
        Column("phone", "filter details export form"),
        Column("status", "shown filter details export"),
        Column("two_factor", "shown filter details export", _l("2FA")),
        Column("invitation", "offered filter details"),
        Column("invitation_ends", "filter"),
        Column("membership_ends", "filter"),
        Column("login_method", "filter details form", _l("Sign-in method")),
        Column("password_state", "details", _l("Password")),
        Column("groups", "shown filter details export form"),
        Column("node", "offered filter details export form", _l("Service provider")),
        Column("platform_accounts_mode", "details export form", _l("Reaches")),
        Column("platform_accounts", "offered filter details export form"),
        Column("sub_accounts_mode", "details export form", _l("Reaches of the account")),
        Column("sub_accounts", "details export form"),
        Column("client_tags_mode", "details export form", _l("Allowed clients")),
        Column(
            "client_tags",
            "shown filter details export form",
            _l("Allowed client tags"),
            formatter=_client_tags,
        ),
        Column("countries_mode", "details export form", _l("Allowed countries")),
        Column("countries", "offered details export form", formatter=_countries),
        Column("mask_data", "details export form", _l("Mask data")),
        Column("ip_whitelist", "offered details export form", _l("IP whitelist")),
        Column("uuid", "details", _l("UUID")),
        Column("status_reason", "history", _l("Reason of the status"), value_label=report.reason),
        Column("status_by", "details", _l("Status set by")),
        Column("status_at", "details", _l("Status set at")),
        Column("last_login_at", "shown filter details export", _l("Last sign-in")),
        Column("email_verified_at", "details", _l("E-mail verified at")),
        Column("created_by", "offered filter details export"),
        Column("created_at", "offered filter details export"),
        Column("updated_at", "details"),
    )
    column_extra_list = (
        "email",
        "picture",
        "client_tags_mode",
        "countries_mode",
    )  # what cells need
    details_tabs: ClassVar = user_tabs.LABELS
    form = UserForm
    form_defaults: ClassVar = {  # nobody gives more than they have
        "node": lambda actor: actor.node_id,
        "client_tags_mode": lambda actor: actor.client_tags_mode,
        "client_tags": lambda actor: sorted(actor.client_tag_ids),
        "countries_mode": lambda actor: actor.countries_mode,
        "countries": lambda actor: sorted(actor.countries),
        "mask_data": lambda actor: actor.mask_data,
    }
    can_duplicate = False  # nearly all that a copy would have is of one person alone

    def form_class(self, actor: Actor, row: Record | None) -> type[Form]:
        """Return a form with the fields that this actor may fill in for this person."""
        assert row is None or isinstance(row, User)
        extra = self._rights(actor, row)
        if row is not None:
            # A person stays with their login method. None removes a field of the form.
            other_method = "email" if row.login_method == "login" else "login"
            extra |= dict.fromkeys(("login_method", "temporary_password", other_method))
        return type("UserForm", (super().form_class(actor, row),), extra)

    def _rights(self, actor: Actor, row: User | None) -> dict[str, Field | None]:
        """Return the fields that need a permission of their own; None leaves a field out."""
        extra: dict[str, Field | None] = dict.fromkeys(users.FIELD_PERMISSIONS)
        is_own_row = row is not None and row.id == actor.user_id
        if can(actor, "users.assign_groups") and sees(actor, Group) and not is_own_row:
            extra["groups"] = self._groups_field(actor, row)
        self._limit(actor, extra)
        if actor.has_nodes and can(actor, placement.PLACE) and not is_own_row:
            extra |= self._places(actor)
        if can(actor, "users.edit_ip"):
            hints = [_too_open(row.ip_whitelist if row else ()), _besides(actor, row)]
            extra["ip_whitelist"] = addresses_field(" ".join(filter(None, hints)))
        return extra

    def _places(self, actor: Actor) -> dict[str, Field | None]:
        """Return the fields that say where in the organisation the person is."""
        kinds = {
            "node": (_("Service provider"), Node.kind.in_(placement.HOMES)),
            "platform_accounts": (_("These platform accounts"), Node.kind == PLATFORM_ACCOUNT),
            "sub_accounts": (_("These sub-accounts"), Node.kind == SUB_ACCOUNT),
        }
        pickers: dict[str, Field | None] = {}
        for name, (label, among) in kinds.items():
            options = picker(self, actor, Node, name, among)
            is_home = name == "node"
            pickers[name] = PickField(label, multiple=not is_home, required=is_home, **options)
        modes = {
            "platform_accounts_mode": platform_accounts_mode_field(),
            "sub_accounts_mode": sub_accounts_mode_field(),
        }
        return pickers | modes

    def _limit(self, actor: Actor, extra: dict[str, Field | None]) -> None:
        """Put in the fields that limit which clients the person sees, and how much of them."""
        if can(actor, "users.assign_scope") and sees(actor, ClientTag):
            extra["client_tags_mode"] = tags_mode_field()
            extra["client_tags"] = self._tags_field(actor)
        if can(actor, "users.assign_scope"):
            extra["countries_mode"] = countries_mode_field()
            del extra["countries"]  # the one of its kind
        if can(actor, "users.mask"):
            del extra["mask_data"]

    def _groups_field(self, actor: Actor, row: User | None) -> PickField:
        among = users.choosable(actor, row)
        options = picker(self, actor, Group, "groups", among)
        return PickField(_("Groups"), description=_ends(row) if row else "", **options)

    def _tags_field(self, actor: Actor) -> PickField:
        return PickField(_("Client tags"), **picker(self, actor, ClientTag, "client_tags"))

    def saved(
        self, actor: Actor, row: Record | None, version: int | None, values: dict[str, object]
    ) -> Entity | Answer | None:
        """Change the person, or add one, who is invited by mail or gets a temporary password.

        The page of the answer shows a temporary password once.
        """
        assert row is None or isinstance(row, User)
        users.require_fields(actor, row, request.form)
        if row is not None:
            return super().saved(actor, row, version, values)
        user, password = _added(actor, values)
        href = self.url_of("details", row_id=user.id)
        if not password:
            message = _("%(label)s is invited: a link is on its way by mail.", label=user.label)
            flash(message, "success")
            return redirect(href, HTTPStatus.SEE_OTHER)
        token = one_time_secrets.store(
            actor=actor,
            owner=User,
            owner_id=user.id,
            secret=password,
            settings=configured(),
        )
        return redirect(url_for("account.handover", token=token, next=href), HTTPStatus.SEE_OTHER)

    def heading_of(self, row: User) -> Heading:
        return Heading(row.label, avatar(row.id, row.name, row.avatar, "large"))

    def warnings(self, row: User) -> list[str]:
        warning = _too_open(row.ip_whitelist)
        return [warning] if warning else []

    def subtitle(self, row: User) -> Markup | str:
        who = row.email or row.login or ""
        if not row.last_login_at:
            return str(_("%(who)s · last sign-in never", who=who))
        text = Markup(_("%(who)s · last sign-in %(when)s"))  # noqa: S704  # the texts are ours
        return text % {"who": who, "when": ago(row.last_login_at)}

    def badges(self, row: User) -> list[Markup]:
        shown = ["status", "two_factor"]
        if row.invitation == "expired":
            shown.append("invitation")
        return [cells.choice(User, name, getattr(row, name)) for name in shown]

    def tab(self, actor: Actor, row: User, name: str) -> Markup:
        return user_tabs.tab(actor, row, name)


def _added(actor: Actor, values: dict[str, object]) -> tuple[User, str]:
    """Add a person, and return them with their temporary password, or ''.

    What was typed for the other login method is ignored.
    """
    by_login = values.get("login_method") == "login"
    ignored = ("email",) if by_login else ("login", "temporary_password")
    values = {name: value for name, value in values.items() if name not in ignored}
    typed = values.pop("temporary_password", "")
    assert isinstance(typed, str)
    return users.create(actor=actor, values=values, settings=configured(), temporary_password=typed)

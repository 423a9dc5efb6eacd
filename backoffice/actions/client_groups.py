"""The actions on what clients may do in the company's own product: group, extra permissions."""

import json
import re
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select, update

from backoffice import limits
from backoffice.actions.clients import ClientAction
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.engine.values import Lines, OneOf
from backoffice.clients import groups
from backoffice.extensions import db
from backoffice.models import client_groups
from backoffice.models.client import Client

CODE = re.compile(r"[a-z0-9][a-z0-9._:-]{0,62}")
MOST_CODES = 50  # in one run
BATCH = 1000  # rows


def _needs_company(context: ActionContext) -> ColumnElement[bool]:
    is_api = context.parameters["client_group"] == client_groups.API
    return and_(is_api, Client.company_id.is_(None))


class SetGroup(ClientAction):
    """Move clients to a group by hand; the staff of an owner moves along."""

    name = "set_group"
    meaning = _l("Move clients to another client group by hand")
    danger = True
    label = _l("Move to group")
    title = Counted("Move {n} client to {chosen}", "Move {n} clients to {chosen}")
    event = _l("{actor} moved {subject} to another group")
    done = _l("in the group")
    result = Counted("{n} client moved to {chosen}.", "{n} clients moved to {chosen}.")
    reason_required = True
    parameters: ClassVar = {
        "client_group": OneOf(
            label=_l("Group"),
            choices=client_groups.CLIENT_GROUPS,
            words=client_groups.WORDS,
            descriptions=client_groups.DESCRIPTIONS,
        )
    }
    watches = ("client_group",)
    restores = ("client_group",)
    rules = (
        Rule(
            "no_company",
            _l("{label} belongs to no company, and a program always does."),
            _needs_company,
            of_choice=True,
        ),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        is_there: ColumnElement[bool] = Client.client_group == context.parameters["client_group"]
        return is_there

    def apply(self, context: ActionContext, rows: Ids) -> None:
        self.update(rows, client_group=context.parameters["client_group"])

    def follow(self, context: ActionContext, rows: Ids) -> None:
        groups.move_staff(actor=context.actor, owners=rows)


class ExtraPermissions(ClientAction):
    """An action on permissions that clients have beside what their group may."""

    permission = "clients.set_permissions"
    event = _l("{actor} changed the extra permissions of {subject}")
    parameters: ClassVar = {
        "permissions": Lines(
            Client.extra_permissions,
            pattern=CODE,
            holds=MOST_CODES,
            label=_l("Permissions"),
            description=_l("Codes of your own product, one a line, such as transfers.approve."),
            required=True,
        )
    }
    watches = ("extra_permissions",)
    restores = ("extra_permissions",)

    def has(self, code: str) -> ColumnElement[bool]:
        """SQL: whether the client has the permission."""
        return _as_text().contains(json.dumps(code), autoescape=True)

    def changed(self, held: list[str], codes: list[str]) -> list[str]:
        """Return the permissions of a client who has these, after the action on those."""
        raise NotImplementedError

    def apply(self, context: ActionContext, rows: Ids) -> None:
        codes = context.parameters["permissions"]
        held = select(Client.id, Client.extra_permissions).where(Client.id.in_(rows))
        for batch in db.session.execute(held).partitions(BATCH):
            changes: list[dict[str, Any]] = [
                {"id": row.id, "extra_permissions": self.changed(row.extra_permissions, codes)}
                for row in batch
            ]
            db.session.execute(update(Client), changes)


def _as_text() -> ColumnElement[str]:
    return cast(Client.extra_permissions, String)


def _has_no_room(context: ActionContext) -> ColumnElement[bool]:
    added = sum(len(code) + 4 for code in context.parameters["permissions"])
    return func.length(_as_text()) + added > limits.TYPED


class GivePermissions(ExtraPermissions):
    name = "give_permissions"
    meaning = _l("Give clients extra permissions in your product, and take them")
    label = _l("Give extra permissions")
    title = Counted(
        "Give {n} client the permissions {chosen}", "Give {n} clients the permissions {chosen}"
    )
    done = _l("given the permissions")
    result = Counted(
        "{n} client given the permissions {chosen}.", "{n} clients given the permissions {chosen}."
    )
    danger = True
    rules = (
        Rule(
            "no_room",
            _l("{label} has no room for so many permissions."),
            _has_no_room,
            of_choice=True,
        ),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return and_(*map(self.has, context.parameters["permissions"]))

    def changed(self, held: list[str], codes: list[str]) -> list[str]:
        return sorted({*held, *codes})


class TakePermissions(ExtraPermissions):
    name = "take_permissions"
    label = _l("Take away extra permissions")
    title = Counted(
        "Take the permissions {chosen} from {n} client",
        "Take the permissions {chosen} from {n} clients",
    )
    done = _l("without the extra permissions")
    result = Counted(
        "{n} client without the extra permissions {chosen}.",
        "{n} clients without the extra permissions {chosen}.",
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return ~or_(*map(self.has, context.parameters["permissions"]))

    def changed(self, held: list[str], codes: list[str]) -> list[str]:
        return [code for code in held if code not in codes]

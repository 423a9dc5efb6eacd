"""Actions on people's groups and client tags: give and take them, never beyond one's own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Table,
    and_,
    exists,
    false,
    func,
    literal,
    not_,
    select,
    true,
)

from backoffice.actions import lasting, placement
from backoffice.actions.access import ENDS_AT, NO_ACCESS
from backoffice.actions.engine import relations
from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.parameters import Choose
from backoffice.actions.engine.rules import Counted, Rule
from backoffice.actions.people import (
    LAST_ADMINISTRATOR,
    ONESELF,
    OUTRANKED,
    foretold,
    grantable,
)
from backoffice.actions.users import ExclusiveUserAction, UserAction
from backoffice.extensions import db
from backoffice.models.associations import counts, is_current, user_client_tags, user_groups
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.row_keys import RowKey
from backoffice.models.user import User
from backoffice.people import access, access_memory
from backoffice.people.forecast import Change
from backoffice.policy import grants
from backoffice.policy.actor import Actor

GROUP = Choose(
    Group,
    lambda context: Group.id.in_(grantable(context)),
    label=_l("A group"),
    refusal=_l("You cannot assign this group."),
    prompt=_l("Choose a group."),
)
CLIENT_TAGS = Choose(
    ClientTag,
    lambda context: grants.allowed_client_tags(context.actor),
    label=_l("Client tags"),
    multiple=True,
    refusal=_l("One of these client tags is beyond your own."),
    prompt=_l("Choose client tags."),
)


def _groups_of(people: Ids) -> ColumnElement[bool]:
    group_ids = select(user_groups.c.group_id).where(user_groups.c.user_id.in_(people))
    return Group.id.in_(group_ids.where(is_current()))


def _client_tags_of(people: Ids) -> ColumnElement[bool]:
    tags = user_client_tags.c
    return ClientTag.id.in_(select(tags.client_tag_id).where(tags.user_id.in_(people)))


OWN_GROUP = replace(GROUP, held_by=_groups_of)
OWN_CLIENT_TAGS = replace(CLIENT_TAGS, held_by=_client_tags_of)


def _is_member(context: ActionContext) -> ColumnElement[bool]:
    return _number_of(user_groups, context.parameters["group"]) > 0


def _takes_last_administrator(context: ActionContext) -> ColumnElement[bool]:
    from_administrators = select(Group.id).where(
        Group.id.in_(context.parameters["group"]),
        Group.key == ADMINISTRATORS,
    )
    return and_(from_administrators.exists(), LAST_ADMINISTRATOR.refuses(context))


def _number_of(table: Table, others: list[int]) -> ScalarSelect[int]:
    """Return, in SQL, how many of `others` the user has."""
    user_id, other = table.primary_key.columns
    has = select(func.count()).where(user_id == User.id, other.in_(others), counts(table))
    return has.scalar_subquery()


def _takes_mask(context: ActionContext) -> ColumnElement[bool]:
    """SQL: whether the person may be masked by the group alone, and the actor sees no more."""
    masks = select(Group.id).where(Group.id.in_(context.parameters["group"]), Group.mask_data)
    return and_(literal(context.actor.mask_data), masks.exists(), not_(User.mask_data))


def _ends_mask(context: ActionContext) -> ColumnElement[bool]:
    if not context.undo_of and context.parameters["ends_at"] is None:
        return false()
    return _takes_mask(context)


STAYS_MASKED: str = _l("{label} sees masked data by this group, and you see no more yourself.")


def _is_strong(parameters: Mapping[str, Any]) -> bool:
    """Tell whether the group gives power over others, which needs a confirmation."""
    with db.session.no_autoflush:  # a run takes its lock before it writes anything
        strong_ids = grants.strong_group_ids(db.session())
    return not strong_ids.isdisjoint(parameters["group"])


class AddToGroup(UserAction):
    name = "add_to_group"
    permission = "users.assign_groups"
    label = _l("Add to group")
    title = Counted("Add {n} person to {chosen}", "Add {n} people to {chosen}")
    event = _l("{actor} added {subject} to {added}")
    done = _l("in the group")
    result = Counted("{n} person added to the group.", "{n} people added to the group.")
    parameters: ClassVar = {"group": GROUP, "ends_at": ENDS_AT}
    watches = ("groups",)
    inverse = "remove_from_group"
    rules = (
        *UserAction.rules,
        NO_ACCESS,
        lasting.LONGER_MEMBERSHIP,
        lasting.MEMBERSHIP_OVER,
        *placement.FITTING,
    )

    def check_gift(self, actor: Actor, parameters: Mapping[str, Any]) -> None:
        lasting.check_groups(actor, parameters["group"], parameters["ends_at"])

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return _is_member(context)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        group_ids = context.parameters["group"]
        ends_at = context.parameters.get("ends_at")
        access.join(rows, group_ids, ends_at, context.actor.user_id)
        if context.undo_of:
            access_memory.restore_memberships(context.undo_of, rows, group_ids)

    def details(self, rows: Ids) -> dict[RowKey, dict[str, object]]:
        return access.noted(rows)

    def memories(self, rows: Ids) -> dict[RowKey, dict[str, Any]]:
        return access_memory.of(rows)

    def needs_confirmation(self, parameters: Mapping[str, Any]) -> bool:
        return _is_strong(parameters)


def _foretold_removal(context: ActionContext, rows: Ids) -> list[str]:
    """Return who could sign in after people left the group, if it is Administrators."""
    own_key = select(Group.key).where(Group.id.in_(context.parameters["group"]))
    if db.session.scalar(own_key) != ADMINISTRATORS:
        return []
    return foretold(context, Change(removed=rows))


class RemoveFromGroup(ExclusiveUserAction):
    name = "remove_from_group"
    permission = "users.assign_groups"
    label = _l("Remove from group")
    title = Counted("Remove {n} person from {chosen}", "Remove {n} people from {chosen}")
    event = _l("{actor} removed {subject} from {removed}")
    done = _l("out of the group")
    result = Counted("{n} person removed from the group.", "{n} people removed from the group.")
    parameters: ClassVar = {"group": OWN_GROUP}
    watches = ("groups",)
    inverse = "add_to_group"
    rules = (
        ONESELF,
        OUTRANKED,
        Rule(
            LAST_ADMINISTRATOR.code,
            LAST_ADMINISTRATOR.sentence,
            _takes_last_administrator,
            of_choice=True,
        ),
        Rule("masked", STAYS_MASKED, _takes_mask, of_choice=True),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return ~_is_member(context)

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        return _foretold_removal(context, rows)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        relations.remove(rows, User, "groups", context.parameters["group"])

    def details(self, rows: Ids) -> dict[RowKey, dict[str, object]]:
        return access.noted(rows)

    def memories(self, rows: Ids) -> dict[RowKey, dict[str, Any]]:
        return access_memory.of(rows)

    def needs_confirmation(self, parameters: Mapping[str, Any]) -> bool:
        return _is_strong(parameters)


def _has_this_end(context: ActionContext) -> ColumnElement[bool]:
    ends_at = context.parameters["ends_at"]
    column = user_groups.c.ends_at
    return _membership(context, column == ends_at if ends_at else column.is_(None))


def _membership(context: ActionContext, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    """SQL: whether the person is in the chosen group, and the membership is such a one."""
    in_group = user_groups.c.group_id.in_(context.parameters["group"])
    return exists().where(user_groups.c.user_id == User.id, in_group, is_current(), *which)


def _ends_last_administrator(context: ActionContext) -> ColumnElement[bool]:
    if not context.undo_of and context.parameters["ends_at"] is None:
        return false()
    return _takes_last_administrator(context)


class MembershipEnd(ExclusiveUserAction):
    """An action on when memberships end; an end of the last administrator's is refused."""

    permission = "users.assign_groups"
    label = _l("Set end of membership")
    event = _l("{actor} set when a membership of {subject} ends")
    done = _l("given this end")
    parameters: ClassVar = {"group": OWN_GROUP}
    watches = ("groups",)
    inverse = "restore_membership_end"
    rules: ClassVar[tuple[Rule, ...]] = (
        ONESELF,
        OUTRANKED,
        Rule(
            "not_in_group",
            _l("{label} is not in this group."),
            lambda context: ~_is_member(context),
            of_choice=True,
        ),
        Rule(
            LAST_ADMINISTRATOR.code,
            LAST_ADMINISTRATOR.sentence,
            _ends_last_administrator,
            of_choice=True,
        ),
        Rule("masked", STAYS_MASKED, _ends_mask, of_choice=True),
    )

    def warnings(self, _context: ActionContext, _rows: Ids) -> list[str]:
        return []

    def needs_confirmation(self, parameters: Mapping[str, Any]) -> bool:
        return _is_strong(parameters)

    def details(self, rows: Ids) -> dict[RowKey, dict[str, object]]:
        return access.noted(rows)

    def memories(self, rows: Ids) -> dict[RowKey, dict[str, Any]]:
        return access_memory.of(rows)


class SetEndOfMembership(MembershipEnd):
    name = "set_membership_end"
    title = Counted(
        "Set the end of {n} membership: {chosen}", "Set the end of {n} memberships: {chosen}"
    )
    result = Counted("{n} membership has this end.", "{n} memberships have this end.")
    parameters: ClassVar = {"group": OWN_GROUP, "ends_at": ENDS_AT}

    def check_gift(self, actor: Actor, parameters: Mapping[str, Any]) -> None:
        lasting.check_groups(actor, parameters["group"], parameters["ends_at"])

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return _has_this_end(context)

    def warnings(self, context: ActionContext, rows: Ids) -> list[str]:
        return _foretold_removal(context, rows) if context.parameters["ends_at"] else []

    def apply(self, context: ActionContext, rows: Ids) -> None:
        ends_at = context.parameters["ends_at"]
        access.set_end(rows, context.parameters["group"], ends_at, context.actor.user_id)


class RestoreEndOfMembership(MembershipEnd):
    """Give memberships the end that they had before the run that is being undone."""

    name = "restore_membership_end"
    title = Counted(
        "Give {n} membership its former end: {chosen}",
        "Give {n} memberships their former end: {chosen}",
    )
    result = Counted("{n} membership has its former end.", "{n} memberships have their former end.")
    offered = False
    rules = (*MembershipEnd.rules, lasting.LONGER_MEMBERSHIP, lasting.FORMER_END_PASSED)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return false() if context.undo_of else true()

    def apply(self, context: ActionContext, rows: Ids) -> None:
        group_ids = context.parameters["group"]
        access_memory.restore_memberships(context.undo_of, rows, group_ids)


class AddClientTags(UserAction):
    name = "add_client_tags"
    permission = "users.assign_scope"
    label = _l("Add client tags")
    title = Counted(
        "Give {n} person the client tags {chosen}", "Give {n} people the client tags {chosen}"
    )
    event = _l("{actor} added {added} to the client tags of {subject}")
    done = _l("given the client tags")
    result = Counted("{n} person given the client tags.", "{n} people given the client tags.")
    parameters: ClassVar = {"tags": CLIENT_TAGS}
    watches = ("client_tags",)
    undo_relations = ("client_tags",)
    inverse = "remove_client_tags"
    rules = (
        OUTRANKED,
        Rule(
            "all",
            _l("{label} is allowed every client tag."),
            lambda _context: User.client_tags_mode == "all",
        ),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if context.undo_of:
            return false()
        tags = context.parameters["tags"]
        has_all: ColumnElement[bool] = _number_of(user_client_tags, tags) == len(tags)
        return has_all

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.undo_of:
            relations.restore(context, rows, User, "client_tags")
        else:
            relations.add(rows, User, "client_tags", context.parameters["tags"])


def _leaves_nothing(context: ActionContext) -> ColumnElement[bool]:
    """Return the SQL condition for people allowed only the tags that would be taken.

    A person in the mode "only" must keep a tag: without one, nobody has decided what they may see.
    """
    if context.undo_of:
        return false()
    kept = select(user_client_tags.c.user_id).where(
        user_client_tags.c.user_id == User.id,
        user_client_tags.c.client_tag_id.not_in(context.parameters["tags"]),
    )
    return and_(User.client_tags_mode == "only", ~kept.exists())


class RemoveClientTags(UserAction):
    name = "remove_client_tags"
    permission = "users.assign_scope"
    label = _l("Remove client tags")
    title = Counted(
        "Take the client tags {chosen} from {n} person",
        "Take the client tags {chosen} from {n} people",
    )
    event = _l("{actor} removed {removed} from the client tags of {subject}")
    done = _l("without the client tags")
    result = Counted("{n} person without the client tags.", "{n} people without the client tags.")
    parameters: ClassVar = {"tags": OWN_CLIENT_TAGS}
    watches = ("client_tags",)
    undo_relations = ("client_tags",)
    inverse = "add_client_tags"
    rules = (
        OUTRANKED,
        Rule(
            "nothing_left",
            _l("{label} would be left with no client tag."),
            _leaves_nothing,
            of_choice=True,
        ),
    )

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        if context.undo_of:
            return false()
        has_none: ColumnElement[bool] = (
            _number_of(user_client_tags, context.parameters["tags"]) == 0
        )
        return has_none

    def apply(self, context: ActionContext, rows: Ids) -> None:
        if context.undo_of:
            relations.restore(context, rows, User, "client_tags")
        else:
            relations.remove(rows, User, "client_tags", context.parameters["tags"])

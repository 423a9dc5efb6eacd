"""Keep views of lists under names, share them with groups, and find those that a person sees.

A view is nothing but the address of a list: whoever opens it sees what their own rights allow.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, select, union_all
from sqlalchemy.orm import selectinload

from backoffice import events, limits
from backoffice.errors import Conflict, GrantExceeded, NotAllowed, NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.saved_view import NAME_LENGTH, SavedView, saved_view_groups
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.grants import grantable_group_ids
from backoffice.policy.permissions import area_of
from backoffice.policy.rules import can, sees
from backoffice.text import N_, name_key
from backoffice.transactions import is_writing, lock

SHARE = "saved_views.share"
NOTED = (N_("List"), N_("Asks for"))  # headings of what events keep of a view


def visible(actor: Actor, screen: str) -> Sequence[SavedView]:
    """Return the views of a list that the actor sees as tabs: first their own, then shared ones."""
    statement = (
        select(SavedView)
        .where(SavedView.screen == screen, _is_seen(actor))
        .order_by(SavedView.user_id != actor.user_id, SavedView.name_key, SavedView.id)
        .limit(limits.VIEW_TABS)
    )
    return db.session.scalars(statement).all()


def own(actor: Actor, screen: str) -> Sequence[SavedView]:
    """Return the actor's own views of a list, with the groups that they are shared with."""
    return _with_groups(screen, SavedView.user_id == actor.user_id)


def shared(actor: Actor, screen: str) -> Sequence[SavedView]:
    """Return the views of others that the actor sees, with the groups they are shared with."""
    return _with_groups(screen, and_(_is_seen(actor), SavedView.user_id != actor.user_id))


def _with_groups(screen: str, wanted: ColumnElement[bool]) -> Sequence[SavedView]:
    statement = (
        select(SavedView)
        .where(SavedView.screen == screen, wanted)
        .options(selectinload(SavedView.groups))
        .order_by(SavedView.name_key, SavedView.id)
        .limit(limits.SAVED_VIEWS)
    )
    return db.session.scalars(statement).all()


def get(*, actor: Actor, screen: str, view_id: int) -> SavedView:
    """Return a view that the actor sees. Raises NotFound for any other."""
    return _found(screen, view_id, _is_seen(actor))


def get_own(*, actor: Actor, screen: str, view_id: int) -> SavedView:
    """Return a view of the actor's own. Raises NotFound for any other."""
    return _found(screen, view_id, SavedView.user_id == actor.user_id)


def _found(screen: str, view_id: int, wanted: ColumnElement[bool]) -> SavedView:
    statement = select(SavedView).where(SavedView.id == view_id, SavedView.screen == screen, wanted)
    if is_writing():
        statement = statement.with_for_update(of=SavedView)
        statement = statement.execution_options(populate_existing=True)
    view = db.session.scalar(statement)
    if view is None:
        raise NotFound(_("There is no view with this number, or it is not yours to see."))
    return view


def _is_seen(actor: Actor) -> ColumnElement[bool]:
    """SQL: whether the view is the actor's own, or is shared with one of their groups.

    The two are joined by UNION, because no index serves conditions with OR between them.
    """
    own_ids = select(SavedView.id).where(SavedView.user_id == actor.user_id).correlate(None)
    shared_ids = select(saved_view_groups.c.saved_view_id).where(
        saved_view_groups.c.group_id.in_(actor.group_ids)
    )
    return SavedView.id.in_(union_all(own_ids, shared_ids))


def groups_to_share_with(actor: Actor) -> list[tuple[int, str]]:
    """Return the groups that the actor may show views to, as (id, name).

    These are the actor's own groups and, for those who see groups, the ones that they can assign.
    Without the permission to share there are none.
    """
    if not can(actor, SHARE):
        return []
    ids = set(actor.group_ids)
    if sees(actor, Group):
        ids |= grantable_group_ids(db.session(), actor)
    statement = select(Group.id, Group.name).where(Group.id.in_(ids)).order_by(Group.name_key)
    return [(row.id, row.name) for row in db.session.execute(statement.limit(limits.RELATED))]


def create(
    *, actor: Actor, screen: str, name: str, address: str, group_ids: Iterable[int] = ()
) -> SavedView:
    """Save an address under a name.

    The caller has locked the actor's own row, so two requests of one person come one after the
    other. Raises RuleBroken or GrantExceeded with the field it belongs to.
    """
    number = select(func.count()).where(SavedView.user_id == actor.user_id)
    if (db.session.scalar(number) or 0) >= limits.SAVED_VIEWS:
        text = _("You have %(most)s views. Delete one first.", most=limits.SAVED_VIEWS)
        raise RuleBroken(text, field="name")
    assert actor.user_id is not None  # commands keep no views
    view = SavedView(user_id=actor.user_id, screen=screen)
    _write(actor, view, name, address, group_ids)
    db.session.add(view)
    db.session.flush()
    _record(actor, "save_view", view, after=_noted(view))
    return view


def change(
    *,
    actor: Actor,
    view: SavedView,
    version: int | None,
    name: str | None = None,
    address: str | None = None,
    group_ids: Iterable[int] | None = None,
) -> None:
    """Change a view of the actor's own that was read at `version`; None leaves a part as it is.

    Raises Conflict, and RuleBroken or GrantExceeded with the field it belongs to.
    """
    if version != view.version:
        raise Conflict(_("You changed this view meanwhile, in another window."), current=view)
    before = _noted(view)
    shown_to = [group.id for group in view.groups] if group_ids is None else group_ids
    _write(actor, view, name or view.name, address or view.address, shown_to)
    if not db.session.is_modified(view):
        return
    view.version += 1
    db.session.flush()
    _record(actor, "change_view", view, before=before, after=_noted(view))


def delete(*, actor: Actor, view: SavedView) -> None:
    """Delete a view of the actor's own, also for those whom it is shared with."""
    before = _noted(view)
    db.session.delete(view)
    db.session.flush()
    _record(actor, "delete_view", view, before=before)


def _write(
    actor: Actor, view: SavedView, name: str, address: str, group_ids: Iterable[int]
) -> None:
    _check_name(view, name)
    if len(address) > limits.SAVED_VIEW:
        raise RuleBroken(_("Too much is filtered here for a view. Take some filters off."))
    groups = _groups(actor, view, frozenset(group_ids))
    view.name = name
    view.name_key = name_key(name)
    view.address = address
    if {group.id for group in view.groups} != {group.id for group in groups}:
        view.groups = groups


def _check_name(view: SavedView, name: str) -> None:
    key = name_key(name)
    if not key:
        raise RuleBroken(_("Give the view a name."), field="name")
    if len(key) > NAME_LENGTH:
        raise RuleBroken(_("Use fewer or simpler characters."), field="name")
    same = select(SavedView.id).where(
        SavedView.user_id == view.user_id,
        SavedView.screen == view.screen,
        SavedView.name_key == key,
    )
    if db.session.scalar(same) not in (None, view.id):
        raise RuleBroken(_("Another view of yours has this name."), field="name")


def _groups(actor: Actor, view: SavedView, ids: frozenset[int]) -> list[Group]:
    """Return the groups that a view is to be shown to.

    All of them have to be the actor's to share with now, also those that see it already: whoever
    may not share any more may not change what others see, and can only take it back.
    """
    if not ids:
        return []
    allowed = dict(groups_to_share_with(actor))
    if sentence := _refusal(actor, ids - allowed.keys()):
        raise GrantExceeded(sentence, field="groups", code=SHARE)
    for group_id in sorted(ids - {group.id for group in view.groups}):
        _require_room(view.screen, group_id, allowed[group_id])
    # Locked, so that none of them is deleted before this is written.
    wanted = select(Group).where(Group.id.in_(ids)).order_by(Group.id)
    groups = list(db.session.scalars(wanted.with_for_update(read=True, of=Group)))
    if len(groups) < len(ids):
        raise RuleBroken(_("One of these groups is gone. Choose again."), field="groups")
    return groups


def _refusal(actor: Actor, beyond: frozenset[int]) -> str:
    """Return why the actor may not share views with these groups, or '' if there are none."""
    if not beyond:
        return ""
    if not can(actor, SHARE):
        return _("You may not share views. Share it with nobody, or ask an administrator.")
    return _("You may share a view only with groups of yours, or that you can assign.")


def _require_room(screen: str, group_id: int, name: str) -> None:
    """Raise RuleBroken if a group is shown as many views of a list as it can be."""
    lock(f"saved views of group {group_id}")
    shown = select(func.count()).select_from(saved_view_groups).join(SavedView)
    shown = shown.where(saved_view_groups.c.group_id == group_id, SavedView.screen == screen)
    if (db.session.scalar(shown) or 0) >= limits.SHARED_VIEWS:
        text = _(
            "%(group)s is shown %(most)s views of this list already.",
            group=name,
            most=limits.SHARED_VIEWS,
        )
        raise RuleBroken(text, field="groups")


def _noted(view: SavedView) -> dict[str, object]:
    """Return what events keep of a view.

    They keep the names of its filters and not their values: a search may be a person's name.
    """
    asked = sorted({key for key, _value in parse_qsl(view.address)})
    return {
        "name": view.name,
        "list": view.screen,
        "asks_for": asked,
        "groups": [group.name for group in view.groups],
    }


def _record(actor: Actor, action: str, view: SavedView, **values: dict[str, object]) -> None:
    """Append an event about the owner, with whom it is emptied."""
    events.record(
        actor=actor,
        action=f"account.{action}",
        subject=(area_of(User), view.user_id),
        **values,
    )


def stop_sharing(*, actor: Actor, view: SavedView, group_id: int) -> None:
    """Take a view away from a group.

    Its owner may do so, and whoever may share views with the group: else a view of somebody who
    left would stay there for good. Raises NotAllowed.
    """
    if view.user_id != actor.user_id and group_id not in dict(groups_to_share_with(actor)):
        raise NotAllowed(_("You may not decide which views this group is shown."), code=SHARE)
    before = _noted(view)
    view.groups = [group for group in view.groups if group.id != group_id]
    if not db.session.is_modified(view):
        return
    view.version += 1
    db.session.flush()
    _record(actor, "change_view", view, before=before, after=_noted(view))

"""View the pages as another person gets them: begin it, check it at every request, end it.

What is viewed is kept in the row of the session, and nothing can be changed meanwhile.
"""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from backoffice import clock, events, limits
from backoffice.auth import security_notifications
from backoffice.auth.actors import actor_of
from backoffice.data import records
from backoffice.errors import NotAllowed, RuleBroken
from backoffice.extensions import db
from backoffice.models.session import Session
from backoffice.models.user import User
from backoffice.policy import grants
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can, require
from backoffice.policy.step_up import require_recent
from backoffice.settings import Settings
from backoffice.text import N_, without_invisible

CODE = "users.view_as"
LEAVING = "users.leave_view"
CHANGING = "users.while_viewing"  # what was refused meanwhile
LASTS = timedelta(seconds=limits.VIEWING)
# Why it ended: stored like this as the reason of the event, and translated when that is shown.
TIME_IS_OVER = N_("after %(minutes)s minutes")
CHANGED = N_("because what one of the two may do was changed")
ENDINGS = (TIME_IS_OVER, CHANGED)


def begin(*, actor: Actor, user_id: int, reason: str, settings: Settings) -> User:
    """Have the actor's session view as this person from now on, and return the person.

    Raises NotFound, NotAllowed, RuleBroken (field reason) or ConfirmationNeeded.
    """
    if actor.viewed_by:
        raise NotAllowed(_("Leave first: you view as somebody else."), code=CODE)
    person = viewable(actor, user_id)
    reason = _checked(reason)
    require_recent(actor)
    own = _locked_session(actor)
    own.viewing_id = person.id
    own.viewing_until = clock.now() + LASTS
    own.viewing_rights = _rights(actor, actor_of(person), person)
    if settings.view_as_notices:
        security_notifications.viewed(
            person, by=actor.name or actor.label, reason=reason, settings=settings
        )
    events.record(actor=actor, action=CODE, subject=("users", person.id), reason=reason)
    return person


def _checked(reason: str) -> str:
    reason = without_invisible(reason).strip()
    if not reason:
        raise RuleBroken(_("Say why: it is kept in the events."), field="reason")
    if len(reason) > limits.REASON:
        message = _("Use at most %(number)s characters.", number=limits.REASON)
        raise RuleBroken(message, field="reason")
    return reason


def viewable(actor: Actor, user_id: int) -> User:
    """Return the person if the actor may view as them. Raises NotFound or NotAllowed."""
    require(actor, CODE)
    person = records.get(actor=actor, model=User, row_id=user_id)
    if refused := refusal(actor, person):
        raise NotAllowed(refused, code=CODE)
    return person


def refusal(actor: Actor, person: User) -> str:
    """Return why the actor, who has the permission, may not view as this person, or ''.

    Nobody sees more by it than they see themselves.
    """
    if person.id == actor.user_id:
        return str(_("These are your own pages already."))
    if person.status != "active":
        return str(_("%(label)s is not active.", label=person.label))
    if outranked := records.out_of_reach(actor, person):
        return outranked
    if grants.codes_beyond(actor, actor_of(person).permissions):
        return str(_("%(label)s may do or see what you may not.", label=person.label))
    return ""


def viewed(actor: Actor, session: Session, settings: Settings) -> Actor | None:
    """Return whom the session views as, with the actor as `viewed_by`; None if that is over.

    It is over after a while, and as soon as either side is not what it was at the beginning.
    """
    person = _person(session)
    if person is None or _ending(actor, person, session):
        return None
    as_person = actor_of(person, settings, ip=actor.ip, request_id=actor.request_id)
    return replace(_masked_by_both(actor, as_person), viewed_by=actor)


def _masked_by_both(actor: Actor, as_person: Actor) -> Actor:
    """Return the actor for the person, who sees masked what either of the two sees masked."""
    if not actor.mask_data:
        return as_person
    revealed = actor.revealed
    if as_person.mask_data:
        revealed = {
            area: ids & actor.revealed.get(area, frozenset())
            for area, ids in as_person.revealed.items()
        }
    return replace(as_person, mask_data=True, revealed=revealed)


def end(*, actor: Actor) -> str:
    """End viewing in the actor's own session, and return why if it was over already, else ''.

    Nothing happens in a session that views as nobody.
    """
    own = _locked_session(actor)
    if own.viewing_id is None:
        return ""
    reason = _ending(actor, _person(own), own)
    events.record(actor=actor, action=LEAVING, subject=("users", own.viewing_id), reason=reason)
    own.viewing_id = own.viewing_until = None
    own.viewing_rights = ""
    return reason


def _locked_session(actor: Actor) -> Session:
    statement = (
        select(Session)
        .where(Session.id == actor.session_id, Session.user_id == actor.user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(statement).one()


def _person(session: Session) -> User | None:
    return db.session.get(User, session.viewing_id) if session.viewing_id else None


def _ending(actor: Actor, person: User | None, session: Session) -> str:
    """Return why viewing is over, as it is stored, or '' while it goes on."""
    if session.viewing_until is None or session.viewing_until <= clock.now():
        return TIME_IS_OVER % {"minutes": limits.VIEWING // 60}
    if person is None or not can(actor, CODE) or refusal(actor, person):
        return CHANGED
    if session.viewing_rights != _rights(actor, actor_of(person), person):
        return CHANGED
    return ""


def _rights(actor: Actor, as_person: Actor, person: User) -> str:
    """Return a hash of what the two can do, and of what they prove who they are by."""
    viewer = db.session.get_one(User, actor.user_id)
    sides = [_side(actor, viewer), _side(as_person, person)]
    return hashlib.sha256(json.dumps(sides).encode()).hexdigest()


def _side(actor: Actor, user: User) -> list[object]:
    return [
        user.id,
        user.credential_version,
        user.status,
        sorted(actor.group_ids),
        sorted(actor.permissions),
        actor.all_permissions,
        actor.client_tags_mode,
        sorted(actor.client_tag_ids),
        actor.countries_mode,
        sorted(actor.countries),
        actor.mask_data,
    ]

"""Foretell who of the administrators could sign in after a change, how, and from where.

A change that could lock people out is described, not made: `Change` says who would lose access, who
would leave Administrators, and what would become of second factors and whitelists.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext as _n
from sqlalchemy import Select, and_, exists, func, select

from backoffice.auth import networks
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.models.associations import is_current, user_groups
from backoffice.models.group import ADMINISTRATORS, Group
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.policy import second_factor
from backoffice.policy.actor import Actor
from backoffice.policy.rules import named, sees
from backoffice.settings import Settings, configured
from backoffice.text.numbers import formatted

LOOKED_AT = 200  # administrators; more are only counted
NAMED = 3  # of those who could sign in
PLACES_NAMED = 2

Ids = Select[Any]


@dataclass(frozen=True)
class Change:
    """What would be done, to people whose ids are selected.

    Attributes:
        blocked: who could not sign in any more: blocked, revoked, deleted, a password handed over.
        removed: who would not be in Administrators any more, or only until a certain time.
        two_factor: the second factor that people would have instead of theirs.
        whitelist: the addresses from which they could sign in alone.
        settings: the settings that would be in force; by default those that are.
    """

    blocked: Ids | None = None
    removed: Ids | None = None
    two_factor: tuple[Ids, str] | None = None
    whitelist: tuple[Ids, Sequence[str]] | None = None
    settings: Settings | None = None

    @property
    def is_none(self) -> bool:
        """Whether nothing would be done."""
        return all(value is None for value in vars(self).values())


@dataclass(frozen=True)
class Outlook:
    """How one administrator could sign in.

    Attributes:
        user_id, name: who it is.
        factor: the second factor: "disabled", "email" or "totp".
        places: the addresses and networks from which it is possible; empty for any.
    """

    user_id: int
    name: str
    factor: str
    places: Sequence[str] = ()


@dataclass(frozen=True)
class Forecast:
    """Who could sign in.

    Attributes:
        could: the administrators who could, as far as they were looked at.
        is_oneself_out: whether the actor could not any more.
        all_looked_at: whether there are no more administrators than were looked at.
    """

    could: Sequence[Outlook] = field(default=())
    is_oneself_out: bool = False
    all_looked_at: bool = True

    @property
    def nobody(self) -> bool:
        """Whether no administrator could sign in."""
        return not self.could and self.all_looked_at


def forecast(actor: Actor, change: Change) -> Forecast:
    """Return who of the administrators could sign in after the change, and whether the actor could.

    An administrator counts who is one without an end, has a password of their own and, with a
    whitelist, would be let in where they signed in last; of the actor, where they are now.
    """
    rows = _administrators(actor)
    could = _outlooks(actor, change, rows[:LOOKED_AT])
    return Forecast(could, _is_oneself_out(actor, change), len(rows) <= LOOKED_AT)


def require_somebody(actor: Actor, change: Change, *, field: str) -> None:
    """Raise RuleBroken at the field if the change would leave no administrator who could sign in.

    Where nobody could before either, it is allowed: it makes nothing worse.
    """
    if forecast(actor, change).nobody and not forecast(actor, Change()).nobody:
        raise RuleBroken(
            _(
                "After this no administrator could sign in from where they signed in last. "
                "Leave at least one a way in."
            ),
            field=field,
        )


def touches(change: Change) -> bool:
    """Return whether the change is about an administrator who can sign in now."""
    named = (change.two_factor or (None,))[0], (change.whitelist or (None,))[0]
    everybody = [ids for ids in (change.blocked, change.removed, *named) if ids is not None]
    administers = and_(User.id.in_(_members()), User.can_sign_in())
    return any(
        db.session.scalar(select(exists().where(User.id.in_(ids), administers)))
        for ids in everybody
    )


def sentences(actor: Actor, change: Change) -> list[str]:
    """Return the forecast as people read it, for those who see people and groups."""
    foretold = forecast(actor, change)
    told = [_told(foretold, change)] if sees(actor, User) and sees(actor, Group) else []
    if foretold.is_oneself_out:
        told.append(_("You yourself could not sign in any more."))
    return told


def besides(actor: Actor, change: Change) -> str:
    """Return who can sign in although the change were made, for the form in which it may be.

    It is empty for those who do not see people and groups.
    """
    if not (sees(actor, User) and sees(actor, Group)):
        return ""
    foretold = forecast(actor, change)
    if not foretold.could:
        return str(_("No other administrator can sign in."))
    named = ", ".join(_described(each, configured()) for each in foretold.could[:NAMED])
    return str(
        _("Administrators who can sign in whatever is changed here: %(names)s.", names=named)
    )


def _told(foretold: Forecast, change: Change) -> str:
    settings = change.settings or configured()
    number = len(foretold.could)
    if not number and foretold.all_looked_at:
        return _nobody(change)
    named = ", ".join(_described(each, settings) for each in foretold.could[:NAMED])
    if (more := number - NAMED) > 0:
        others = _n("%(number)s more", "%(number)s more", more, number=formatted(more))
        named = f"{named}, {others}"
    told = formatted(number) if foretold.all_looked_at else f"{formatted(number)}+"
    return _somebody(change, number, number=told, names=named)


def _nobody(change: Change) -> str:
    if change.is_none:
        return str(_("No administrator can sign in."))
    return str(_("Afterwards no administrator could sign in."))


def _somebody(change: Change, plural: int, **told: str) -> str:
    if change.is_none:
        return _n(
            "%(number)s administrator can sign in: %(names)s.",
            "%(number)s administrators can sign in: %(names)s.",
            plural,
            **told,
        )
    return _n(
        "Afterwards %(number)s administrator could sign in: %(names)s.",
        "Afterwards %(number)s administrators could sign in: %(names)s.",
        plural,
        **told,
    )


def _described(outlook: Outlook, settings: Settings) -> str:
    """Return the name with how and from where they could sign in."""
    ways: Mapping[str, str] = {
        "totp": _("password and app"),
        "email": _("password and e-mail code"),
        "disabled": _("password alone"),
    }
    way = ways[outlook.factor]
    if second_factor.is_due(outlook.factor, [Group(key=ADMINISTRATORS, name="")], settings):
        before = _("password") if outlook.factor == "disabled" else way
        way = _("%(way)s, and then has to set up an app", way=before)
    parts = [way]
    if outlook.places:
        shown = ", ".join(outlook.places[:PLACES_NAMED])
        more = "…" if len(outlook.places) > PLACES_NAMED else ""
        parts.append(_("only from %(places)s", places=f"{shown}{more}"))
    return f"{outlook.name} ({', '.join(parts)})"


def _members() -> Ids:
    """Select the ids of the administrators, with or without an end."""
    in_group = (user_groups.c.group_id == Group.id, Group.key == ADMINISTRATORS, is_current())
    return select(user_groups.c.user_id).where(*in_group)


def _administrators(actor: Actor) -> Sequence[Any]:
    """Read the administrators without an end: as many as are looked at, and one more.

    Each is called as the actor may read it.
    """
    endless = _members().where(user_groups.c.ends_at.is_(None))
    columns = (
        User.id,
        named(actor, User).label("name"),
        User.can_sign_in().label("can_sign_in"),
        User.two_factor,
        User.ip_whitelist,
    )
    statement = select(*columns).where(User.id.in_(endless)).order_by(User.id)
    return db.session.execute(statement.limit(LOOKED_AT + 1)).all()


def _outlooks(actor: Actor, change: Change, rows: Sequence[Any]) -> list[Outlook]:
    """Return how those of the administrators could sign in who could."""
    known = _last_places(actor, [row.id for row in rows])
    return [
        each
        for each in _with_access(change, rows)
        if each.user_id not in known or networks.admits(each.places, known[each.user_id])
    ]


def _with_access(change: Change, rows: Sequence[Any]) -> Iterator[Outlook]:
    """Yield the administrators who would have access, with what the change makes of it."""
    ids = [row.id for row in rows if row.can_sign_in]
    out = _among(change.blocked, ids) | _among(change.removed, ids)
    factor_of, factor = change.two_factor or (None, "")
    places_of, places = change.whitelist or (None, ())
    other_factor, other_places = _among(factor_of, ids), _among(places_of, ids)
    for row in rows:
        if row.can_sign_in and row.id not in out:
            its_factor = factor if row.id in other_factor else row.two_factor
            its_places = places if row.id in other_places else row.ip_whitelist
            yield Outlook(row.id, row.name, its_factor, its_places)


def _among(people: Ids | None, ids: Sequence[int]) -> set[int]:
    """Return those of the ids that are selected."""
    if people is None:
        return set()
    return set(db.session.scalars(select(User.id).where(User.id.in_(people), User.id.in_(ids))))


def _last_places(actor: Actor, ids: Sequence[int]) -> dict[int | None, str]:
    """Return the addresses from which people signed in last, or of the actor, asks now."""
    latest = (
        select(func.max(SignInAttempt.id))
        .where(SignInAttempt.user_id.in_(ids), SignInAttempt.result == "ok")
        .group_by(SignInAttempt.user_id)
    )
    statement = select(SignInAttempt.user_id, SignInAttempt.ip)
    known = dict(db.session.execute(statement.where(SignInAttempt.id.in_(latest))).all())
    known[actor.user_id] = actor.ip
    return {user_id: ip for user_id, ip in known.items() if ip}


def _is_oneself_out(actor: Actor, change: Change) -> bool:
    """Return whether the change would keep the actor from signing in where they are."""
    if not actor.user_id:
        return False
    own = [actor.user_id]
    places_of, places = change.whitelist or (None, ())
    is_kept_out = bool(_among(places_of, own)) and not networks.admits(places, actor.ip)
    return is_kept_out or bool(_among(change.blocked, own))

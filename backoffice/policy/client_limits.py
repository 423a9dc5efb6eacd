"""Compare which clients people see, and how much of them: nobody gives others more than they have.

A client has any number of tags, and a country or none. Limits are compared by the clients that they
may ever let through, not by those that there are today.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, false, not_, or_
from sqlalchemy.orm import aliased

from backoffice.models import fields
from backoffice.models.associations import user_client_tags, user_groups
from backoffice.models.group import Group
from backoffice.models.kinds.documents import Countries
from backoffice.models.user import User
from backoffice.policy.actor import Actor

COUNTRIES = Countries()
# The sentence about a group whose mask the actor cannot take from anybody; {label} is its name.
STAYS_MASKED: str = _l("Members of {label} see masked data, and you see no more yourself.")


@dataclass(frozen=True)
class Limit:
    """A limit by tags (ids) or countries (codes): all, "only" these, or all "except" these."""

    mode: str
    values: frozenset[Any]

    @property
    def lets_all_through(self) -> bool:
        """Whether it is no limit; to leave out nothing is none."""
        return self.mode == "all" or (self.mode == "except" and not self.values)

    def lets_through(self, value: object) -> bool:
        """Return whether a client with this one value, or with None, is let through."""
        return self.mode == "all" or (value in self.values) == (self.mode == "only")


def tags_of(actor: Actor) -> Limit:
    """Return the actor's own limit by client tags."""
    return Limit(actor.client_tags_mode, actor.client_tag_ids)


def countries_of(actor: Actor) -> Limit:
    """Return the actor's own limit by countries."""
    return Limit(actor.countries_mode, actor.countries)


def within_tags(limit: Limit, own: Limit) -> bool:
    """Return whether a limit by tags lets no client through that `own` does not.

    A client with one of some tags may have any other one too, so "only these" is never within "all
    except those".
    """
    if limit.mode == "only" and limit.values and own.mode == "except":
        return own.lets_all_through
    return _is_within(limit, own)


def within_countries(limit: Limit, own: Limit) -> bool:
    """Return whether a limit by countries lets no client through that `own` does not."""
    return _is_within(limit, own)


def _is_within(limit: Limit, own: Limit) -> bool:
    if own.lets_all_through:
        return True
    if limit.lets_all_through:
        return False
    if own.mode == limit.mode:
        narrower, wider = (limit, own) if own.mode == "only" else (own, limit)
        return narrower.values <= wider.values
    # Of the two modes, "except" also lets through what has no value, and what is not known yet.
    return limit.mode == "only" and limit.values.isdisjoint(own.values)


def sees_more(actor: Actor, user_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """SQL: whether the user may see clients whom the actor may not, or more of them.

    A mask that ends counts as none: whoever took over the user would see everything then.
    """
    person = aliased(User)
    more: list[ColumnElement[bool]] = []
    if not tags_of(actor).lets_all_through:
        more.append(_has_more_tags(tags_of(actor), person))
    if not countries_of(actor).lets_all_through:
        more.append(_has_more_countries(countries_of(actor), person))
    if actor.mask_data:
        more.append(not_(stays_masked(person)))
    return exists().where(person.id == user_id, or_(*more)) if more else false()


def _has_more_tags(own: Limit, person: type[User]) -> ColumnElement[bool]:
    """SQL: whether the person's tags are not within `own`, as `within_tags` has it."""
    tag_id = user_client_tags.c.client_tag_id
    has_one = exists().where(user_client_tags.c.user_id == person.id)
    return _is_wider(
        own,
        person.client_tags_mode,
        has_others=has_one.where(tag_id.not_in(own.values)),
        overlaps=has_one,
        has_all=and_(True, *(has_one.where(tag_id == each) for each in sorted(own.values))),
    )


def _has_more_countries(own: Limit, person: type[User]) -> ColumnElement[bool]:
    """SQL: whether the person's countries are not within `own`, as `within_countries` has it."""
    every = COUNTRIES.values(fields.column(User, "countries"))
    has_any = partial(COUNTRIES.has_any, person.countries)
    return _is_wider(
        own,
        person.countries_mode,
        has_others=has_any(set(every) - own.values),
        overlaps=has_any(own.values),
        has_all=and_(True, *(has_any([code]) for code in own.values)),
    )


def _is_wider(
    own: Limit,
    mode: SQLColumnExpression[str],
    *,
    has_others: ColumnElement[bool],
    overlaps: ColumnElement[bool],
    has_all: ColumnElement[bool],
) -> ColumnElement[bool]:
    """SQL: whether a limit in this mode is wider than `own`.

    Args:
        has_others: whether it has a value that is not one of `own`.
        overlaps: whether "only these" lets through what `own` leaves out.
        has_all: whether it has all values of `own`.
    """
    if own.mode == "only":
        return or_(mode != "only", has_others)
    return or_(
        mode == "all",
        and_(mode == "only", overlaps),
        and_(mode == "except", not_(has_all)),
    )


def stays_masked(person: type[User] = User) -> ColumnElement[bool]:
    """SQL: whether the person sees personal data of clients masked, and no end of it is known.

    The mask is their own, or that of a group in which they are without an end.
    """
    group = aliased(Group)
    by_group = exists().where(
        user_groups.c.user_id == person.id,
        user_groups.c.group_id == group.id,
        group.mask_data,
        user_groups.c.ends_at.is_(None),
    )
    return or_(person.mask_data, by_group)


def shown_without(actor: Actor, tag_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """SQL: whether somebody would see clients whom the actor may not, if there were no such tag.

    Those are people who see all clients except those with the tag. What is compared is which
    clients with the tag both may ever see, so that the answer tells of no client.
    """
    tags, countries = tags_of(actor), countries_of(actor)
    person = aliased(User)
    held = user_client_tags.alias()
    more: list[ColumnElement[bool]] = []
    if tags.mode == "except" and not tags.lets_all_through:
        more.append(_has_more_tags(tags, person))
    if not countries.lets_all_through:
        more.append(_has_more_countries(countries, person))
    return exists().where(
        held.c.client_tag_id == tag_id,
        held.c.user_id == person.id,
        person.client_tags_mode == "except",
        or_(false(), *more),
    )

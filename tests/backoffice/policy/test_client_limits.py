"""Limits are compared by the clients that they let through, in Python and in SQL alike."""

from collections.abc import Collection
from itertools import chain, combinations, product
from typing import Any

from flask import Flask
from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.policy import client_limits
from backoffice.policy.actor import Actor
from backoffice.policy.client_limits import Limit, within_countries, within_tags
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle

TAGS = (1, 2, 3)  # the last one is of the future
COUNTRIES = ("DE", "FR", "PL")


def subsets(values: Any) -> list[tuple[Any, ...]]:
    return list(chain.from_iterable(combinations(values, n) for n in range(len(values) + 1)))


def limits_of(values: Any) -> list[Limit]:
    """Return every limit by the first two values."""
    listed = [
        Limit(mode, frozenset(each)) for mode in ("only", "except") for each in subsets(values[:2])
    ]
    return [Limit("all", frozenset()), *listed]


def seen_by_tags(limit: Limit) -> set[tuple[int, ...]]:
    """Return which clients, as the tags that they have, the limit lets through."""
    clients = subsets(TAGS)
    if limit.mode == "all":
        return set(clients)
    wanted = limit.mode == "only"
    return {tags for tags in clients if bool(limit.values & set(tags)) == wanted}


def seen_by_country(limit: Limit) -> set[str | None]:
    clients = (*COUNTRIES, None)
    if limit.mode == "all":
        return set(clients)
    return {country for country in clients if (country in limit.values) == (limit.mode == "only")}


def test_tags_are_within_others_if_they_show_no_other_client() -> None:
    for limit, own in product(limits_of(TAGS), repeat=2):
        shows_no_more = seen_by_tags(limit) <= seen_by_tags(own)
        assert within_tags(limit, own) == shows_no_more, (limit, own)


def test_countries_are_within_others_if_they_show_no_other_client() -> None:
    for limit, own in product(limits_of(COUNTRIES), repeat=2):
        shows_no_more = seen_by_country(limit) <= seen_by_country(own)
        assert within_countries(limit, own) == shows_no_more, (limit, own)


def test_sql_finds_whoever_sees_more(app: Flask, cast: Cast) -> None:
    """One person for each limit, asked about by an actor with each limit, by tags and countries."""
    tags = [ClientTag(name=name) for name in ("Gold", "Silver")]
    db.session.add_all(tags)
    db.session.flush()
    by_tags = {}
    for limit in limits_of(TAGS):
        person = _person(client_tags_mode=limit.mode)
        person.client_tags = [tag for number, tag in enumerate(tags, 1) if number in limit.values]
        by_tags[person.id] = limit
    by_country = {
        _person(countries_mode=limit.mode, countries=sorted(limit.values)).id: limit
        for limit in limits_of(COUNTRIES)
    }
    settle()
    ids = {1: tags[0].id, 2: tags[1].id}
    for own in limits_of(TAGS):
        own_ids = frozenset(ids[each] for each in own.values)
        actor = _actor(client_tags_mode=own.mode, client_tag_ids=own_ids)
        wider = {each for each, limit in by_tags.items() if not within_tags(limit, own)}
        assert _seeing_more(actor, by_tags) == wider, own
    for own in limits_of(COUNTRIES):
        actor = _actor(countries_mode=own.mode, countries=own.values)
        wider = {each for each, limit in by_country.items() if not within_countries(limit, own)}
        assert _seeing_more(actor, by_country) == wider, own


def _person(**limits: Any) -> User:
    person = User(**limits)
    number = len(db.session.scalars(select(User.id)).all())
    person.set_email(f"person{number}@example.com")
    db.session.add(person)
    db.session.flush()
    return person


def _actor(**limits: Any) -> Actor:
    return Actor(None, "somebody", **limits)


def _seeing_more(actor: Actor, people: Collection[int]) -> set[int]:
    more = client_limits.sees_more(actor, User.id)
    return set(db.session.scalars(select(User.id).where(User.id.in_(people), more)))

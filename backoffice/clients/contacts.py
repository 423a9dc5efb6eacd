"""Say which clients somebody is a contact of: by their address, their phone or their company."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, aliased

from backoffice import clock
from backoffice.extensions import db
from backoffice.models import keys
from backoffice.models.client import Client
from backoffice.models.event import Event
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.permissions import area_of

REMEMBERED = timedelta(days=90)  # for how long an address or phone that somebody gave up counts
CHANGES = ("account.edit", "account.change_email", "users.edit")  # events of people with either
GMAIL = ("gmail.com", "googlemail.com")  # one provider, which ignores dots


def is_contact(actor: Actor) -> ColumnElement[bool]:
    """SQL: whether the client has an e-mail address or a phone of the actor.

    Those that the actor had in the last 90 days count, and so do other spellings of one mailbox:
    what follows a plus, and the dots of Gmail. A client of the same company counts as well, and
    whoever views as somebody else counts as both.
    """
    people = [who.user_id for who in (actor, actor.in_person) if who.user_id]
    contact: Any = aliased(Client)
    conditions = list(_conditions(contact, people)) if people else []
    if not conditions:
        return false()
    # One statement for each condition, because each has an index of its own.
    found = (select(contact.id, contact.company_id).where(each) for each in conditions)
    own = union_all(*found).subquery()
    return or_(
        Client.id.in_(select(own.c.id)),
        Client.company_id.in_(select(own.c.company_id).where(own.c.company_id.is_not(None))),
    )


def _conditions(contact: Any, people: Sequence[int]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions for clients who have what one of the people has, or had lately."""
    emails, phones = _own_keys(people)
    for mailbox in sorted({_mailbox(email) for email in emails}):
        yield from _is_mailbox(contact.email_key, *mailbox)
    if phones:
        yield contact.phone_key.in_(sorted(phones))


def _own_keys(people: Sequence[int]) -> tuple[set[str], set[str]]:
    """Return the addresses and the phones of the people, as keys, with those they had lately."""
    user: Any = User
    columns = (user.email_key, user.phone_key)
    now = db.session.execute(select(*columns).where(user.id.in_(people))).all()
    emails = {email for email, _phone in now}
    phones = {phone for _email, phone in now}
    make = {key.name: key.of for key in keys.keys_of(User)}
    for values in _former_values(people):
        emails.add(make["email"](values.get("email")))
        phones.add(make["phone"](values.get("phone")))
    return emails - {None, ""}, phones - {None, ""}


def _former_values(people: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield what the changes of the people's own rows noted, before and after."""
    changes = select(Event.before, Event.after).where(
        Event.subject_type == area_of(User),
        Event.subject_id.in_(people),
        Event.at >= clock.now() - REMEMBERED,
        Event.action.in_(CHANGES),
        Event.result == "done",
    )
    for row in db.session.execute(changes):
        yield from (values for values in row if values)


def _mailbox(email: str) -> tuple[str, str]:
    """Return what tells the mailbox of an address: its local part up to a plus, and its domain."""
    local, _at, domain = email.rpartition("@")
    base = local.partition("+")[0] or local
    if domain in GMAIL:
        return base.replace(".", "") or base, GMAIL[0]
    return base, domain


def _is_mailbox(
    key: InstrumentedAttribute[str], base: str, domain: str
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions for addresses of a mailbox, which are answered by the index of keys.

    The engines agree on ranges of keys, and an index answers these in both.
    """
    if domain == GMAIL[0]:
        plain = func.replace(key, ".", "")
        is_theirs = or_(*(key.endswith(f"@{each}", autoescape=True) for each in GMAIL))
        is_same = or_(*(plain.startswith(base + end, autoescape=True) for end in "@+"))
        yield and_(key >= base[:1], key < _after(base[:1]), is_theirs, is_same)
        return
    yield key == f"{base}@{domain}"
    tagged = f"{base}+"
    is_there = key.endswith(f"@{domain}", autoescape=True)
    yield and_(key >= tagged, key < _after(tagged), is_there)


def _after(prefix: str) -> str:
    """Return the first key that comes after all those that begin with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)

"""Every kind of link is used in one way: once, by whoever may use it at that moment."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from backoffice.auth import links, revocation, tokens
from backoffice.auth.attempts import Origin
from backoffice.auth.links import Cause, LinkType
from backoffice.errors import BackofficeError, Expired, NotAllowed, NotFound, RuleBroken
from backoffice.extensions import db
from backoffice.models import mails
from backoffice.models.token import PURPOSES, Token
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle

HERE = Origin("127.0.0.1", "a browser")
AN_HOUR = timedelta(hours=1)
BY_PURPOSE = {kind.purpose: kind for kind in links.LINK_TYPES}
OUTLIVED: dict[str, set[Cause]] = {
    "invitation": {"sign_in", "password", "factor"},
    "password_reset": {"factor"},
    "two_factor_enrolment": {"sign_in", "password"},
    "email_change": {"sign_in", "password", "factor"},
}


@pytest.fixture(params=sorted(BY_PURPOSE))
def kind(request: pytest.FixtureRequest) -> LinkType:
    return BY_PURPOSE[request.param]


@pytest.fixture
def person(cast: Cast, kind: LinkType) -> User:
    """Vera, whom a link of this kind is for."""
    cast.vera.status = "invited" if kind is links.INVITATION else "active"
    settle()
    return cast.vera


def issued(kind: LinkType, person: User) -> str:
    """Return the value of a new link, for the credentials that the person has now."""
    version = person.credential_version if kind.is_personal else None
    value = tokens.issue(user=person, purpose=kind.purpose, valid=AN_HOUR, version=version).value
    settle()
    return value


def signed_in(kind: LinkType) -> Actor | None:
    """Return Vera, if a link of this kind works only where she is signed in."""
    if not kind.is_personal:
        return None
    return Actor(Cast().vera.id, "", ip=HERE.ip)


def token() -> Token:
    settle()
    return db.session.scalars(select(Token)).one()


def use(kind: LinkType, value: str, refusal: BackofficeError | None = None) -> None:
    """Use a link up, as a request does whose attempt is counted: it commits whatever happens."""
    try:
        with links.using(kind, value=value, origin=HERE, actor=signed_in(kind)):
            db.session.flush()
            if refusal:
                raise refusal
    finally:
        db.session.commit()


def test_every_purpose_of_a_link_has_a_kind() -> None:
    assert {kind.purpose for kind in links.LINK_TYPES} == set(PURPOSES) - {"email_code"}


def test_every_mail_with_a_link_brings_a_kind_of_link() -> None:
    brought = {
        mail for kind in links.LINK_TYPES for mail in (kind.mail, kind.requested_mail) if mail
    }
    with_link = {each.name for each in mails.every() if each.secret is mails.Secret.LINK}
    of_clients = {"client_password_link"}  # it leads to the company's own product
    assert brought == with_link - of_clients


def test_a_requested_mail_is_of_use_as_long_as_its_link_works(app: Flask) -> None:
    settings = app.extensions["settings"]
    for kind in links.LINK_TYPES:
        if kind.requested_mail:
            lifetime = mails.named(kind.requested_mail).lifetime
            assert lifetime
            assert lifetime(settings) == kind.lifetime(settings)


def test_a_link_is_used_once(person: User, kind: LinkType) -> None:
    value = issued(kind, person)
    use(kind, value)
    assert token().used_at is not None
    with pytest.raises(Expired, match="used already"):
        use(kind, value)


def test_a_refusal_leaves_the_link_as_it_was_even_if_it_is_committed(
    person: User, kind: LinkType
) -> None:
    value = issued(kind, person)
    with pytest.raises(RuleBroken, match="not right"):
        use(kind, value, RuleBroken("The code is not right."))
    assert token().used_at is None
    use(kind, value)
    assert token().used_at is not None


def test_looking_and_checking_use_nothing_up(person: User, kind: LinkType) -> None:
    value = issued(kind, person)
    assert links.get(kind, value=value).user.id == person.id
    assert (
        links.open_link(kind, value=value, origin=HERE, actor=signed_in(kind)).user.id == person.id
    )
    assert token().used_at is None


def test_a_link_is_of_its_own_kind_alone(person: User, kind: LinkType) -> None:
    value = issued(kind, person)
    for other in links.LINK_TYPES:
        if other is not kind:
            with pytest.raises(NotFound):
                use(other, value)


def test_a_person_in_another_state_is_refused_before_and_under_the_lock(
    person: User, kind: LinkType
) -> None:
    value = issued(kind, person)
    db.session.execute(update(User).where(User.id == person.id).values(status="blocked"))
    settle()
    assert links.get(kind, value=value).user.status == "blocked"
    for call in (links.open_link, links.lock):
        with pytest.raises((RuleBroken, NotAllowed)):
            call(kind, value=value, origin=HERE, actor=signed_in(kind))
    assert token().used_at is None


def test_a_person_is_refused_from_elsewhere(person: User, kind: LinkType) -> None:
    value = issued(kind, person)
    person.ip_whitelist = ["203.0.113.0/24"]
    settle()
    for call in (links.open_link, links.lock):
        with pytest.raises((RuleBroken, NotAllowed)):
            call(kind, value=value, origin=HERE, actor=signed_in(kind))
    assert token().used_at is None


def test_other_credentials_end_a_personal_link(person: User, kind: LinkType) -> None:
    value = issued(kind, person)
    person.two_factor = "email"
    settle()
    if kind.is_personal:
        with pytest.raises(Expired, match="was changed since"):
            use(kind, value)
    else:
        use(kind, value)


def test_a_personal_link_is_of_use_to_its_person_alone(cast: Cast) -> None:
    kind = links.EMAIL_CHANGE
    value = issued(kind, cast.vera)
    for actor in (Actor(cast.max.id, "", ip=HERE.ip), None):
        for call in (links.open_link, links.lock):
            with pytest.raises(NotAllowed, match="belongs to another account"):
                call(kind, value=value, origin=HERE, actor=actor)
    assert links.lock(kind, value=value, origin=HERE, actor=signed_in(kind)).user.id == cast.vera.id


def test_whoever_uses_a_link_is_the_actor_of_it(person: User, kind: LinkType) -> None:
    link = links.get(kind, value=issued(kind, person))
    actor = link.actor(HERE)
    assert (actor.user_id, actor.label, actor.ip) == (person.id, "vera@example.com", "127.0.0.1")
    assert actor.session_id is None


@pytest.mark.parametrize("cause", ["sign_in", "password", "factor", "address", "status"])
def test_what_a_link_rests_on_ends_it(person: User, kind: LinkType, cause: Cause) -> None:
    value = issued(kind, person)
    links.void(select(User.id).where(User.id == person.id), cause)
    settle()
    outlives = cause in OUTLIVED[kind.purpose]
    assert (token().revoked_at is None) is outlives
    if outlives:
        use(kind, value)


def test_a_link_that_was_used_is_not_withdrawn_by_what_it_changed(
    person: User, kind: LinkType
) -> None:
    value = issued(kind, person)
    with links.using(kind, value=value, origin=HERE, actor=signed_in(kind)) as link:
        own = select(User.id).where(User.id == link.user.id)
        revocation.void(own, change="status", reason="a test")
    assert (token().used_at is None, token().revoked_at) == (False, None)

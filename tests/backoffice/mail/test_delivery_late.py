"""A mail that waited too long makes no fresh link.

No worker ran, or the mail server was down for weeks.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.auth import links
from backoffice.auth.sessions import digest
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.delivery import TOO_LATE
from backoffice.models import mails
from backoffice.models.message import Message
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.testing.stage import Stage
from tests.support.links import fresh_link, invited
from tests.support.outbox import deliver, put
from tests.support.smtp import Server
from views.screen.discovery import areas, modules_of

SECOND = timedelta(seconds=1)


@pytest.fixture
def settings(stage: Stage, cast: Cast, smtp: Server) -> Settings:
    return replace(stage.settings, smtp_url=smtp.url)


def waiting(app: Flask, settings: Settings, cast: Cast, purpose: str) -> Message:
    """Queue a message as a page does; the worker finds out for whom it is."""
    if purpose == "password_reset":
        return put(settings, purpose, request={"typed": "max@example.com"}, values={})
    if purpose == "email_change":
        proof = {"credential_version": str(cast.max.credential_version)}
        return put(
            settings,
            purpose,
            address="new@example.org",
            values={},
            user_id=cast.max.id,
            request=proof,
        )
    person = db.session.scalar(select(User).where(User.email_key == "irma@example.com"))
    value = fresh_link(person or invited(app, cast.max, "irma"), links.INVITATION).rpartition("/")[
        2
    ]
    db.session.execute(delete(Message))
    settle()
    return put(settings, purpose, address=digest(value), values={})


for area in areas():  # whatever prepares mails, whichever tests were read before
    modules_of(area)
WITH_LINK = [name for name in outbox.prepared_purposes() if mails.named(name).lifetime]


@pytest.mark.parametrize("purpose", WITH_LINK)
def test_a_mail_is_made_as_long_as_its_link_would_have_worked_and_not_after(
    app: Flask, settings: Settings, smtp: Server, cast: Cast, purpose: str
) -> None:
    lifetime = mails.named(purpose).lifetime
    assert lifetime
    limit = lifetime(settings)
    waiting(app, settings, cast, purpose)
    before = db.session.scalar(select(func.count(Token.id)))
    assert deliver(settings, later=limit + SECOND) == 0
    assert smtp.mails == []
    settle()
    assert db.session.scalar(select(func.count(Token.id))) == before, "no fresh link"
    waiting(app, settings, cast, purpose)
    assert deliver(settings, later=limit - SECOND) == 1


REQUESTED = [kind for kind in links.LINK_TYPES if kind.requested_mail]


@pytest.mark.parametrize("kind", REQUESTED, ids=lambda kind: kind.purpose)
def test_a_mail_waits_as_long_as_its_link_works(settings: Settings, kind: links.LinkType) -> None:
    different = replace(settings, email_change_valid=timedelta(hours=3))
    lifetime = mails.named(kind.requested_mail).lifetime
    assert lifetime
    assert lifetime(different) == kind.lifetime(different)


def test_of_somebody_known_the_list_says_why_and_trying_again_is_refused(
    settings: Settings, smtp: Server, cast: Cast
) -> None:
    message = put(
        settings, "email_change", address="new@example.org", values={}, user_id=cast.max.id
    )
    message.created_at -= timedelta(days=40)
    settle()
    assert deliver(settings) == 0
    assert (message.state, message.last_error) == ("dead", TOO_LATE)
    action = find("messages.retry")
    assert action
    planned = preview(
        actor=cast.actor("olivia"), action=action, selection=Selection(ids=[message.id])
    ).run
    assert planned.counts == {"refused": 1}


def test_what_a_stranger_typed_is_not_kept(settings: Settings, smtp: Server, cast: Cast) -> None:
    message = put(settings, "password_reset", address="somebody@example.net", values={})
    message.created_at -= timedelta(days=40)
    settle()
    assert deliver(settings) == 0
    assert db.session.scalars(select(Message.id)).all() == []

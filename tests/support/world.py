"""Two rows of every kind, a preview, two bulk runs and a view: what pages can be asked about."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backoffice import clock
from backoffice.actions.engine.action import find
from backoffice.actions.engine.plan import Selection, preview
from backoffice.actions.engine.run import run
from backoffice.auth import attempts, sessions
from backoffice.auth.attempts import Key, Origin
from backoffice.data import saved_views
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.base import Record
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client import Client
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.models.client_tag import ClientTag
from backoffice.models.client_token import ClientToken
from backoffice.models.company import Company
from backoffice.models.direct_grant import DirectGrant
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.kyc_case import KycCase
from backoffice.models.message import Message
from backoffice.models.node import ROOT, Node
from backoffice.models.session import Session
from backoffice.models.sign_in_attempt import SignInAttempt
from backoffice.models.user import User
from backoffice.models.wallet import Wallet, WalletMember
from backoffice.settings import Settings
from backoffice.testing.asking import World
from backoffice.testing.cast import Cast


def build(settings: Settings) -> World:
    """Create two rows of every kind, and what Olivia has previewed, run and saved."""
    cast = Cast()
    db.session.add_all([ClientTag(name="Gold"), ClientTag(name="Silver")])
    db.session.commit()
    tags = db.session.scalars(select(ClientTag)).all()
    present = groups()
    people = (cast.employee, cast.dispatcher)
    for person in people:
        person.client_tags_mode, person.client_tags = "only", [tags[1]]
    db.session.flush()
    runs = [_given(cast, person, tags[0]) for person in reversed(people)]
    planned = _planned(cast, "users.block", people[0])
    db.session.commit()
    events = db.session.scalars(select(Event.id).order_by(Event.id).limit(2)).all()
    rows: dict[type[Record], tuple[int, int]] = {
        User: _pair(person.id for person in people),
        Group: _pair(present[key].id for key in ("employee", "dispatcher")),
        ClientTag: _pair(tag.id for tag in tags),
        BulkRun: _pair(each.id for each in runs),
        Event: _pair(events),
        Node: _nodes(),
        **_review(people),
        DirectGrant: _extra_permissions(people),
        **_clients(),
        **_traces(people, settings),
    }
    db.session.expire_all()
    versions: dict[type[Record], int] = {User: cast.employee.version}
    editable = (Group, ClientTag, Node, Client, Company, Wallet, WalletMember, KycCase)
    versions |= dict.fromkeys(editable, 1)
    return World(rows, versions, str(planned.token), _view(cast))


def _view(cast: Cast) -> int:
    """Save a view of people for Olivia."""
    view = saved_views.create(
        actor=cast.actor("olivia"), screen="users", name="Active", address="status=active"
    )
    db.session.commit()
    return view.id


def _review(people: Sequence[User]) -> dict[type[Record], tuple[int, int]]:
    """Ask Olivia, in two reviews, about the groups of each person."""
    reviews = [
        AccessReview(name=name, people="all", ends_at=clock.now() + timedelta(days=7))
        for name in ("Spring", "Autumn")
    ]
    items = [
        AccessReviewItem(review=reviews[0], user=person, access="Dispatcher") for person in people
    ]
    db.session.add_all([*reviews, *items])
    db.session.flush()
    return {
        AccessReview: _pair(each.id for each in reviews),
        AccessReviewItem: _pair(each.id for each in items),
    }


def _nodes() -> tuple[int, int]:
    """Add two service providers, to which nobody belongs."""
    providers = [
        Node(name=name, kind="service_provider", parent_id=ROOT) for name in ("Harbour", "Quay")
    ]
    db.session.add_all(providers)
    db.session.flush()
    return _pair(each.id for each in providers)


def _clients() -> dict[type[Record], tuple[int, int]]:
    """Add two clients with a company, a wallet, a KYC case, a sign-in and a token each."""
    rows: dict[type[Record], list[Record]] = {}
    for number in ("1", "2"):
        company = Company(business_name=f"Harbour {number}")
        client = Client(first_name="Clara", last_name=number, company=company)
        wallet = Wallet(client=client, name=f"Main {number}", currency="EUR")
        for row in (
            company,
            client,
            wallet,
            WalletMember(wallet=wallet, client=client, role="owner"),
            KycCase(client=client, reason=f"Passport {number}"),
            ClientSignIn(client=client, at=clock.now(), result="ok", device="Firefox"),
            ClientToken(client=client, at=clock.now(), purpose="password", recipient="c***"),
        ):
            rows.setdefault(type(row), []).append(row)
    db.session.add_all(row for both in rows.values() for row in both)
    db.session.flush()
    return {model: _pair(row.id for row in both) for model, both in rows.items()}


def _extra_permissions(people: Iterable[User]) -> tuple[int, int]:
    given = [DirectGrant(user=person, permission="bulk.run", reason="Leave") for person in people]
    db.session.add_all(given)
    db.session.flush()
    return _pair(each.id for each in given)


def _traces(people: Iterable[User], settings: Settings) -> dict[type[Record], tuple[int, int]]:
    """Give each person a message, a session and a sign-in attempt."""
    for person in people:
        outbox.queue(
            [OutgoingMail(purpose="blocked", address=person.email or "", user_id=person.id)],
            settings,
        )
        sessions.create(user=person, settings=settings, ip="192.0.2.1", device="")
        attempts.record(Key.of_account(person), person, "ok", "", Origin("192.0.2.1"))
    db.session.flush()
    models: list[type[Record]] = [Message, Session, SignInAttempt]
    return {
        model: _pair(db.session.scalars(select(model.id).order_by(model.id)).all())
        for model in models
    }


def _pair(ids: Any) -> tuple[int, int]:
    first, second = ids
    return first, second


def groups() -> dict[str | None, Group]:
    return {group.key: group for group in db.session.scalars(select(Group))}


def _planned(cast: Cast, code: str, person: User, **parameters: list[int]) -> BulkRun:
    action = find(code)
    assert action is not None
    chosen = Selection(ids=[person.id])
    return preview(
        actor=cast.actor("olivia"), action=action, selection=chosen, parameters=parameters
    ).run


def _given(cast: Cast, person: User, tag: ClientTag) -> BulkRun:
    planned = _planned(cast, "users.add_client_tags", person, tags=[tag.id])
    action = find("users.add_client_tags")
    assert action is not None
    return run(actor=cast.actor("olivia"), token=planned.token, action=action)

"""Clients are verified and moved; what follows from it moves along, such as their staff."""

import pytest
from sqlalchemy import select

from backoffice import clock
from backoffice.clients import groups
from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.client_groups import (
    API,
    DESCRIPTIONS,
    EMAIL_NOT_VERIFIED,
    ENTERPRISE_OWNER,
    ENTERPRISE_STAFF,
    KYC_NOT_VERIFIED,
    LEGAL_MERCHANT_OWNER,
    LEGAL_MERCHANT_STAFF,
    MERCHANT_OWNER,
    MERCHANT_STAFF,
    PHONE_NOT_VERIFIED,
)
from backoffice.models.company import Company
from backoffice.models.event import Event
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, confirmed, edit, outcome, previewed, undo
from tests.support.clients import added
from tests.support.html import error_at, read

pytestmark = pytest.mark.usefixtures("still")


@pytest.fixture
def max_(client: Client, cast: Cast) -> Client:
    return client.sign_in("max")


class Harbour:
    """A company with its owner, two who work for it, and a program."""

    def __init__(self) -> None:
        company = Company(business_name="Harbour")
        self.owner = added(
            "Otto", company=company, company_owner=True, client_group=KYC_NOT_VERIFIED
        )
        self.staff = added("Stella", company=company, is_staff=True, client_group=KYC_NOT_VERIFIED)
        self.newcomer = added("Nils", company=company, is_staff=True, phone="+4915112345678")
        self.robot = added("Robot", company=company, is_staff=True, client_group=API)
        self.stranger = added("Sam", is_staff=True, client_group=KYC_NOT_VERIFIED)

    def groups(self) -> list[str]:
        settle()
        members = (self.owner, self.staff, self.newcomer, self.robot, self.stranger)
        return [each.client_group for each in members]


@pytest.fixture
def harbour(cast: Cast) -> Harbour:
    return Harbour()


def test_a_program_keeps_its_company(max_: Client, harbour: Harbour) -> None:
    assert error_at(edit(max_, "clients", harbour.robot.id, company=""), "company")
    assert edit(max_, "clients", harbour.stranger.id, company="").status_code == 303


# --- verified ---


def state_of(client: Customer) -> tuple[object, ...]:
    settle()
    return client.client_group, client.email_verified_at, client.phone_verified_at


@pytest.mark.parametrize(
    "actions, expected",
    [
        (("verify-email",), [PHONE_NOT_VERIFIED]),
        (("verify-email", "verify-phone"), [PHONE_NOT_VERIFIED, KYC_NOT_VERIFIED]),
        (("verify-phone", "verify-email"), [EMAIL_NOT_VERIFIED, KYC_NOT_VERIFIED]),
    ],
)
def test_a_verified_client_moves_forward(
    max_: Client, cast: Cast, actions: tuple[str, ...], expected: list[str]
) -> None:
    clara = added(phone="+4915112345678")
    states = []
    for action, group in zip(actions, expected, strict=True):
        states.append(state_of(clara))
        run = act(max_, "clients", action, clara.id)
        settle()
        assert clara.client_group == group
        again = previewed(max_, "clients", action, clara.id)
        assert "would not change" in again.text
    undo(max_, run)
    assert state_of(clara) == states[-1]


def test_nobody_moves_backwards(max_: Client, cast: Cast) -> None:
    owner = added(phone="+4915112345678", client_group=MERCHANT_OWNER)
    nobody = added("Nora", email=None)
    for action in ("verify-email", "verify-phone"):
        act(max_, "clients", action, owner.id)
        confirmed(max_, "clients", action, previewed(max_, "clients", action, nobody.id))
    settle()
    assert (owner.client_group, owner.email_verified_at) == (MERCHANT_OWNER, clock.now())
    assert (nobody.email_verified_at, nobody.phone_verified_at) == (None, None)


def test_a_second_factor_is_switched_on_and_off(max_: Client, cast: Cast) -> None:
    clara = added(email_verified_at=clock.now())
    fresh, boris = added("Fred"), added("Boris", two_factor="totp", email_verified_at=clock.now())
    on = act(max_, "clients", "enable-2fa", clara.id, fresh.id, boris.id)
    found = [outcome(on, each.id) for each in (clara, fresh, boris)]
    assert found == [("done", ""), ("refused", "unverified"), ("refused", "has_app")]
    off = act(max_, "clients", "disable-2fa", clara.id, boris.id, reason="Lost the phone")
    settle()
    assert (clara.two_factor, boris.two_factor) == ("disabled", "disabled")
    undo(max_, off)
    settle()
    assert (clara.two_factor, boris.two_factor) == ("email", "totp")
    page = read(max_.get("/admin/events/")).one("main").text
    assert "disabled the second factor of" in page


# --- moved by hand ---


def test_groups_are_chosen_by_what_they_mean(max_: Client, cast: Cast) -> None:
    clara = added()
    page = previewed(max_, "clients", "set-group", clara.id).text
    assert all(str(meaning) in page for meaning in DESCRIPTIONS.values())
    moved = act(max_, "clients", "set-group", clara.id, client_group=MERCHANT_OWNER, reason="Paper")
    settle()
    assert clara.client_group == MERCHANT_OWNER
    undo(max_, moved)
    settle()
    assert clara.client_group == EMAIL_NOT_VERIFIED
    wrong = previewed(max_, "clients", "set-group", clara.id, client_group="administrators")
    assert wrong.status_code == 422


def test_a_program_belongs_to_a_company(max_: Client, harbour: Harbour) -> None:
    ids = (harbour.stranger.id, harbour.staff.id)
    moved = act(max_, "clients", "set-group", *ids, client_group=API)
    assert [outcome(moved, each) for each in ids] == [("refused", "no_company"), ("done", "")]


def test_staff_moves_with_the_owner_and_back(max_: Client, harbour: Harbour) -> None:
    """Who has not confirmed address and phone stays until then, and a program stays one."""
    before = harbour.groups()
    assert before == [
        KYC_NOT_VERIFIED,
        KYC_NOT_VERIFIED,
        EMAIL_NOT_VERIFIED,
        API,
        KYC_NOT_VERIFIED,
    ]
    moved = act(max_, "clients", "set-group", harbour.owner.id, client_group=ENTERPRISE_OWNER)
    after = [ENTERPRISE_OWNER, ENTERPRISE_STAFF, EMAIL_NOT_VERIFIED, API, KYC_NOT_VERIFIED]
    assert harbour.groups() == after
    about = select(Event).where(Event.subject_id == harbour.staff.id, Event.reason.is_not(None))
    event = db.session.scalars(about).one()
    assert (event.action, event.reason, event.actor_id) == (
        "clients.set_group",
        groups.FOLLOWED,
        Cast().max.id,
    )
    undo(max_, moved)
    assert harbour.groups() == before


def test_staff_has_the_group_of_the_company_that_it_moves_to(
    max_: Client, harbour: Harbour
) -> None:
    act(max_, "clients", "set-group", harbour.owner.id, client_group=LEGAL_MERCHANT_OWNER)
    quay = Company(business_name="Quay")
    db.session.add(quay)
    settle()
    here, staff = harbour.owner.company_id, harbour.staff
    for form, expected in (
        ({"company": quay.id, "is_staff": "y"}, KYC_NOT_VERIFIED),
        ({"company": here, "is_staff": "y"}, LEGAL_MERCHANT_STAFF),
        ({"company": here, "is_staff": "", "company_owner": "y"}, KYC_NOT_VERIFIED),
        ({"company": here, "is_staff": "y", "company_owner": ""}, LEGAL_MERCHANT_STAFF),
        ({"company": "", "is_staff": "y"}, KYC_NOT_VERIFIED),
    ):
        assert edit(max_, "clients", staff.id, **form).status_code == 303
        settle()
        assert staff.client_group == expected, form
    for other in (harbour.newcomer, harbour.owner):
        before = other.client_group
        assert edit(max_, "clients", other.id, company=quay.id).status_code == 303
        settle()
        assert other.client_group == before


def test_staff_needs_no_kyc(max_: Client, harbour: Harbour) -> None:
    act(max_, "clients", "set-group", harbour.owner.id, client_group=MERCHANT_OWNER)
    for action in ("verify-email", "verify-phone"):
        act(max_, "clients", action, harbour.newcomer.id)
    assert harbour.groups()[2] == MERCHANT_STAFF


# --- extra permissions ---


def test_extra_permissions_are_given_and_taken(max_: Client, cast: Cast) -> None:
    clara, boris = added(extra_permissions=["a.b", "a_b"]), added("Boris")
    ids = (clara.id, boris.id)
    given = act(max_, "clients", "give-permissions", *ids, permissions="transfers.approve\na.b")
    settle()
    assert clara.extra_permissions == ["a.b", "a_b", "transfers.approve"]
    assert boris.extra_permissions == ["a.b", "transfers.approve"]
    again = act(max_, "clients", "give-permissions", clara.id, permissions="a.b")
    assert outcome(again, clara.id) == ("unchanged", "")
    taken = act(max_, "clients", "take-permissions", *ids, permissions="a_b")
    assert [outcome(taken, each) for each in ids] == [("done", ""), ("unchanged", "")]
    undo(max_, taken)
    undo(max_, given)
    settle()
    assert (boris.extra_permissions, set(clara.extra_permissions)) == (
        [],
        {"a.b", "a_b", "transfers.approve"},
    ), "what changed since is left alone"


@pytest.mark.parametrize("codes", ["", "Capital", "-dash", "x" * 64, "two words", "a\n<b>"])
def test_what_is_no_code_is_refused(max_: Client, cast: Cast, codes: str) -> None:
    clara = added()
    answer = previewed(max_, "clients", "give-permissions", clara.id, permissions=codes)
    assert answer.status_code == 422
    settle()
    assert clara.extra_permissions == []

"""The menu, a list's buttons and a row's menu offer what the policy allows, and nothing else."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice import clock
from backoffice.actions.engine.action import actions_of
from backoffice.extensions import db
from backoffice.models.access_review import AccessReview
from backoffice.models.access_review_item import AccessReviewItem
from backoffice.models.client import Client as Customer
from backoffice.models.client_tag import ClientTag
from backoffice.models.company import Company
from backoffice.models.group import Group
from backoffice.models.kyc_case import KycCase
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.models.wallet import Wallet, WalletMember
from backoffice.policy.shipped import SHIPPED
from backoffice.testing.asking import Person
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client
from tests.support.acting import followed
from tests.support.html import Element, read
from views.screen import Screen

EVERYBODY = [shipped.key for shipped in SHIPPED]


@pytest.fixture
def rows(staff: list[str]) -> dict[str, int]:
    """Return the id of one row of each screen that has actions."""
    tag = ClientTag(name="Gold")
    review = AccessReview(name="Spring", people="all", ends_at=clock.now() + timedelta(days=7))
    entry = AccessReviewItem(review=review, user=Cast().employee, access="bulk.run")
    mail = Message(purpose="blocked", address="employee@example.com")
    company = Company(business_name="Harbour")
    waiting = KycCase(client=Customer(first_name="Clara", company=company))
    member = WalletMember(
        client=waiting.client, wallet=Wallet(client=waiting.client, name="Main", currency="EUR")
    )
    db.session.add_all([tag, entry, mail, waiting, member])
    db.session.commit()
    group = db.session.scalars(select(Group.id).where(Group.key == "employee")).one()
    return {
        "users": Cast().employee.id,
        "groups": group,
        "client_tags": tag.id,
        "access_reviews": review.id,
        "access_review_items": entry.id,
        "clients": waiting.client_id,
        "companies": company.id,
        "kyc_cases": waiting.id,
        "wallet_members": member.id,
    }


def links(page: Element) -> set[str]:
    """Return every path that the page links to."""
    return {urlsplit(a["href"]).path for a in page.all("a") if a["href"].startswith("/")}


def pressed(page: Element) -> set[str]:
    """Return every path that a button of the page posts to."""
    of_forms = {form["action"] for form in page.all("form")}
    of_buttons = {button["formaction"] for button in page.all("button") if button["formaction"]}
    return of_forms | of_buttons


def allowed(person: Person, screen: Screen, *, several: bool = False) -> set[str]:
    """Return the addresses of the actions that the person may use on the screen.

    With `several`, only of those that accept several rows, and of those that are about none.
    """
    addresses = set()
    about_none = actions_of(screen.model, is_global=True) if several else []
    for action in (*actions_of(screen.model), *about_none):
        switched_off = action.name == "delete" and not screen.has("delete")
        too_many = several and action.most_rows == 1
        if person.holds(action.permission) and not switched_off and not too_many:
            addresses.add(f"/admin/{screen.slug}/actions/{action.name.replace('_', '-')}")
    return addresses


def screens(app: Flask) -> list[Screen]:
    found: list[Screen] = app.extensions["screens"]
    return found


@pytest.mark.parametrize("key", EVERYBODY)
def test_the_menu_offers_the_screens_that_open(
    app: Flask, client: Client, staff: list[str], key: str
) -> None:
    client.sign_in(key)
    page = read(client.get("/"))
    for screen in screens(app):
        path = f"/admin/{screen.slug}/"
        may = Person(key).holds(f"{screen.endpoint}.view")
        assert (path in links(page)) == (may and screen.in_menu), path
        assert client.get(path).status_code == (200 if may else 403)


@pytest.mark.parametrize("key", EVERYBODY)
def test_a_list_offers_what_its_buttons_may_do(
    app: Flask, client: Client, rows: dict[str, int], key: str
) -> None:
    client.sign_in(key)
    person = Person(key)
    for screen in (s for s in screens(app) if person.holds(f"{s.endpoint}.view")):
        page = read(client.get(f"/admin/{screen.slug}/"))
        base = f"/admin/{screen.slug}"
        powers = {"create": f"{base}/new", "export": f"{base}/export.csv"}
        for power, path in powers.items():
            may = screen.has(power) and person.holds(f"{screen.endpoint}.{power}")
            assert (path in links(page)) == may, path
        offered = {path for path in pressed(page) if "/actions/" in path}
        if person.holds("bulk.run"):
            assert offered == allowed(person, screen, several=True)
        else:
            assert offered == set()


@pytest.mark.parametrize("key", EVERYBODY)
def test_a_row_offers_what_may_be_done_to_it(
    app: Flask, client: Client, rows: dict[str, int], key: str
) -> None:
    """In the list's menu and on the row's own page alike.

    What a rule refuses is named and cannot be pressed.
    """
    client.sign_in(key)
    person = Person(key)
    for screen in screens(app):
        if screen.endpoint not in rows or not person.holds(f"{screen.endpoint}.view"):
            continue
        path = f"/admin/{screen.slug}/{rows[screen.endpoint]}"
        menu, details = read(client.get(f"{path}/menu")), read(client.get(path))
        for page in (menu, details):
            assert {p for p in pressed(page) if "/actions/" in p} <= allowed(person, screen)
        forbidden = [
            str(a.label) for a in actions_of(screen.model) if not person.holds(a.permission)
        ]
        assert [label for label in forbidden if label in menu.text] == []
        opens = client.get(f"{path}/edit").status_code == 200
        assert (f"{path}/edit" in links(details)) == (f"{path}/edit" in links(menu)) == opens


@pytest.mark.parametrize("key", ["main_administrator", "company_administrator", "administrators"])
def test_every_offered_action_of_a_row_opens_its_preview(
    app: Flask, client: Client, rows: dict[str, int], key: str
) -> None:
    client.sign_in(key)
    for endpoint, row in rows.items():
        screen = next(s for s in screens(app) if s.endpoint == endpoint)
        menu = read(client.get(f"/admin/{screen.slug}/{row}/menu"))
        for path in {p for p in pressed(menu) if "/actions/" in p}:
            answer = followed(client, client.post(path, {"row": row}))
            assert answer.status_code == 200, path
            assert "refused:" not in answer.get_data(as_text=True), path


def test_outsiders_see_no_menu(client: Client, staff: list[str]) -> None:
    client.try_sign_in("eve")
    assert [path for path in links(read(client.get("/sign-in"))) if path.startswith("/admin")] == []
    status = select(User.status).where(User.email_key == "eve@example.com")
    assert db.session.scalars(status).one() == "blocked"

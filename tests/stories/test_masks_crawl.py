"""Nobody who is masked finds a name, an address or a number of a client, wherever they look."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.data import records, saved_views
from backoffice.data.page_sizes import SIZES
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client import Client as ClientRow
from backoffice.models.company import Company
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.message import Message
from backoffice.models.saved_view import SavedView
from backoffice.models.wallet import Wallet, WalletMember
from backoffice.testing.access import cases
from backoffice.testing.asking import Person, World
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support import world
from tests.support.acting import act
from tests.support.masked import CONTACT, fill, fiona, secret, seed, told

NUMBER = 200
TAB = re.compile(r'href="(/admin/[\w-]+/\d+\?tab=[\w-]+)"')
SEEDED = slice(0, 2)


@pytest.fixture
def there(app: Flask, staff: list[str], client: Client) -> World:
    """A world in which all clients have something to hide, and much was done to them."""
    built = world.build(app.extensions["settings"])
    fiona(app.extensions["settings"])
    known = list(db.session.scalars(select(ClientRow).order_by(ClientRow.id)))
    for number, row in enumerate(known):
        fill(row, secret(number))
        assert row.company
        row.company.other_contact_info = CONTACT
    clients = [*known, *seed(NUMBER - len(known), first=len(known))]
    _work(clients)
    client.sign_in("olivia")
    act(client, "clients", "delete", all_matching="1", search=secret(NUMBER - 1).email)
    client.sign_out()
    return built


def _work(clients: list[ClientRow]) -> None:
    """Have Olivia write, with events, what nobody masked may read, and share a view of it."""
    olivia = Cast().actor("olivia")
    first, second = clients[SEEDED]
    new = {"first_name": secret(2).last_name, "email": f"x{secret(2).email}", "phone": "+49301234"}
    for changed in (new, {"first_name": first.first_name, "email": first.email}):
        version = db.session.get_one(ClientRow, first.id).version
        records.update(
            actor=olivia, model=ClientRow, row_id=first.id, version=version, values=changed
        )
    company = db.session.get_one(Company, first.company_id)
    values = {"other_contact_info": CONTACT + "!"}
    records.update(
        actor=olivia, model=Company, row_id=company.id, version=company.version, values=values
    )
    wallet = db.session.scalars(select(Wallet).where(Wallet.client_id == first.id)).one()
    records.create(
        actor=olivia, model=WalletMember, values={"wallet": wallet.id, "client": second.id}
    )
    values = {"first_name": secret(3).first_name, "phone": secret(199).phone, "email": None}
    records.create(actor=olivia, model=ClientRow, values=values)
    group = db.session.scalars(select(Group).where(Group.key == "administrators")).one()
    saved_views.create(
        actor=olivia,
        screen="clients",
        name="Shared",
        address=urlencode({"search": secret(4).email, "email": secret(5).email, "sort": "name"}),
        group_ids=[group.id],
    )
    db.session.commit()


def addresses(app: Flask, there: World) -> Iterator[str]:
    """Yield every page by the map of addresses, and lists with all that they can show."""
    for case in cases(app, Person("administrators"), there):
        if case.method == "GET" and case.expected == (200,):
            yield case.path
    for screen in app.extensions["screens"]:
        base = f"/admin/{screen.slug}/"
        yield f"{base}?{urlencode({'columns': ','.join(screen.column_list), 'size': max(SIZES)})}"
        if screen.has("export"):
            yield f"{base}export.xlsx"
        if screen.can_duplicate and screen.has("create"):
            yield f"{base}new?_from={there.rows[screen.model][0]}"
    for text in (
        secret(0).email,
        secret(1).first_name,
        "EXT-1",
        "a",
        str(there.rows[ClientRow][0]),
    ):
        yield f"/find?{urlencode({'q': text})}"
    for number in db.session.scalars(select(SavedView.id).where(SavedView.screen == "clients")):
        yield f"/admin/clients/?view={number}"
    for number in db.session.scalars(select(BulkRun.id).where(BulkRun.state == "done")):
        yield f"/admin/bulk-runs/{number}"
    for number in db.session.scalars(select(Event.id)):
        yield f"/admin/events/{number}"


def test_a_masked_person_finds_nothing_on_any_page(
    app: Flask, there: World, client: Client
) -> None:
    client.sign_in("fiona")
    asked = list(dict.fromkeys(addresses(app, there)))
    telling = {}
    tabs = set()
    for path in asked:  # to which the tabs are added that a row has
        answer = client.get(path, follow_redirects=True)
        # Nobody masked changes people who are not.
        assert answer.status_code == 200 or path.startswith("/admin/users/"), path
        tabs.update(found := set(TAB.findall(answer.data.decode(errors="replace"))) - tabs)
        asked += found
        # What somebody types is shown again to them.
        typed = told(path.encode(), NUMBER) if path.startswith("/find") else []
        if secrets := [each for each in told(answer.data, NUMBER) if each not in typed]:
            telling[path] = secrets
    assert telling == {}
    assert len(asked) > 200
    assert len(tabs) > 20


def test_the_crawl_would_find_what_is_not_masked(app: Flask, there: World, client: Client) -> None:
    """Olivia, who is not masked, reads all of it on a handful of pages."""
    client.sign_in("olivia")
    row = there.rows[ClientRow][0]
    for path in (
        f"/admin/clients/{row}",
        f"/admin/clients/{row}/edit",
        f"/admin/clients/{row}?tab=operation-log",
        "/admin/clients/export.xlsx",
        "/admin/clients/export.json",
        "/admin/clients/?sort=name&size=20",
        "/admin/wallets/",
        "/admin/events/export.csv",
        "/admin/wallet-members/lookup/client",
        f"/find?{urlencode({'q': secret(0).last_name})}",
    ):
        assert told(client.get(path, follow_redirects=True).data, NUMBER), path


def test_a_masked_person_finds_nothing_in_what_actions_show(there: World, client: Client) -> None:
    """Previews, results of runs, menus and messages name clients with stars."""
    client.sign_in("fiona")
    row, other = there.rows[ClientRow]
    company, _other = there.rows[Company]
    version = db.session.get_one(ClientRow, row).version
    answers = [client.get(f"/admin/clients/{row}/menu")]
    for path, data in (
        ("/admin/clients/actions/delete", {"row": [row, other]}),
        ("/admin/clients/actions/reveal", {"row": row}),
        (f"/admin/clients/{row}/edit", {"version": "1", "country": "DE"}),
        (f"/admin/clients/{row}/edit", {"version": "0", "country": "DE"}),
        (f"/admin/clients/{row}/edit", {"version": version, "country": "FR"}),
        (f"/admin/companies/{company}/edit", {"version": "2", "business_name": ""}),
        ("/admin/companies/actions/delete", {"row": company}),
    ):
        answers += [client.post(path, data), client.post(path, data, follow_redirects=True)]
    answers.append(client.get("/admin/clients/?sort=name"))
    settle()
    assert [told(answer.data, NUMBER) for answer in answers] == [[]] * len(answers)
    assert "A***** B*****" in answers[1].text or "A***** B*****" in answers[2].text
    assert answers[-1].status_code == 400
    assert all(message.user_id for message in db.session.scalars(select(Message)))

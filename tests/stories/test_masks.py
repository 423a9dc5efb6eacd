"""Fiona works with clients whose names, addresses and numbers she reads as stars."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from backoffice import clock
from backoffice.actions.engine import why
from backoffice.data import lists
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.jobs import purge
from backoffice.models.client import Client as ClientRow
from backoffice.models.company import Company
from backoffice.models.event import Event
from backoffice.models.group import Group
from backoffice.models.kyc_case import KycCase
from backoffice.models.reveal import Reveal
from backoffice.models.user import User
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act, add, edit, everything, previewed
from tests.support.html import read
from tests.support.masked import CONTACT, fiona, secret, seed, told
from tests.support.masked import client as client_of
from tests.support.viewing import begin, view_as

DOCUMENT = re.compile(r'href="(/admin/kyc-cases/\d+/files/documents/\w+)"')
PASSPORT = b"%PDF-1.7\n%%EOF"
REASON = "She asked me to call her back"


@pytest.fixture
def clients(app: Flask, cast: Cast) -> list[ClientRow]:
    fiona(app.extensions["settings"], "managers")
    return seed(6)


@pytest.fixture
def masked(clients: list[ClientRow], client: Client) -> Client:
    return client.sign_in("fiona")


def listed(client: Client, **query: object) -> list[int]:
    """Return the ids of the clients that the list shows, in its order."""
    answer = client.get(f"/admin/clients/?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return [int(e["value"]) for e in read(answer).all("input", name="row")]


def events(code: str) -> list[Event]:
    settle()
    return list(db.session.scalars(select(Event).where(Event.action == code).order_by(Event.id)))


def test_the_list_shows_stars_and_numbers(masked: Client, clients: list[ClientRow]) -> None:
    page = masked.get("/admin/clients/?columns=id,email,name,phone,external_id").text
    for shown in ("A***** B*****", "p***@e***.org", "+49 *** ** ", "EXT-3"):
        assert shown in page
    assert "Search by ID, External ID; the rest is masked" in page
    nameless = ClientRow(external_id="X")
    db.session.add(nameless)
    db.session.commit()
    assert f"Client {nameless.id}" in masked.get("/admin/clients/?columns=name").text


# --- what is masked is compared with nothing ---


def test_nothing_is_found_by_what_is_masked(masked: Client, clients: list[ClientRow]) -> None:
    hidden = secret(2)
    _take("clients.find_exact")
    for text in (*hidden.needles, hidden.email, hidden.phone, "exämple", hidden.first_name[:2]):
        assert listed(masked, search=text) == []
    assert listed(masked, search="EXT-2") == [clients[2].id]
    assert listed(masked, search=f"{clients[3].id}") == [clients[3].id]
    looked_up = masked.get(f"/admin/wallets/lookup/client?search={hidden.first_name}").json
    assert looked_up == {"options": [], "more": False}
    assert (
        secret(2).first_name not in masked.get(f"/find?q={hidden.last_name}").text.split("<h1")[0]
    )


@pytest.mark.parametrize("name", ["email", "first_name", "last_name", "phone"])
def test_no_list_is_filtered_by_what_is_masked(masked: Client, name: str) -> None:
    asked = {name: "a"}
    assert masked.get(f"/admin/clients/?{urlencode(asked)}").status_code == 400
    assert masked.get(f"/admin/clients/export.csv?{urlencode(asked)}").status_code == 400
    form = {"all_matching": "1", "list": urlencode(asked)}
    assert masked.post("/admin/clients/actions/delete", form).status_code in (303, 400)
    controls = read(masked.get("/admin/clients/")).all("input", name=name)
    assert controls == []


@pytest.mark.parametrize("name", ["email", "first_name", "name", "phone", "-name"])
def test_no_list_is_sorted_by_what_is_masked(
    masked: Client, clients: list[ClientRow], name: str
) -> None:
    assert masked.get(f"/admin/clients/?sort={name}").status_code == 400
    offered = masked.get("/admin/wallets/lookup/client").json["options"]
    assert [each["id"] for each in offered] == sorted(row.id for row in clients)
    assert {each["label"] for each in offered} == {"A***** B*****"}


def test_related_rows_are_shown_with_stars_in_the_order_of_their_numbers(
    clients: list[ClientRow],
) -> None:
    """The screens have no such column yet; a company's own may have."""
    for row in clients:
        row.company_id = clients[0].company_id
    db.session.commit()
    found = lists.page(Cast().actor("fiona"), Company, lists.Query(sort="id"), ["clients"])
    shown = found.related["clients"][clients[0].company_id]
    assert shown == [(row.id, "A***** B*****") for row in clients]


def test_an_event_or_a_question_is_not_found_by_a_name(
    app: Flask, clients: list[ClientRow]
) -> None:
    with pytest.raises(RuleBroken):
        why.row_of(asker=Cast().actor("fiona"), code="clients.view", text=clients[0].name)
    assert why.row_of(asker=Cast().actor("olivia"), code="clients.view", text=clients[0].name)


def test_an_answer_about_a_person_names_the_row_with_stars(
    clients: list[ClientRow],
) -> None:
    question = {"person": Cast().olivia, "code": "clients.edit", "row": clients[0]}
    answer = why.ask(asker=Cast().actor("fiona"), **question)
    assert answer.allowed
    assert "A***** B*****" in answer.sentence
    assert told(answer.sentence.encode(), 1) == []
    assert clients[0].name in why.ask(asker=Cast().actor("olivia"), **question).sentence


def test_what_a_document_shows_is_hidden(masked: Client, clients: list[ClientRow]) -> None:
    olivia = masked.application.test_client().sign_in("olivia")
    case = KycCase(client=clients[0])
    db.session.add(case)
    settle()
    page = f"/admin/kyc-cases/{case.id}"
    shown = {"documents": (BytesIO(PASSPORT), "Passport.pdf")}
    assert edit(olivia, "kyc-cases", case.id, **shown).status_code == 303
    (address,) = set(DOCUMENT.findall(olivia.get(page).text))
    assert olivia.get(address).status_code == 200
    act(masked, "clients", "reveal", clients[0].id, reason=REASON)
    assert masked.get(address).status_code == 404
    for path in (page, f"{page}/edit", "/admin/kyc-cases/export.json", "/admin/events/export.json"):
        answer = masked.get(path)
        assert (answer.status_code, "Passport" in answer.text) == (200, False), path
    edit(masked, "kyc-cases", case.id, documents=(BytesIO(PASSPORT), "Other.pdf"))
    settle()
    assert [file.name for file in case.documents] == ["Passport.pdf"]


# --- what is masked is not written ---


def test_what_a_masked_form_posts_changes_nothing(masked: Client, clients: list[ClientRow]) -> None:
    row = clients[0]
    page = masked.get(f"/admin/clients/{row.id}/edit")
    assert [read(page).all("input", name=n) for n in ("email", "first_name", "phone")] == [[]] * 3
    assert "p***@e***.org" in page.text
    before = everything()["clients"]
    shown = {"email": "p***@e***.org", "first_name": "A*****", "last_name": "Else", "phone": ""}
    assert edit(masked, "clients", row.id, **shown).status_code == 303
    assert everything()["clients"] == before
    assert events("clients.edit") == []
    assert edit(masked, "clients", row.id, **shown, country="DE").status_code == 303
    (event,) = events("clients.edit")
    assert event.after == {"country": "DE"}


def test_a_masked_text_of_a_company_is_kept_too(masked: Client, clients: list[ClientRow]) -> None:
    company_id = clients[0].company_id
    assert company_id
    page = masked.get(f"/admin/companies/{company_id}/edit")
    assert read(page).all("textarea", name="other_contact_info") == []
    sent = {"business_name": "New quay", "other_contact_info": "*****"}
    assert edit(masked, "companies", company_id, **sent).status_code == 303
    settle()
    company = db.session.get_one(Company, company_id)
    assert (company.business_name, company.other_contact_info) == ("New quay", CONTACT)


def test_a_new_client_is_typed_and_tells_nothing_of_others(
    masked: Client, clients: list[ClientRow]
) -> None:
    new = client_of(secret(77))
    values = {"first_name": new.first_name, "email": new.email, "type": "merchant"}
    answer = add(masked, "clients", **values)
    assert answer.status_code == 303, answer.text
    added = db.session.scalars(select(ClientRow).order_by(ClientRow.id.desc())).first()
    assert added is not None
    assert (added.first_name, added.email) == (new.first_name, new.email)
    taken = add(masked, "clients", first_name="B", email=secret(1).email, type="merchant")
    assert taken.status_code == 422
    assert "These values cannot be saved together." in taken.text
    assert "Another client has this" not in taken.text


def test_a_copy_begins_without_what_is_masked(masked: Client, clients: list[ClientRow]) -> None:
    page = masked.get(f"/admin/clients/new?_from={clients[0].id}")
    fields = {name: read(page).one("input", name=name)["value"] for name in ("first_name", "phone")}
    assert fields == {"first_name": "", "phone": ""}


# --- a whole address or number ---


@pytest.mark.parametrize("asked", ["email", "phone"])
def test_a_whole_address_is_found_and_each_question_is_logged(
    masked: Client, clients: list[ClientRow], asked: str
) -> None:
    whole = getattr(secret(4), asked)
    assert listed(masked, search=whole) == [clients[4].id]
    (event,) = events("clients.find_exact")
    assert (event.subject_type, event.subject_id) == ("clients", clients[4].id)
    assert told(str(event.after).encode(), 6) == []
    page = masked.get("/admin/events/").text
    assert "looked up" in page
    assert told(page.encode(), 6) == []
    assert listed(masked, search=whole[:-1]) == []
    assert listed(masked, search="a@nobody.example.com") == []
    nothing_found = events("clients.find_exact")
    assert [each.subject_id for each in nothing_found][:1] == [clients[4].id]
    assert nothing_found[-1].subject_id is None


def test_without_the_permission_no_address_is_found(
    masked: Client, clients: list[ClientRow]
) -> None:
    _take("clients.find_exact")
    assert listed(masked, search=secret(4).email) == []
    assert events("clients.find_exact") == []


def _take(code: str) -> None:
    group = db.session.scalars(select(Group).where(Group.key == "managers")).one()
    group.permissions = [each for each in group.permissions if each != code]
    db.session.commit()


# --- reveal ---


def test_a_reveal_opens_one_client_with_a_reason_and_is_logged(
    masked: Client, clients: list[ClientRow]
) -> None:
    row, other = clients[:2]
    act(masked, "clients", "reveal", row.id, reason=REASON)
    (event,) = events("clients.reveal")
    assert (event.subject_id, event.reason) == (row.id, REASON)
    assert secret(0).email in masked.get(f"/admin/clients/{row.id}").text
    assert told(masked.get(f"/admin/clients/{other.id}").data, 6) == []
    page = masked.get("/admin/clients/?columns=email,name,phone").text
    assert secret(0).email in page
    for shown in (secret(0).email, secret(0).first_name, secret(0).last_name):
        page = page.replace(shown, "")
    assert "zwolfsbane" not in told(page.encode(), 6)
    assert [each for each in told(page.encode(), 6) if not each.isdigit()] == []
    edited = edit(masked, "clients", row.id, first_name="Anna", last_name="New")
    assert edited.status_code == 303, edited.text
    assert events("clients.edit")[0].after == {"first_name": "Anna", "last_name": "New"}


def test_a_reveal_needs_a_reason_and_takes_one_row(
    masked: Client, clients: list[ClientRow]
) -> None:
    preview = previewed(masked, "clients", "reveal", clients[0].id)
    assert read(preview).all("textarea", name="reason") or read(preview).all("input", name="reason")
    empty = masked.post(preview.request.path, {"step": "run", "reason": " "}, follow_redirects=True)
    assert empty.status_code == 422
    several = masked.post("/admin/clients/actions/reveal", {"row": [clients[0].id, clients[1].id]})
    assert several.status_code == 400
    assert events("clients.reveal") == []


def test_everybody_reads_on_the_card_who_sees_the_full_data_and_until_when(
    app: Flask,
    masked: Client,
    clients: list[ClientRow],
    signed_in: Callable[[str], Client],
) -> None:
    row = clients[0]
    db.session.scalars(select(User).where(User.mask_data)).one().time_zone = "Asia/Tokyo"
    db.session.commit()
    start = clock.now()
    act(masked, "clients", "reveal", row.id, reason=REASON)
    (ends_at,) = db.session.scalars(select(Reveal.ends_at))
    assert start + timedelta(minutes=10) <= ends_at <= clock.now() + timedelta(minutes=10)
    page = masked.get(f"/admin/clients/{row.id}").text
    in_tokyo = ends_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"You see the full data until {in_tokyo:%H:%M}." in page
    vera = signed_in("vera")
    told_to_her = f"fiona@example.com sees the full data until {ends_at:%H:%M}."
    assert told_to_her in vera.get(f"/admin/clients/{row.id}").text
    assert "sees the full data" not in vera.get(f"/admin/clients/{clients[1].id}").text
    with clock.at(ends_at):
        page = masked.get(f"/admin/clients/{row.id}")
        assert told(page.data, 6) == []
        assert "the full data" not in page.text
        purge.run(app.extensions["settings"], lambda: False)
    assert db.session.scalar(select(func.count()).select_from(Reveal)) == 0


def test_a_reveal_ends_with_the_permission(masked: Client, clients: list[ClientRow]) -> None:
    row = clients[0]
    act(masked, "clients", "reveal", row.id, reason=REASON)
    _take("clients.reveal")
    page = masked.get(f"/admin/clients/{row.id}")
    assert told(page.data, 6) == []
    assert "the full data until" not in page.text


def test_whoever_sees_everything_has_nothing_to_reveal(
    clients: list[ClientRow], client: Client
) -> None:
    client.sign_in("olivia")
    assert "Reveal" not in client.get(f"/admin/clients/{clients[0].id}/menu").text
    assert secret(0).email in client.get(f"/admin/clients/{clients[0].id}").text


# --- whoever views as somebody else ---


def test_whoever_views_as_somebody_masked_sees_the_masks(
    clients: list[ClientRow], client: Client
) -> None:
    client.sign_in("olivia")
    view_as(client, "fiona")
    page = client.get(f"/admin/clients/{clients[0].id}")
    assert page.status_code == 200
    assert told(page.data, 1) == []


def test_whoever_is_masked_views_as_nobody_who_is_not(
    app: Flask, cast: Cast, client: Client
) -> None:
    fiona(app.extensions["settings"], "administrators")
    client.sign_in("fiona")
    assert begin(client, cast.max.id).status_code == 403


def test_of_two_who_are_masked_both_have_to_see_a_row(
    app: Flask, cast: Cast, client: Client
) -> None:
    """Max has the client revealed to him, and Fiona, who views as him, has not."""
    fiona(app.extensions["settings"], "administrators")
    cast.max.mask_data = True
    (row,) = seed(1)
    ends_at = clock.now() + timedelta(minutes=5)
    db.session.add(
        Reveal(user_id=cast.max.id, area="clients", row_id=row.id, reason=REASON, ends_at=ends_at)
    )
    db.session.commit()
    client.sign_in("fiona")
    view_as(client, "max")
    page = client.get(f"/admin/clients/{row.id}")
    assert "sees the full data until" in page.text
    assert told(page.data, 1) == []


def test_a_masked_group_masks_its_members(clients: list[ClientRow], client: Client) -> None:
    group = db.session.scalars(select(Group).where(Group.key == "viewers")).one()
    group.mask_data = True
    db.session.commit()
    client.sign_in("vera")
    assert told(client.get("/admin/clients/export.csv").data, 6) == []
    assert told(client.get("/admin/clients/").data, 6) == []

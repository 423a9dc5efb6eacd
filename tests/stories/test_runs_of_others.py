"""What somebody who sees some clients reads of runs on others: who, what and how often, no more."""

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.data import disclosure
from backoffice.extensions import db
from backoffice.models.bulk_run import BulkRun
from backoffice.models.client import Client as Customer
from backoffice.models.company import Company
from backoffice.models.group import Group
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.support.acting import act
from tests.support.clients import added
from tests.support.html import read

WHY = "Their bank asked us to"
LEFT_OUT = "Rows that you do not see are left out, and so is why it was done."


@pytest.fixture
def clients(cast: Cast) -> list[Customer]:
    """Return a client in Germany and two in France, one of whom has no address."""
    clients = [
        added("Dora", country="DE"),
        added("Fleur", country="FR"),
        added("Blaise", country="FR", email=None),
    ]
    reader = db.session.scalars(select(Group).where(Group.key == "managers")).one()
    reader.permissions = sorted({*reader.permissions, "bulk_runs.view", "bulk_runs.export"})
    settle()
    return clients


@pytest.fixture
def olivia(client: Client, cast: Cast) -> Client:
    return client.sign_in("olivia")


def limited(app: Flask) -> Client:
    """Return Max, who sees clients in Germany alone."""
    max_ = Cast().max
    max_.countries_mode, max_.countries = "only", ["DE"]
    settle()
    client = app.test_client().sign_in("max")
    assert isinstance(client, Client)
    return client


def told(client: Client, run: BulkRun) -> list[str]:
    """Return which rows the page of a run shows, and check that its file has the same."""
    page = client.get(f"/admin/bulk-runs/{run.id}")
    assert page.status_code == 200
    rows = [e.text.rpartition(" #")[0] for e in read(page).all("th", scope="row")]
    file = client.get(f"/admin/bulk-runs/{run.id}/items.csv").text.splitlines()
    assert [line.split(",")[1] for line in file[1:]] == rows
    return rows


def test_rows_out_of_sight_are_left_out_with_what_refused_them(
    app: Flask, olivia: Client, clients: list[Customer]
) -> None:
    ids = [each.id for each in clients]
    run = act(olivia, "clients", "verify-email", *ids, reason=WHY)
    assert told(olivia, run) == ["Dora", "Fleur", "Blaise"]
    max_ = limited(app)
    assert told(max_, run) == ["Dora"]
    page = max_.get(f"/admin/bulk-runs/{run.id}").text
    assert LEFT_OUT in page
    assert "refused:" not in page
    assert read(max_.get(f"/admin/bulk-runs/{run.id}?outcome=refused")).all("th", scope="row") == []
    whole = olivia.get(f"/admin/bulk-runs/{run.id}").text
    assert (LEFT_OUT in whole, "1 refused:" in whole) == (False, True)


def test_a_run_on_somebody_out_of_sight_says_neither_why_nor_what_was_chosen(
    app: Flask, olivia: Client, clients: list[Customer]
) -> None:
    seen, unseen = clients[:2]
    country = {"country": "PL", "reason": WHY}
    partly = act(olivia, "clients", "set-country", seen.id, unseen.id, **country)
    seen.country, unseen.country = "DE", "FR"
    settle()
    wholly = act(olivia, "clients", "set-country", seen.id, **country)
    seen.country = "DE"
    max_ = limited(app)
    for run, is_told in ((partly, False), (wholly, True)):
        page = max_.get(f"/admin/bulk-runs/{run.id}").text
        assert (WHY in page, "Poland" in page) == (is_told, is_told)
    exported = {each["id"]: each for each in max_.get("/admin/bulk-runs/export.json").json}
    assert exported[partly.id]["reason"] == ""
    assert (exported[partly.id]["parameters"], exported[partly.id]["selection"]) == ({}, {})
    assert exported[wholly.id]["reason"] == WHY
    listed = max_.get("/admin/bulk-runs/").text
    assert listed.count(WHY) == 1
    assert max_.get("/admin/bulk-runs/?sort=reason").status_code == 400


def test_ones_own_run_stays_whole_and_names_who_left_by_number(
    app: Flask, clients: list[Customer]
) -> None:
    seen = clients[0]
    max_ = limited(app)
    run = act(max_, "clients", "deactivate", seen.id, reason=WHY)
    seen.country = "FR"
    settle()
    assert told(max_, run) == [f"Client {seen.id}"]
    assert WHY in max_.get(f"/admin/bulk-runs/{run.id}").text
    vera = Cast().vera
    vera.countries_mode, vera.countries = "only", ["DE"]
    settle()
    assert disclosure.readable(Cast().actor("vera"), BulkRun) is not None
    assert not disclosure.reads_run(Cast().actor("vera"), run)


def test_what_belongs_to_clients_and_is_gone_is_out_of_sight_as_well(
    app: Flask, olivia: Client, clients: list[Customer]
) -> None:
    company = Company(business_name="Quay")
    db.session.add(company)
    db.session.commit()
    company_id = company.id
    settle()
    run = act(olivia, "companies", "delete", company_id, reason=WHY)
    assert told(olivia, run) == [f"Company {company_id}"]
    max_ = limited(app)
    assert told(max_, run) == []
    assert WHY not in max_.get(f"/admin/bulk-runs/{run.id}").text

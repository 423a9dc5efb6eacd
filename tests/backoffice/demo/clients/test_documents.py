"""What the demo's clients show for KYC: files of the product's own storage that open."""

from io import BytesIO
from random import Random

import pytest
from flask import Flask
from PIL import Image

from backoffice import clock
from backoffice.data import files
from backoffice.demo.clients import documents
from backoffice.demo.clients.belongings import Known
from backoffice.demo.clients.owners import Customers


@pytest.fixture
def known() -> Known:
    (customer,) = Customers(Random(1), clock.now()).some(1)
    return Known(1, customer, customer.person.email, "", "active", None)


def test_a_case_gets_a_pdf_and_a_picture_that_open(app: Flask, known: Known) -> None:
    case = {"level": 1}
    documents.attach(known, case, 2)
    passport, address = case["documents"]  # type: ignore[misc]  # they are two now
    assert passport.name == "Passport (specimen).pdf"
    assert address.name == "Proof of address (specimen).png"
    content = files.content(passport)
    assert content.startswith(b"%PDF-")
    assert b"/Count 1" in content, "a single page"
    assert len(content) < 100_000
    with Image.open(BytesIO(files.content(address))) as picture:
        assert picture.format == "PNG"
        assert picture.size == documents.SIZE


def test_a_legal_entity_shows_its_register(app: Flask, known: Known) -> None:
    case = {"level": 2}
    documents.attach(known, case, 1)
    (extract,) = case["documents"]  # type: ignore[misc]  # it is one now
    assert extract.name == "Register extract (specimen).pdf"

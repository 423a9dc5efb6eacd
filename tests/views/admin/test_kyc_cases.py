"""What clients show of themselves is kept as files that no browser opens."""

import gc
import re
import struct
import zlib
from io import BytesIO

import pytest

from backoffice.extensions import db
from backoffice.models.client import Client as Customer
from backoffice.models.kyc_case import KycCase
from backoffice.testing.cast import Cast
from backoffice.testing.client import Client, settle
from tests.backoffice.test_file_types import archive
from tests.support.acting import edit
from tests.support.html import error_at
from tests.support.images import SIGNATURE, encoded, plain

PDF = b"%PDF-1.7\n%%EOF"
PNG = encoded(plain())
PAGE = b"<html><script>alert(1)</script>"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
MIB = 2**20


def huge_png() -> bytes:
    """Return the beginning of a picture of 10,001 x 10,001 dots."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 10_001, 10_001, 8, 2, 0, 0, 0)
    return SIGNATURE + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


GENUINE = {"a.pdf": PDF, "a.png": PNG, "a.jpg": encoded(plain(), "JPEG")}
# What is of an accepted type, and would do harm where it is opened.
POLYGLOTS = {
    "page.pdf": PDF + PAGE,
    "archive.png": PNG + archive({"a.txt": b"x"}),
    "huge.png": huge_png(),
    "page.html": PDF + PAGE,
    "drawing.svg": PNG + DRAWING,
}
REFUSED = {
    "page.html": PAGE,
    "page.pdf": PAGE,
    "drawing.svg": DRAWING,
    "drawing.png": DRAWING,
    "papers.zip": archive({"a.pdf": PDF}),
    "papers.pdf": archive({"a.pdf": PDF}),
    "late.pdf": PAGE + PDF,
    "large.pdf": PDF + bytes(11 * MIB),
}


@pytest.fixture
def waiting(client: Client, cast: Cast) -> KycCase:
    row = KycCase(client=Customer(first_name="Clara"))
    db.session.add(row)
    db.session.commit()
    client.sign_in("max")
    return row


def test_documents_come_back_as_downloads_that_run_nothing(
    client: Client, waiting: KycCase
) -> None:
    contents = [*GENUINE.items(), *POLYGLOTS.items()]
    files = [(BytesIO(content), name) for name, content in contents]
    answer = edit(client, "kyc-cases", waiting.id, documents=files)
    assert answer.status_code == 303, error_at(answer, "documents")
    page = client.get(f"/admin/kyc-cases/{waiting.id}").text
    links = re.findall(rf'href="(/admin/kyc-cases/{waiting.id}/files/[^"]+)"', page)
    assert len(links) == len(contents)
    for link, (_name, content) in zip(links, contents, strict=True):
        download = client.get(link)
        assert download.data == content
        assert download.headers["Content-Disposition"].startswith("attachment")
        assert download.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert download.headers["X-Content-Type-Options"] == "nosniff"
        assert download.mimetype in {"application/pdf", "image/png", "image/jpeg"}
        ending = download.headers["Content-Disposition"].rpartition(".")[2]
        assert ending in {"pdf", "png", "jpg"}, download.headers["Content-Disposition"]


# Large files are left open by Werkzeug and its client, which close them when they are collected.
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_document_is_refused(client: Client, waiting: KycCase, name: str) -> None:
    files = [(BytesIO(REFUSED[name]), name)]
    assert edit(client, "kyc-cases", waiting.id, documents=files).status_code == 422
    gc.collect()
    settle()
    assert db.session.get_one(KycCase, waiting.id).documents == []


def test_a_case_holds_ten_documents(client: Client, waiting: KycCase) -> None:
    files = [(BytesIO(PDF), f"{number}.pdf") for number in range(11)]
    answer = edit(client, "kyc-cases", waiting.id, documents=files)
    assert answer.status_code == 422
    assert error_at(answer, "documents")

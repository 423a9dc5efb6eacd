"""What a file is, its content says; its name is made harmless."""

import struct
import zipfile
from collections.abc import Mapping
from io import BytesIO

import pytest

from backoffice.file_types import PARTS, TYPES, USUAL, named, recognised
from tests.support.images import encoded, plain

ODT = "application/vnd.oasis.opendocument.text"
CONTENT_TYPES = "[Content_Types].xml"


def archive(parts: Mapping[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        for name, content in parts.items():
            written.writestr(name, content)
    return file.getvalue()


def bomb() -> bytes:
    """Make an archive whose only part unfolds to a gigabyte."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("word/document.xml", bytes(64 * 2**20))
        written.writestr(CONTENT_TYPES, b"")
    return file.getvalue()


WORD = archive({CONTENT_TYPES: b"<Types/>", "word/document.xml": b"<w/>"})
GENUINE = {
    "pdf": (b"%PDF-1.7\n%%EOF", "a.pdf"),
    "png": (encoded(plain()), "a.png"),
    "jpeg": (encoded(plain(), "JPEG"), "a.jpg"),
    "webp": (encoded(plain(), "WEBP"), "a.webp"),
    "gif": (encoded(plain(), "GIF"), "a.gif"),
    "docx": (WORD, "a.docx"),
    "xlsx": (archive({CONTENT_TYPES: b"", "xl/workbook.xml": b""}), "a.xlsx"),
    "pptx": (archive({CONTENT_TYPES: b"", "ppt/presentation.xml": b""}), "a.pptx"),
    "odt": (archive({"mimetype": ODT.encode(), "content.xml": b""}), "a.odt"),
    "txt": ("Grüße\n\taus Köln".encode(), "a.txt"),
    "csv": (b"a;b\r\n1;2\r\n", "a.csv"),
    "zip": (archive({"a.txt": b"x"}), "a.zip"),
}


@pytest.mark.parametrize("name", GENUINE)
def test_a_file_is_recognised_by_its_content_whatever_its_name(name: str) -> None:
    content, filename = GENUINE[name]
    found = recognised(content, filename, TYPES)
    assert found is not None
    assert found.name == name
    if name != "csv":  # which only its name tells from another text
        assert recognised(content, "x.exe", TYPES) is found


def test_a_workbook_of_windows_is_text_in_its_own_code_page() -> None:
    assert recognised("Grüße;1\r\n".encode("cp1252"), "a.csv", ["csv"])


HOSTILE = {
    "html": b"<!doctype html><script>alert(1)</script>",
    "html behind blanks": b"\xef\xbb\xbf \n\t<html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "xml": b'<?xml version="1.0"?><x/>',
    "program of Windows": b"MZ\x90\0" + bytes(100),
    "program of Linux": b"\x7fELF" + bytes(100),
    "utf-16": "hello".encode("utf-16"),
    "a blank in front": b" %PDF-1.7\0",
    "page in front of a pdf": b"<script>alert(1)</script>\0%PDF-1.7",
    "page in front of an archive": b"<script>alert(1)</script>" + WORD,
    "half an archive": WORD[: len(WORD) // 2],
    "macros": archive({CONTENT_TYPES: b"", "word/document.xml": b"", "word/vbaProject.bin": b""}),
    "other archive": archive({"a.exe": b"MZ"}),
    "odt that says so late": archive({"content.xml": b"", "mimetype": ODT.encode()}),
    "very many parts": archive({f"word/{number}": b"" for number in range(PARTS + 1)}),
    "no directory": b"PK\x03\x04" + struct.pack("<HH", 20, 0) * 20,
    "nothing": b"\0",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_none_of_the_usual_types_is_not_recognised(name: str) -> None:
    assert recognised(HOSTILE[name], "invoice.pdf", USUAL) is None


def test_nothing_is_unpacked() -> None:
    found = recognised(bomb(), "a.docx", USUAL)
    assert found is TYPES["docx"]


def test_only_accepted_types_count() -> None:
    assert recognised(WORD, "a.docx", ["pdf"]) is None
    assert recognised(WORD, "a.docx", ["zip"]) is TYPES["zip"]


NAMES = [
    ("../../etc/passwd", "passwd.pdf"),
    (r"C:\temp\slip.pdf", "slip.pdf"),
    ("slip.pdf\r\nSet-Cookie: a=b", "slip.pdf Set-Cookie_ a=b.pdf"),
    ("invoice\u202efdp.exe", "invoicefdp.exe.pdf"),
    ("Rechnung März.PDF", "Rechnung März.pdf"),
    ("a" * 400 + ".pdf", "a" * 115 + "….pdf"),
    ("", "file.pdf"),
    ("...", "file.pdf"),
    ("\0\x1b[2J", "[2J.pdf"),
    ('"quoted".pdf', "_quoted_.pdf"),
    (".htaccess", "htaccess.pdf"),
    ("con:aux|x.pdf", "con_aux_x.pdf"),
    ("\ud800.pdf", "pdf.pdf"),
]


@pytest.mark.parametrize("given, kept", NAMES)
def test_a_name_is_one_harmless_line_that_ends_as_its_type_does(given: str, kept: str) -> None:
    assert named(given, TYPES["pdf"]) == kept


def test_a_name_may_end_in_any_way_that_its_type_has() -> None:
    assert named("photo.JPEG", TYPES["jpeg"]) == "photo.jpeg"
    assert named("photo.png", TYPES["jpeg"]) == "photo.png.jpg"

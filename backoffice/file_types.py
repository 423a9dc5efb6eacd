"""The types of files that people may upload, told by their content.

Neither the name of a file nor what a browser says of it counts: each type has the bytes that such a
file begins with, or what it contains. Nothing is unpacked to find out.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

from backoffice.text import shortened, without_invisible

LONGEST_NAME = 120  # characters, its ending among them
PARTS = 5000  # entries of an archive; documents have a few dozen
ENTRY = b"PK\x01\x02"  # the mark of each entry in the directory of an archive (APPNOTE 4.3.12)
ARCHIVE = b"PK\x03\x04"
# What no text contains, but for tabs, line breaks and page breaks.
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# What a browser could take for a page or a picture with scripts.
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
# What a name of a file may not contain on some system, or begin with.
UNFIT = re.compile(r'[/\\:*?"<>|]')


@dataclass(frozen=True)
class FileType:
    """A type of file.

    Attributes:
        name: its name in a column's `accepts`.
        words: what people call it.
        media_type: as HTTP has it (RFC 9110).
        endings: how a name may end; the first is given to one that does not.
        fits: whether the content is of this type.
    """

    name: str
    words: str
    media_type: str
    endings: tuple[str, ...]
    fits: Callable[[bytes], bool]


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(starts)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_text(content: bytes) -> bool:
    return not CONTROLS.search(content) and not MARKUP.match(content)


def _office(folder: str) -> Callable[[bytes], bool]:
    """Return the test for a document of ECMA-376 without macros, whose parts are in the folder."""

    def fits(content: bytes) -> bool:
        names = [entry.filename for entry in _entries(content)]
        has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        is_document = "[Content_Types].xml" in names and not has_macros
        return is_document and any(name.startswith(folder) for name in names)

    return fits


def _open_document(media_type: str) -> Callable[[bytes], bool]:
    """Return the test for a document whose first part is its media type (ODF 1.3, part 2, 3.3)."""
    start = re.compile(rb"PK\x03\x04.{26}mimetype" + re.escape(media_type.encode()), re.DOTALL)
    return lambda content: bool(start.match(content)) and bool(_entries(content))


def _entries(content: bytes) -> list[zipfile.ZipInfo]:
    """Return the entries of an archive, none of them unpacked; nothing if it is none."""
    if not content.startswith(ARCHIVE) or content.count(ENTRY) > PARTS:
        return []
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return archive.infolist()
    except Exception:  # noqa: BLE001  # a directory that was made to break its readers
        return []


OFFICE = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
# The first one that fits counts, unless the ending of the name says another one that fits as well.
TYPES: Mapping[str, FileType] = {
    each.name: each
    for each in (
        FileType("pdf", "PDF", "application/pdf", (".pdf",), _begins(b"%PDF-")),
        FileType("png", "PNG", "image/png", (".png",), _begins(b"\x89PNG\r\n\x1a\n")),
        FileType(
            "jpeg", "JPEG", "image/jpeg", (".jpg", ".jpeg", ".jfif"), _begins(b"\xff\xd8\xff")
        ),
        FileType("webp", "WebP", "image/webp", (".webp",), _is_webp),
        FileType("gif", "GIF", "image/gif", (".gif",), _begins(b"GIF87a", b"GIF89a")),
        FileType(
            "docx", "Word", f"{OFFICE}wordprocessingml.document", (".docx",), _office("word/")
        ),
        FileType("xlsx", "Excel", f"{OFFICE}spreadsheetml.sheet", (".xlsx",), _office("xl/")),
        FileType(
            "pptx",
            "PowerPoint",
            f"{OFFICE}presentationml.presentation",
            (".pptx",),
            _office("ppt/"),
        ),
        FileType("odt", "ODT", f"{ODF}text", (".odt",), _open_document(f"{ODF}text")),
        FileType("ods", "ODS", f"{ODF}spreadsheet", (".ods",), _open_document(f"{ODF}spreadsheet")),
        FileType(
            "odp", "ODP", f"{ODF}presentation", (".odp",), _open_document(f"{ODF}presentation")
        ),
        FileType("txt", "TXT", "text/plain", (".txt", ".text", ".log", ".md"), _is_text),
        FileType("csv", "CSV", "text/csv", (".csv", ".tsv"), _is_text),
        FileType("zip", "ZIP", "application/zip", (".zip",), lambda c: bool(_entries(c))),
    )
}
# What a column accepts unless it says otherwise: archives may contain anything.
USUAL = tuple(name for name in TYPES if name != "zip")


def recognised(content: bytes, filename: str, accepted: Iterable[str]) -> FileType | None:
    """Return which of the accepted types the content is of, or None.

    Texts have no mark of their own: which of them it is, the name decides.
    """
    fitting = [TYPES[name] for name in accepted if TYPES[name].fits(content)]
    named = [each for each in fitting if filename.lower().endswith(each.endings)]
    return next(iter([*named, *fitting]), None)


def named(filename: str, file_type: FileType) -> str:
    """Return the name under which a file is kept and offered: one line, without any folder.

    It ends as files of the type do, whatever its content is called elsewhere.
    """
    base = filename.replace("\\", "/").rpartition("/")[2]
    tidy = UNFIT.sub("_", without_invisible(base).replace("\n", " ").replace("\t", " ")).strip(". ")
    stem, ending = _parted(tidy, file_type)
    return (shortened(stem.strip(". "), LONGEST_NAME - len(ending) - 1) or "file") + ending


def _parted(name: str, file_type: FileType) -> tuple[str, str]:
    """Return the name without its ending, and the ending that it gets."""
    for ending in file_type.endings:
        if name.lower().endswith(ending):
            return name[: -len(ending)], ending
    return name, file_type.endings[0]

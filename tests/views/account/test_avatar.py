"""The page of one's own avatar, and who sees the avatar where."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from backoffice.data import pictures
from backoffice.extensions import db
from backoffice.models.event import Event
from backoffice.testing.cast import PASSWORD, Cast
from backoffice.testing.client import Client, settle
from tests.support.html import error_at, read
from tests.support.images import (
    BLUE,
    RED,
    chunk,
    colour_of,
    encoded,
    fields,
    padded,
    plain,
    png_of,
    quarters,
    stored,
    with_chunks,
)

PNG, JPEG = encoded(plain()), encoded(plain(colour=BLUE), "JPEG")
PAGE = "/account/avatar"


@pytest.fixture
def vera(cast: Cast, client: Client) -> Client:
    return client.sign_in("vera")


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.extensions["settings"].uploads_dir
    return found


def file(content: bytes = PNG, filename: str = "me.png") -> FileStorage:
    return FileStorage(BytesIO(content), filename)


def send(visitor: Client, data: dict[str, Any], path: str = PAGE) -> TestResponse:
    """Send the form as a browser does.

    It is encoded here, because Werkzeug's client does not close the temporary files it opens.
    """
    boundary, body = encode_multipart({"csrf_token": visitor.token(), **data})
    return visitor.raw_post(
        path, data=body, content_type=f"multipart/form-data; boundary={boundary}"
    )


def upload(
    visitor: Client, content: bytes = PNG, filename: str = "me.png", **others: Any
) -> TestResponse:
    return send(visitor, {"avatar": file(content, filename), **others})


def key_of(cast: Cast, name: str = "vera") -> str:
    settle()
    return str(getattr(cast, name).avatar)


def shown(answer: TestResponse) -> list[str]:
    """Return the addresses of the avatars on a page, in order."""
    return [e["src"] for e in read(answer).all("img") if "avatar" in e["class"].split()]


# --- choosing and removing ---


def test_a_picture_is_chosen_seen_and_removed(vera: Client, cast: Cast, folder: Path) -> None:
    page = vera.get(PAGE)
    assert shown(page) == []
    assert "Remove picture" not in page.text
    assert upload(vera).location == PAGE
    key = key_of(cast)
    page = vera.get(PAGE)
    assert shown(page) == [f"/avatars/{key}/64", f"/avatars/{key}/256"], "in the top bar, and large"
    assert "Your avatar is changed." in page.text
    assert vera.post(f"{PAGE}/remove").location == PAGE
    page = vera.get(PAGE)
    assert (shown(page), stored(folder)) == ([], [])
    assert "Your avatar is removed." in page.text
    assert vera.get(f"/avatars/{key}/64").status_code == 404


def test_a_jpeg_does_as_well(vera: Client, cast: Cast) -> None:
    upload(vera, JPEG, "IMG_0001.JPG")
    assert colour_of(vera.get(f"/avatars/{key_of(cast)}/256").data) == pytest.approx(BLUE, abs=8)


def test_the_part_that_was_chosen_is_taken(vera: Client, cast: Cast) -> None:
    content = encoded(quarters("rgrb", "bwgw", scale=32))
    upload(vera, content, x="64", y="0", size="64")
    assert fields(vera.get(f"/avatars/{key_of(cast)}/256").data) == ["rb", "gw"]
    upload(vera, content, x="", y="", size="")
    assert fields(vera.get(f"/avatars/{key_of(cast)}/256").data) == ["gr", "wg"]


ODD_PARTS = [
    ("0", "0", "61"),
    ("-1", "0", "9"),
    ("1.5", "0", "9"),
    ("x", "0", "9"),
    ("", "0", "9"),
    ("0", "0", ""),
    ("9" * 400, "0", "9"),
    ("٣", "0", "9"),
]


@pytest.mark.parametrize("x, y, size", ODD_PARTS)
def test_a_part_that_makes_no_sense_is_refused(
    vera: Client, folder: Path, x: str, y: str, size: str
) -> None:
    answer = upload(vera, x=x, y=y, size=size)
    assert answer.status_code == 422
    assert error_at(answer, "avatar") == pictures.OUTSIDE
    assert stored(folder) == []


def test_a_part_given_twice_is_refused(vera: Client, folder: Path) -> None:
    assert upload(vera, x=["0", "1"], y="0", size="9").status_code == 422
    assert stored(folder) == []


# --- refusals keep the old one ---

PLAYS = with_chunks(PNG, chunk(b"acTL", b"\0\0\0\2\0\0\0\0"))
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no file": (lambda: None, "Choose a picture first."),
    "an empty field": (lambda: file(b"", ""), "Choose a picture first."),
    "a text": (lambda: "me.png", "Choose a picture first."),
    "several": (lambda: [file(), file()], "Choose one picture alone."),
    "an empty file": (lambda: file(b""), pictures.EMPTY),
    "a script": (lambda: file(b"<script>alert(1)</script>"), pictures.OTHER),
    "another ending": (lambda: file(PNG, "me.svg"), pictures.ENDING),
    "half": (lambda: file(PNG[:70]), pictures.DAMAGED),
    "an animation": (lambda: file(PLAYS), pictures.SEVERAL),
    "too many pixels": (lambda: file(png_of(13_000, 13_000, b"")), pictures.LARGE_PNG),
    "a byte too many": (lambda: file(padded(PNG, 3_145_729)), pictures.HEAVY),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_why_at_the_field_and_keeps_the_old_picture(
    vera: Client, cast: Cast, folder: Path, name: str
) -> None:
    upload(vera)
    before = key_of(cast)
    files = stored(folder)
    make, sentence = REFUSED[name]
    made = make()
    answer = send(vera, {} if made is None else {"avatar": made})
    assert answer.status_code == 422
    assert error_at(answer, "avatar") == sentence
    assert shown(answer)[0] == f"/avatars/{before}/64"
    assert (key_of(cast), stored(folder)) == (before, files)
    assert colour_of(vera.get(f"/avatars/{before}/256").data) == pytest.approx(RED, abs=8)
    assert len(db.session.scalars(select(Event)).all()) == 1


def test_three_megabytes_exactly_are_let_in(vera: Client, cast: Cast) -> None:
    assert upload(vera, padded(PNG, 3_145_728)).status_code == 303
    assert key_of(cast)


@pytest.mark.parametrize("size", [4 * 1024 * 1024, 9_000_000])
def test_a_body_beyond_the_limit_of_all_requests_gets_a_page(
    vera: Client, folder: Path, size: int
) -> None:
    answer = upload(vera, bytes(size))
    assert answer.status_code == 413
    assert "too large" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert stored(folder) == []


# --- whose ---


@pytest.mark.parametrize("extra", ["user_id", "id", "row", "user", "key"])
def test_nobody_writes_anothers_picture(vera: Client, cast: Cast, extra: str) -> None:
    upload(vera, **{extra: str(cast.max.id)})
    send(vera, {"avatar": file()}, f"{PAGE}?{extra}={cast.max.id}")
    assert key_of(cast, "max") == "None"
    assert key_of(cast)
    upload(vera.application.test_client().sign_in("max"), JPEG, "me.jpg")
    before = key_of(cast, "max")
    vera.post(f"{PAGE}/remove?{extra}={cast.max.id}", {extra: str(cast.max.id)})
    assert key_of(cast, "max") == before


def test_pictures_are_for_those_who_are_signed_in(app: Flask, vera: Client, cast: Cast) -> None:
    upload(vera)
    address = f"/avatars/{key_of(cast)}/64"
    eve = app.test_client()
    assert eve.try_sign_in("eve", PASSWORD).status_code == 422
    for visitor in (app.test_client(), eve):
        assert visitor.get(address).status_code == 303
        assert visitor.get(PAGE).status_code == 303
        assert upload(visitor).status_code == 303
    assert app.test_client().sign_in("max").get(address).status_code == 200


def test_without_the_forms_token_nothing_is_kept(vera: Client, folder: Path) -> None:
    assert vera.raw_post(PAGE, data={"avatar": (BytesIO(PNG), "me.png")}).status_code == 400
    assert vera.raw_post(f"{PAGE}/remove").status_code == 400
    assert stored(folder) == []


def test_looking_changes_nothing(vera: Client, cast: Cast) -> None:
    upload(vera)
    before = key_of(cast)
    assert vera.get(f"{PAGE}/remove").status_code == 405
    vera.get(PAGE, query_string={"avatar": "me.png"})
    assert key_of(cast) == before


# --- how it is served ---


def test_a_picture_is_served_as_what_it_is_and_nothing_else(vera: Client, cast: Cast) -> None:
    upload(vera)
    answer = vera.get(f"/avatars/{key_of(cast)}/64")
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, max-age=604800, immutable"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert "Cookie" in answer.headers["Vary"], "another session gets no kept copy"
    assert "Set-Cookie" not in answer.headers


ELSEWHERE = [
    "0" * 32 + "/64",
    "{}/65",
    "{}/0",
    "{}/-64",
    "{}/256x",
    "{}",
    "{}/64/",
    "{}-64/64",
    "G" * 32 + "/64",
    "../uploads/{}/64",
    "%2e%2e/64",
    "{}%00/64",
    "{}/99999999999999999999",
]


@pytest.mark.parametrize("rest", ELSEWHERE)
def test_nothing_else_is_served(vera: Client, cast: Cast, rest: str) -> None:
    upload(vera)
    answer = vera.get("/avatars/" + rest.format(key_of(cast)))
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


# --- where it is seen ---


def test_lists_details_and_events_show_it(app: Flask, vera: Client, cast: Cast) -> None:
    upload(vera)
    key = key_of(cast)
    olivia = app.test_client().sign_in("olivia")
    listed = read(olivia.get("/admin/users/")).all("img", class_="avatar")
    assert [(e["src"], e["loading"], e["width"], e["height"], e["alt"]) for e in listed] == [
        (f"/avatars/{key}/64", "lazy", "32", "32", "")
    ]
    assert shown(olivia.get(f"/admin/users/{cast.vera.id}")) == [f"/avatars/{key}/256"]
    assert shown(olivia.get(f"/admin/users/{cast.vera.id}?tab=events"))[1:] == [
        f"/avatars/{key}/64"
    ]
    export = (
        olivia.get("/admin/users/export.csv").text + olivia.get("/admin/events/export.csv").text
    )
    assert key not in export


def test_whoever_has_none_is_their_initials(app: Flask, cast: Cast) -> None:
    page = read(app.test_client().sign_in("olivia").get("/admin/users/"))
    assert [e.text for e in page.all("span", class_="avatar")] == ["OO", "EE", "VV", "MM", "OO"]


def test_a_list_asks_for_no_picture_by_itself(
    app: Flask, vera: Client, cast: Cast, statements: Any
) -> None:
    olivia = app.test_client().sign_in("olivia")
    numbers = []
    for _ in range(2):
        with statements() as seen:
            olivia.get("/admin/users/")
        numbers.append(len(seen))
        upload(vera)
    assert numbers[0] == numbers[1]


def test_the_card_offers_to_remove_it(app: Flask, vera: Client, cast: Cast) -> None:
    olivia = app.test_client().sign_in("olivia")
    assert "Remove avatar" not in olivia.get(f"/admin/users/{cast.vera.id}").text, (
        "nothing to remove"
    )
    upload(vera)
    assert "Remove avatar" in olivia.get(f"/admin/users/{cast.vera.id}").text
    assert "Remove avatar" not in vera.get(f"/admin/users/{cast.vera.id}").text

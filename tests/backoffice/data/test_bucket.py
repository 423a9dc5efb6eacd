"""Files in a bucket: stored, read, listed and deleted, and clear words if the service is away."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask

from backoffice import clock, readiness
from backoffice.data.bucket import AWAY, Bucket, BucketAway
from backoffice.data.storage import Folder, uploads
from backoffice.errors import Busy, CannotStore
from backoffice.extensions import db
from backoffice.jobs import sweep_uploads
from backoffice.models.user import User
from backoffice.settings import configured
from backoffice.testing.cast import Cast
from backoffice.testing.client import settle
from backoffice.urls import BucketURL
from tests.support import bucket
from tests.support.bucket import KEYS, BucketServer
from tests.support.images import encoded, plain

KEY, OTHER = "0a" * 16, "0b" * 16


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    with bucket.running() as found:
        yield found


@pytest.fixture
def store(server: BucketServer) -> Iterator[Bucket]:
    found = Bucket(BucketURL(server.url()), (*KEYS.values(), ""))
    yield found
    for name in server.names():
        server.client().delete_object(Bucket=bucket.NAME, Key=name)


def unreachable() -> Bucket:
    return Bucket(BucketURL("s3://files?endpoint_url=http://127.0.0.1:1"), (*KEYS.values(), ""))


def test_what_is_stored_is_read_and_deleted_again(store: Bucket, server: BucketServer) -> None:
    store.put(f"{KEY}-256", b"a picture")
    assert server.names() == [f"uploads/{KEY}-256"]
    assert store.read(f"{KEY}-256") == b"a picture"
    assert store.has(f"{KEY}-256")
    store.delete(f"{KEY}-256")
    store.delete(f"{KEY}-256")
    assert store.read(f"{KEY}-256") is None
    assert not store.has(f"{KEY}-256")


def test_only_its_own_keys_are_listed(store: Bucket, server: BucketServer) -> None:
    store.put(KEY, b"a file")
    for name in (OTHER, f"elsewhere/{OTHER}", "uploads/README"):
        server.client().put_object(Bucket=bucket.NAME, Key=name, Body=b"not ours")
    assert list(store.keys(clock.now() + timedelta(minutes=1))) == [KEY]
    assert list(store.keys(clock.now() - timedelta(days=1))) == []


@pytest.mark.parametrize("key", ["../secrets", "", "x" * 32, f"{KEY}-12345"])
def test_no_other_key_reaches_the_service(key: str, store: Bucket) -> None:
    for use in (store.read, store.has, store.delete, lambda key: store.put(key, b"")):
        with pytest.raises(ValueError, match="no key of ours"):
            use(key)


def test_a_service_that_is_away_is_said(app: Flask) -> None:
    away = unreachable()
    with app.test_request_context():
        with pytest.raises(CannotStore) as refused:
            away.put(KEY, b"a file")
        assert refused.value.message == AWAY
        with pytest.raises(Busy):
            away.read(KEY)
    with pytest.raises(BucketAway, match="EndpointConnectionError"):
        away.delete(KEY)
    assert isinstance(BucketAway(), OSError)
    assert away.state() == "away"


def test_its_state_is_told(store: Bucket, server: BucketServer) -> None:
    assert store.state() == "ok"
    assert Bucket(BucketURL(server.url("nowhere")), (*KEYS.values(), "")).state() == "missing"


@pytest.fixture
def with_bucket(server: BucketServer, store: Bucket, app_with: Callable[..., Flask]) -> Flask:
    return app_with(uploads_url=server.url(), **KEYS)


def test_avatars_lie_in_the_bucket_and_nothing_in_the_folder(
    with_bucket: Flask, server: BucketServer, cast: Cast
) -> None:
    client = with_bucket.test_client().sign_in("vera")
    sent = {"avatar": (BytesIO(encoded(plain())), "me.png")}
    assert client.post("/account/avatar", sent).status_code == 303
    settle()
    key = db.session.get_one(User, cast.vera.id).avatar
    assert server.names() == [f"uploads/{key}-256", f"uploads/{key}-64"]
    assert client.get(f"/avatars/{key}/64").status_code == 200
    with with_bucket.app_context():
        assert isinstance(uploads(), Bucket)
        assert readiness.parts()["uploads"] == "ok"
        sweep_uploads.run(configured(), lambda: False)
    assert client.post("/account/avatar/remove").status_code == 303
    assert server.names() == []


def test_without_an_address_files_lie_in_the_folder(app: Flask) -> None:
    assert isinstance(uploads(), Folder)

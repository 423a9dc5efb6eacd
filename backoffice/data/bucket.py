"""Store uploaded files in a bucket of a service that speaks S3, such as AWS, Ceph or MinIO."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from flask_babel import lazy_gettext as _l

from backoffice import failures, limits
from backoffice.errors import Busy, CannotStore
from backoffice.models.files import KEY
from backoffice.urls import BucketURL

GONE = ("404", "NoSuchKey", "NotFound")  # what services answer for a key that is not there
NO_BUCKET = ("404", "NoSuchBucket")
AWAY: str = _l(
    "The store of files does not answer. "
    "Nothing was changed; try again, or tell your administrator."
)
log = structlog.get_logger()


class BucketAway(OSError):
    """The bucket did not do what was asked; the text is the code of the answer, or of the error."""


class Bucket:
    """A store of files below a prefix of a bucket. An object is written whole or not at all."""

    def __init__(self, address: BucketURL, credentials: tuple[str, str, str]) -> None:
        self.address = address
        self.credentials = credentials  # the id of a key, the key, and a token if it needs one

    def put(self, key: str, content: bytes) -> None:
        try:
            self._ask("put_object", Key=self._name(key), Body=content)
        except BucketAway as error:
            log.error("bucket_away", where="uploads", error=str(error))
            raise CannotStore(AWAY) from error

    def read(self, key: str) -> bytes | None:
        try:
            found = self._ask("get_object", Key=self._name(key))
            with _errors():
                content: bytes = found["Body"].read()
        except BucketAway as error:
            _require_gone(error)
            return None
        return content

    def has(self, key: str) -> bool:
        try:
            self._ask("head_object", Key=self._name(key))
        except BucketAway as error:
            _require_gone(error)
            return False
        return True

    def delete(self, key: str) -> None:
        self._ask("delete_object", Key=self._name(key))

    def keys(self, before: datetime) -> Iterator[str]:
        pages = self._client().get_paginator("list_objects_v2")
        with _errors():
            for page in pages.paginate(Bucket=self.address.bucket, Prefix=self.address.prefix):
                for each in page.get("Contents", ()):
                    key = each["Key"].removeprefix(self.address.prefix)
                    if KEY.fullmatch(key) and each["LastModified"] < before:
                        yield key

    def discard_unfinished(self, before: datetime) -> None:
        """Do nothing: the service itself keeps no part of an object."""

    def state(self) -> str:
        try:
            self._ask("head_bucket", is_quick=True)
        except BucketAway as error:
            return failures.MISSING if str(error) in NO_BUCKET else failures.AWAY
        return failures.OK

    def _ask(self, operation: str, *, is_quick: bool = False, **arguments: Any) -> Any:
        """Return the answer of the service. Raises BucketAway."""
        call: Callable[..., Any] = getattr(self._client(is_quick=is_quick), operation)
        with _errors():
            return call(Bucket=self.address.bucket, **arguments)

    def _name(self, key: str) -> str:
        if not KEY.fullmatch(key):
            raise ValueError("this is no key of ours")
        return self.address.prefix + key

    def _client(self, *, is_quick: bool = False) -> Any:
        return _client(self.address, self.credentials, is_quick)


@cache
def _client(address: BucketURL, credentials: tuple[str, str, str], is_quick: bool) -> Any:
    """Return a client of the service, which all threads may use."""
    # 300 modules and 38 MB, read in a quarter of a second, which only those with a bucket need.
    import botocore.session  # noqa: PLC0415  # see above
    from botocore.config import Config  # noqa: PLC0415  # likewise

    key_id, secret, token = credentials
    connect, answer = limits.STORE_CONNECT, limits.STORE_ANSWER
    config = Config(
        connect_timeout=limits.READY / 4 if is_quick else connect,
        read_timeout=limits.READY / 2 if is_quick else answer,
        retries={"mode": "standard", "total_max_attempts": 1 if is_quick else limits.STORE_TRIES},
        # Other services than AWS may know neither buckets as host names nor newer checksums.
        s3={"addressing_style": "path" if address.endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return botocore.session.Session().create_client(
        "s3",
        region_name=address.region,
        endpoint_url=address.endpoint or None,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token or None,
        config=config,
    )


@contextmanager
def _errors() -> Iterator[None]:
    """Make one error of all that the client raises."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # read already
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  # of botocore, which is read already

    try:
        yield
    except ClientError as error:
        raise BucketAway(str(error.response.get("Error", {}).get("Code", ""))) from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise BucketAway(type(error).__name__) from error


def _require_gone(error: BucketAway) -> None:
    """Raise Busy unless the answer is that there is nothing under the key."""
    if str(error) not in GONE:
        log.error("bucket_away", where="uploads", error=str(error))
        raise Busy(AWAY, retry_after=limits.RETRY_AFTER) from error

"""A real server that speaks S3, on loopback, with one bucket."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import botocore.session
from moto.server import ThreadedMotoServer

KEYS = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "a secret of the bucket"}
NAME = "files"


@dataclass
class BucketServer:
    """The server: its address, and what is in its bucket."""

    endpoint: str
    server: ThreadedMotoServer

    def url(self, bucket: str = NAME, prefix: str = "uploads") -> str:
        return f"s3://{bucket}/{prefix}?endpoint_url={self.endpoint}&region=eu-central-1"

    def names(self) -> list[str]:
        """Return the names of all objects."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=NAME)
        return sorted(each["Key"] for page in pages for each in page.get("Contents", ()))

    def client(self) -> "botocore.client.BaseClient":
        return botocore.session.Session().create_client(
            "s3", region_name="eu-central-1", endpoint_url=self.endpoint, **KEYS
        )

    def stop(self) -> None:
        self.server.stop()


@contextmanager
def running() -> Iterator[BucketServer]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    found = BucketServer(f"http://127.0.0.1:{port}", server)
    try:
        place = {"LocationConstraint": "eu-central-1"}
        found.client().create_bucket(Bucket=NAME, CreateBucketConfiguration=place)
        yield found
    finally:
        server.stop()

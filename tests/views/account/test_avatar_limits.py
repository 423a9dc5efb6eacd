"""Pictures take work to process, so each person may send only a number of them per hour."""

from collections.abc import Callable

from flask import Flask

from backoffice.testing.cast import Cast
from tests.views.account.test_avatar import upload


def test_so_many_pictures_an_hour(app_with: Callable[..., Flask], cast: Cast) -> None:
    """Refused pictures count too, because looking at them is work as well."""
    client = app_with(avatars_per_hour=2).test_client().sign_in("vera")
    statuses = [
        upload(client).status_code,
        upload(client, b"no picture").status_code,
        upload(client).status_code,
    ]
    assert statuses == [303, 422, 429]

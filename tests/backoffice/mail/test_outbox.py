"""Mails that are not in the table are refused before they are queued."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models.user import User

UNKNOWN: dict[str, Callable[[], Any]] = {
    "queued": lambda: OutgoingMail(purpose="no_such_mail", address="max@example.com"),
    "sent as a notice": lambda: outbox.notify(select(User.id), "no_such_mail"),
    "prepared": lambda: outbox.prepared("no_such_mail"),
}


@pytest.mark.parametrize("way", UNKNOWN)
def test_an_unknown_mail_is_refused(way: str) -> None:
    with pytest.raises(LookupError, match="there is no mail 'no_such_mail': use one of"):
        UNKNOWN[way]()

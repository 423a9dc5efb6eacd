"""The table of mails: its names and labels reach the list of messages, mistakes stop the start."""

import pytest

from backoffice.models import fields, mails
from backoffice.models.mails import MailType, Secret
from backoffice.models.message import Message


def test_the_column_of_messages_offers_the_table() -> None:
    assert fields.choices(Message, "purpose") == mails.names()
    kind, column = fields.kind(Message, "purpose"), fields.column(Message, "purpose")
    assert kind
    assert list(kind.mistakes(column)) == []
    assert column.info["words"]["blocked"] == "Notice: account blocked"


def test_an_unknown_mail_is_refused_with_the_cure() -> None:
    with pytest.raises(LookupError) as refused:
        mails.named("blokced")
    assert "there is no mail 'blokced': use one of access_ends, " in str(refused.value)
    assert "add an entry to backoffice/models/mails.py" in str(refused.value)


@pytest.mark.parametrize("name", ["", "Invitation", "../etc", "new.device", "x" * 31])
def test_a_name_can_be_stored_and_names_a_file(name: str) -> None:
    with pytest.raises(ValueError, match="is no name: use up to 30 small letters and _"):
        MailType(name, "Anything")


def test_a_code_ends_by_itself() -> None:
    with pytest.raises(ValueError, match="pin: no token ends a code, so give it a lifetime"):
        MailType("pin", "PIN", secret=Secret.CODE)


def test_two_mails_have_two_names() -> None:
    with pytest.raises(ValueError, match="there are two mails 'blocked': rename one"):
        mails._add(MailType("blocked", "Blocked"))

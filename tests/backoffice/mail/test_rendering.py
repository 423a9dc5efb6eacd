"""What mails say, to whom, why and in which language.

Nobody can make them say something else.
"""

import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from flask import Flask
from flask_babel import get_locale

from backoffice.mail import outbox, rendering
from backoffice.models import mails
from backoffice.models.message import Message
from backoffice.models.user import User
from backoffice.settings import Settings
from backoffice.testing.cast import Cast
from backoffice.testing.stage import Stage
from tests.house.source import ROOT
from tests.support.outbox import LINK, VALUES

CATALOG = ROOT / "backoffice" / "translations" / "de" / "LC_MESSAGES" / "mails.po"
SECRETS = {"link": LINK, "code": "123456"}
HOSTILE = (
    'Eve\r\nBcc: all@example.com\r\n\r\n<script>alert("x")</script> '
    "https://evil.example www.evil.example \u202e"
)


@pytest.fixture
def settings(stage: Stage, cast: Cast) -> Settings:
    return stage.settings


def written(
    settings: Settings, purpose: str, *, language: str = "en", name: str = "Vera", **values: str
) -> Message:
    """Return a message that is in no table."""
    person = User(first_name=name, last_name="", language=language)
    message = Message(id=7, purpose=purpose, address="vera@example.com", user=person)
    outbox.seal_values(message, VALUES | values, settings)
    return message


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("purpose", mails.names())
def test_every_mail_says_who_writes_why_and_what_to_do(
    settings: Settings, purpose: str, language: str
) -> None:
    mail = rendering.rendered(written(settings, purpose, language=language), settings)
    assert mail.subject
    assert len(mail.subject) < 78
    for text in (mail.text, mail.html):
        assert "Vera," in text
        assert "Backoffice" in text
        # Clients need not know where the back office is.
        assert (settings.base_url in text) != purpose.startswith("client_")
        assert ("You get this mail" if language == "en" else "Sie erhalten diese Mail") in text
        assert ("If " if language == "en" else "Wenn ") in text
    assert f'<html lang="{language}">' in mail.html
    assert "None" not in mail.text
    assert "%(" not in mail.subject + mail.text + mail.html


@pytest.mark.parametrize("purpose", mails.names())
def test_mails_in_html_fetch_nothing(settings: Settings, purpose: str) -> None:
    html = rendering.rendered(written(settings, purpose), settings).html
    assert not re.search(r"<(img|script|link|iframe|style|form)\b|url\(|\son\w+=|src=", html)
    assert set(re.findall(r'href="([^"]+)"', html)) <= {LINK}


@pytest.mark.parametrize("purpose", mails.names())
def test_a_mail_holds_no_secret_but_its_own(settings: Settings, purpose: str) -> None:
    mail = rendering.rendered(written(settings, purpose), settings)
    held = {name for name, secret in SECRETS.items() if secret in mail.text}
    assert held == {name for name, secret in SECRETS.items() if secret in mail.html}
    own = {each.name: {each.secret.value} for each in mails.every() if each.secret}
    own[mails.INVITATION_RENEWAL] = {"link"}  # to a page for which one signs in
    assert held == own.get(purpose, set())
    assert not any(secret in mail.subject for secret in SECRETS.values())


def test_a_link_stands_alone_so_that_it_can_be_copied(settings: Settings) -> None:
    assert f"\n{LINK}\n" in rendering.rendered(written(settings, "invitation"), settings).text


@pytest.mark.parametrize("language", ["fr", "", "de_AT", "../../etc", "x" * 8])
def test_a_language_without_mails_is_english(settings: Settings, language: str) -> None:
    message = written(settings, "blocked", language=language)
    assert rendering.language_of(message) == ("de" if language == "de_AT" else "en")
    assert rendering.rendered(message, settings).text


def test_spans_and_sentences_are_said_in_the_language(settings: Settings) -> None:
    assert (
        "8 Stunden"
        in rendering.rendered(written(settings, "invitation", language="de"), settings).text
    )
    assert (
        "90 Minuten"
        in rendering.rendered(
            written(settings, "invitation", language="de", valid="90 minutes"), settings
        ).text
    )
    assert (
        "zweiten Faktor gefragt"
        in rendering.rendered(written(settings, "two_factor_changed", language="de"), settings).text
    )


def test_a_device_is_named_as_people_name_it(settings: Settings) -> None:
    assert (
        "Device: Chrome on Linux\n"
        in rendering.rendered(written(settings, "new_device"), settings).text
    )


@pytest.mark.parametrize("name", ["https://evil.example/@x", "evil.example/login@x", "a:b@c/d.de"])
def test_an_address_within_a_name_does_not_make_it_a_link(settings: Settings, name: str) -> None:
    message = written(settings, "invitation", inviter=name)
    mail = rendering.rendered(message, settings)
    assert name not in mail.text
    assert name not in mail.html


def test_names_begin_no_header_no_line_no_tag_and_no_link(settings: Settings) -> None:
    for purpose in mails.names():
        values = dict.fromkeys(("inviter", "person", "device", "what"), HOSTILE)
        message = written(settings, purpose, name=HOSTILE, **values)
        mail = rendering.rendered(message, settings)
        assert not re.search(r"^(Bcc|<script)", mail.text, re.MULTILINE)
        assert "<script" not in mail.html
        assert "evil.example" not in mail.text
        assert "://evil" not in mail.html
        assert "\u202e" not in mail.text
        parsed = message_from_bytes(
            rendering.composed(message, settings).as_bytes(), policy=default
        )
        assert parsed["Bcc"] is None
        assert parsed["To"] == "vera@example.com"


@pytest.mark.parametrize("name", ["علی\u200cرضا", "ශ්\u200dරී", "👩\u200d💻 Weber", "Jo ❤\ufe0f"])
def test_a_name_is_spelled_in_mails_as_its_owner_spells_it(settings: Settings, name: str) -> None:
    """Joiners are letters in some scripts; without them a Persian name is misspelled."""
    message = written(settings, "invitation", name=name, inviter=name)
    parsed = message_from_bytes(rendering.composed(message, settings).as_bytes(), policy=default)
    for kind in ("plain", "html"):
        body = parsed.get_body((kind,))
        assert body
        assert name in body.get_content()
    written_by_another = written(settings, "invitation_renewal", person=f"\u202e{name}\u200b")
    text = rendering.rendered(written_by_another, settings).text
    assert name in text
    assert not {"\u202e", "\u200b"} & set(text)


@pytest.mark.parametrize(
    "address",
    ["", "vera", "@example.com", "vera@", "vera@example.com\r\nBcc: eve@example.com",
     "a b@example.com", "<vera@example.com>", "vera@example.com,eve@example.com",
     'a"b@example.com', "vera@exa\u2028mple.com",
     "vera@example.com\0", "vera@" + "x" * 64 + ".é.com"],
)  # fmt: skip
def test_what_is_no_address_is_written_to_by_nobody(settings: Settings, address: str) -> None:
    message = Message(id=7, purpose="blocked", address=address)
    with pytest.raises(rendering.Unwritable) as caught:
        rendering.composed(message, settings)
    assert "vera" not in str(caught.value)


@pytest.mark.parametrize("name", ["Example, Ltd", 'The "Example", Ltd.', "Büro; Müller, Söhne", ""])
def test_the_sender_is_one_address_whatever_its_name_holds(settings: Settings, name: str) -> None:
    sent_by = replace(
        settings, product_name="Contoso, Inc", mail_from=f"{name} <office@example.com>".strip()
    )
    raw = rendering.composed(written(settings, "password_changed"), sent_by).as_bytes()
    (sender,) = message_from_bytes(raw, policy=default)["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name or "Contoso, Inc", "office@example.com")


def test_the_message_id_is_the_same_each_time_and_nobody_elses(settings: Settings) -> None:
    message = written(settings, "blocked")
    first = rendering.composed(message, settings)["Message-ID"]
    assert first == rendering.composed(message, settings)["Message-ID"]
    assert re.fullmatch(r"<7\.[0-9a-f]{32}@127\.0\.0\.1>", first)
    assert first != rendering.message_id(message, replace(settings, secret_key="x" * 40))
    message.id = 8
    assert first != rendering.message_id(message, settings)


def test_lines_are_short_enough_for_every_server(settings: Settings) -> None:
    for purpose in mails.names():
        raw = rendering.composed(
            written(settings, purpose, language="de", name="Ünï" * 30), settings
        ).as_bytes()
        assert raw.isascii()
        assert max(map(len, raw.split(b"\r\n"))) <= 78 + 2


def test_rendering_leaves_the_readers_language_alone(settings: Settings, app: Flask) -> None:
    rendering.rendered(written(settings, "blocked", language="de"), settings)
    assert str(get_locale()) == "en"

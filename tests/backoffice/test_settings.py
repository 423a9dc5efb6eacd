"""The product refuses to start half-configured, and names everything that is missing at once."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from backoffice.settings import Settings, SettingsError
from backoffice.urls import BucketURL

KEY = "a key with many different letters 0123456789"
WHOLE = {"SECRET_KEY": KEY, "BASE_URL": "https://admin.example.com"}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ)
    return str(caught.value)


def test_production_is_the_default_and_needs_a_key_and_an_address() -> None:
    message = refusal({})
    assert "SECRET_KEY is missing" in message
    assert "BASE_URL is missing" in message


def test_a_whole_configuration_starts() -> None:
    settings = Settings.from_environment(WHOLE)
    assert (settings.production, settings.tls, settings.host) == (True, True, "admin.example.com")
    assert settings.database_url.startswith("sqlite:///")


@pytest.mark.parametrize(
    "key",
    ["short", "a" * 64, "change-me"],
    ids=["short", "one letter", "default"],
)
def test_production_refuses_a_weak_key(key: str) -> None:
    assert "SECRET_KEY is missing or weak" in refusal(WHOLE | {"SECRET_KEY": key})


def test_production_refuses_plain_http_and_debug() -> None:
    assert "https://" in refusal(WHOLE | {"BASE_URL": "http://admin.example.com"})
    assert "FLASK_DEBUG" in refusal(WHOLE | {"FLASK_DEBUG": "1"})


@pytest.mark.parametrize(
    "name, value",
    [
        ("DATABASE_URL", "mysql://x"),
        ("TRUSTED_PROXIES", "not-an-address"),
        ("SESSION_IDLE", "soon"),
        ("PASSWORD_MIN_LENGTH", "-3"),
        ("BACKOFFICE_ENV", "staging"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    assert name in refusal(WHOLE | {name: value})


def test_values_are_read_as_what_they_are() -> None:
    settings = Settings.from_environment(
        WHOLE
        | {
            "DATABASE_URL": "postgresql://db/x",
            "TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "SESSION_IDLE": "600",
            "UPLOADS_DIR": "/srv/uploads",
        }
    )
    assert settings.database_url == "postgresql+psycopg://db/x"
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert settings.session_idle == timedelta(minutes=10)
    assert settings.uploads_dir == Path("/srv/uploads")


def test_the_demo_needs_nothing() -> None:
    settings = Settings.from_environment({"BACKOFFICE_ENV": "demo"})
    assert settings.base_url.startswith("http://127.0.0.1:")
    assert len(settings.secret_key) > 32


def test_secrets_do_not_show() -> None:
    shown = repr(Settings.from_environment(WHOLE | {"SMTP_URL": "smtp://user:hunter2@mail"}))
    assert KEY not in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.com",
        "smtps://office:p%40ss%2Fw@mail.example.com:465",
        "smtp+plain://localhost:25",
        "smtp+plain://127.0.0.1",
        "smtp+plain://[::1]:2525/",
    ],
)
def test_a_mail_server_is_named_by_its_url(url: str) -> None:
    assert Settings.from_environment(WHOLE | {"SMTP_URL": url}).smtp_url == url


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com:0",
        "smtp://mail.example.com:port",
        "smtp://[::1",
        "smtp://mail.example.com/path",
        "smtp://office:pässword@mail.example.com",
        "smtp+plain://mail.example.com",
    ],
)
def test_production_refuses_what_is_no_safe_mail_server_without_showing_the_password(
    url: str,
) -> None:
    said = refusal(WHOLE | {"SMTP_URL": url})
    assert "SMTP_URL must look like" in said
    assert "pässword" not in said


def test_outside_production_any_relay_may_be_plain() -> None:
    relay = "smtp+plain://mail:1025"
    assert (
        Settings.from_environment({"BACKOFFICE_ENV": "development", "SMTP_URL": relay}).smtp_url
        == relay
    )


@pytest.mark.parametrize(
    "given, sender",
    [
        ("", ("", "backoffice@admin.example.com")),
        ("office@example.com", ("", "office@example.com")),
        ("Example Ltd <office@example.com>", ("Example Ltd", "office@example.com")),
        ("Example, Ltd <office@example.com>", ("Example, Ltd", "office@example.com")),
        (
            '"Example, \\"the\\" Ltd" <office@example.com>',
            ('Example, "the" Ltd', "office@example.com"),
        ),
        ("Büro <office@büro.example>", ("Büro", "office@xn--bro-hoa.example")),
    ],
)
def test_mails_come_from_an_address(given: str, sender: tuple[str, str]) -> None:
    found = Settings.from_environment(WHOLE | {"MAIL_FROM": given}).sender
    assert (found.name, found.address) == sender


@pytest.mark.parametrize(
    "given",
    [
        "office",
        "office@",
        "<>",
        "Office <office>",
        "=?utf-8?q?x?= <a@b.example>",
        "a..b@c.example",
        "a@b@c.example",
        "x@y.example\r\nBcc: z@y.example",
        "A <a@b.example>, <c@d.example>",
        "é@b.example",
    ],
)
def test_a_sender_that_is_no_address_is_refused(given: str) -> None:
    assert "MAIL_FROM must look like" in refusal(WHOLE | {"MAIL_FROM": given})


def test_a_sender_is_made_of_any_host() -> None:
    hosts = ("https://büro.example", "https://[::1]:8443", "https://10.0.0.1")
    senders = [
        Settings.from_environment(WHOLE | {"BASE_URL": host}).sender.address for host in hosts
    ]
    assert senders == [
        "backoffice@xn--bro-hoa.example",
        "backoffice@localhost",
        "backoffice@10.0.0.1",
    ]


# --- addresses are read once ---


@pytest.mark.parametrize(
    "given, canonical, host, port",
    [
        ("https://admin.example.com/", "https://admin.example.com", "admin.example.com", 443),
        ("HTTPS://Admin.Example.COM:443", "https://admin.example.com", "admin.example.com", 443),
        (
            "https://admin.example.com.:8443",
            "https://admin.example.com:8443",
            "admin.example.com",
            8443,
        ),
        ("https://BÜRO.example", "https://xn--bro-hoa.example", "xn--bro-hoa.example", 443),
        ("https://[2001:DB8::0001]:8443", "https://[2001:db8::1]:8443", "2001:db8::1", 8443),
        ("https://[::1]", "https://[::1]", "::1", 443),
    ],
)
def test_the_base_url_is_read_into_its_parts(
    given: str, canonical: str, host: str, port: int
) -> None:
    home = Settings.from_environment(WHOLE | {"BASE_URL": given}).home
    assert (home, home.host, home.port) == (canonical, host, port)


@pytest.mark.parametrize(
    "given",
    [
        "admin.example.com",
        "ftp://admin.example.com",
        "https://",
        "https://admin.example.com:0",
        "https://admin.example.com:99999",
        "https://user:word@admin.example.com",
        "https://admin.example.com?x=1",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://ad min.example.com",
        "https://a_b.example.com",
        "https://-.example.com",
    ],
)
def test_a_base_url_that_nobody_could_open_is_refused_once(given: str) -> None:
    said = refusal(WHOLE | {"BASE_URL": given})
    assert said.count("BASE_URL") == 1
    assert "BASE_URL must be the address people open" in said


def test_a_path_in_the_base_url_is_refused_with_the_way_out() -> None:
    assert "without a path: the product needs a host" in refusal(
        WHOLE | {"BASE_URL": "https://example.com/admin"}
    )


@pytest.mark.parametrize(
    "url, parts",
    [
        ("smtp://mail.example.com", ("starttls", "mail.example.com", 587, "", "")),
        (
            "smtps://office:p%40ss%2Fw@Mail.example.com",
            ("tls", "mail.example.com", 465, "office", "p@ss/w"),
        ),
        ("smtp+plain://[::1]:2525/", ("plain", "::1", 2525, "", "")),
    ],
)
def test_a_mail_server_is_read_into_its_parts(url: str, parts: tuple[object, ...]) -> None:
    server = Settings.from_environment(WHOLE | {"SMTP_URL": url}).mail_server
    assert server is not None
    assert (server.mode, server.host, server.port, server.user, server.password) == parts


def test_numbers_and_durations_have_an_end_and_every_fault_is_told_at_once() -> None:
    said = refusal(
        WHOLE
        | {
            "SESSION_IDLE": "99999999999",
            "SESSION_ABSOLUTE": "1.5",
            "ARGON2_MEMORY_KIB": "99999999",
            "PASSWORD_MIN_LENGTH": "4",
            "LOG_JSON": "perhaps",
            "TRUSTED_PROXIES": "10.0.0.0/8, elsewhere",
            "PRODUCT_NAME": "Contoso: Admin",
        }
    )
    for sentence in (
        "SESSION_IDLE must be a whole number of seconds from 1 to 31,622,400.",
        "SESSION_ABSOLUTE must be a whole number of seconds",
        "ARGON2_MEMORY_KIB must be a whole number from 1 to 4,194,304.",
        "PASSWORD_MIN_LENGTH must be a whole number from 8 to 1,000,000.",
        "LOG_JSON must be true or false.",
        "TRUSTED_PROXIES must be addresses or networks",
        "PRODUCT_NAME must be a name of at most 40 characters, without",
    ):
        assert sentence in said
    assert said.count("\n  - ") == 7


def test_the_most_characters_of_a_password_are_not_fewer_than_the_fewest() -> None:
    assert "PASSWORD_MAX_LENGTH must not be less" in refusal(WHOLE | {"PASSWORD_MAX_LENGTH": "12"})


@pytest.mark.parametrize(
    "word, value", [("true", True), ("1", True), ("On", True), ("false", False), ("no", False)]
)
def test_yes_and_no_are_said_in_words(word: str, value: bool) -> None:
    assert Settings.from_environment(WHOLE | {"LOG_JSON": word}).log_json is value


BUCKET_KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret of a bucket"}


def test_a_bucket_is_read_with_its_keys_which_are_shown_nowhere() -> None:
    address = "s3://acme-files/in/here/?region=eu-central-1&endpoint_url=https://s3.example.com"
    settings = Settings.from_environment(WHOLE | BUCKET_KEYS | {"UPLOADS_URL": address})
    found = settings.uploads_url
    assert isinstance(found, BucketURL)
    assert (found.bucket, found.prefix, found.region) == ("acme-files", "in/here/", "eu-central-1")
    assert found.endpoint == "https://s3.example.com"
    assert settings.bucket_credentials == ("AKIA", "secret of a bucket", "")
    assert "secret of a bucket" not in repr(settings)


@pytest.mark.parametrize(
    "address, words",
    [
        ("https://acme-files", "must look like s3://"),
        ("s3://", "must look like s3://"),
        ("s3://Acme_Files", "must look like s3://"),
        ("s3://key:secret@acme-files", "must look like s3://"),
        ("s3://acme-files?zone=x", "must look like s3://"),
        ("s3://acme-files?endpoint_url=ftp://x", "must look like s3://"),
        ("s3://acme-files?endpoint_url=http://s3.example.com", "https:// in production"),
    ],
)
def test_an_address_of_no_bucket_is_refused(address: str, words: str) -> None:
    assert words in refusal(WHOLE | BUCKET_KEYS | {"UPLOADS_URL": address})


def test_a_bucket_without_its_keys_is_refused() -> None:
    message = refusal(WHOLE | {"UPLOADS_URL": "s3://acme-files"})
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in message


def test_further_databases_have_names() -> None:
    given = {"BACKOFFICE_DATABASES": "erp=sqlite:///erp.db, crm=postgresql://u:p@host/crm"}
    databases = dict(Settings.from_environment(WHOLE | given).backoffice_databases)
    assert databases["erp"].is_sqlite
    assert databases["crm"].url.drivername == "postgresql+psycopg"
    assert "u:p@host" not in repr(Settings.from_environment(WHOLE | given))


@pytest.mark.parametrize("given", ["erp", "=sqlite:///x", "ERP=sqlite:///x", "erp=mysql://x/y"])
def test_a_further_database_that_cannot_be_used_is_told(given: str) -> None:
    assert "BACKOFFICE_DATABASES" in refusal(WHOLE | {"BACKOFFICE_DATABASES": given})

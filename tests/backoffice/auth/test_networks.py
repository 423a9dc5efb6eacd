"""The IP whitelist has one canonical form, and decides who gets in."""

import pytest

from backoffice.auth import networks
from backoffice.auth.networks import admits, canonical
from backoffice.errors import RuleBroken


def test_entries_are_kept_in_canonical_form() -> None:
    typed = [
        "10.1.2.3/8",
        "203.0.113.7",
        "2001:DB8:0::/32",
        "::ffff:192.0.2.1",
        "::ffff:10.0.0.0/104",
        "203.0.113.7",
    ]
    assert canonical(typed) == ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "203.0.113.7/32"]


@pytest.mark.parametrize(
    "bad", ["10.0.0.1/33", "banana", "10.0.0", "300.1.1.1", "::ffff:10.0.0.0/20", "1.2.3.4/x", "/8"]
)
def test_a_bad_entry_is_named(bad: str) -> None:
    with pytest.raises(RuleBroken, match="is not an address") as caught:
        canonical(["192.0.2.1", bad])
    assert caught.value.field == "ip_whitelist"


@pytest.mark.parametrize(
    "whitelist, ip, let_in",
    [
        ([], "198.51.100.1", True),
        (["10.0.0.0/8"], "10.255.0.1", True),
        (["10.0.0.0/8"], "11.0.0.1", False),
        (["10.0.0.0/8"], "::ffff:10.1.1.1", True),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["2001:db8::/32"], "10.0.0.1", False),
        (["10.0.0.0/8"], "", False),
        (["10.0.0.0/8"], "unknown", False),
    ],
)
def test_who_is_let_in(whitelist: list[str], ip: str, let_in: bool) -> None:
    assert admits(whitelist, ip) is let_in


FORWARDED = {
    "203.0.113.7": (
        "203.0.113.7",
        "203.0.113.7:51234",
        " 203.0.113.7:1 ",
        "::ffff:203.0.113.7",
        "[::ffff:203.0.113.7]",
    ),
    "2001:db8::1": ("2001:DB8::1", "2001:db8:0:0:0:0:0:1", "[2001:db8::1]", "[2001:db8::1]:443"),
    "fe80::1": ("fe80::1%eth0", "[fe80::1%25eth0]:80", "fe80::1%1"),
    "": (
        "",
        "unknown",
        "_hidden",
        "203.0.113.7, 1.2.3.4",
        "203.0.113.300",
        "[::1",
        "1.2.3.4:x",
        "::1]",
        "x" * 500,
        "%",
    ),
}


@pytest.mark.parametrize("address", FORWARDED)
def test_an_address_has_one_form_whatever_a_proxy_adds(address: str) -> None:
    """What is no address counts as one visitor, however it is varied."""
    assert {networks.plain(text) for text in FORWARDED[address]} == {address}

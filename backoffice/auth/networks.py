"""Bring Internet addresses and whitelists into one form, and match them against each other."""

import re
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)

from flask_babel import gettext as _
from flask_babel import ngettext as _n

from backoffice import limits
from backoffice.errors import RuleBroken

# An address as proxies forward it: in brackets, with a port, or bare with a zone at most.
FORWARDED = re.compile(
    r"\[(?P<v6>[^\]%]{1,45})(%[^\]]*)?\](:\d*)?|(?P<v4>[\d.]{1,15}):\d*|(?P<bare>[^%]{1,45})(%.*)?",
    re.ASCII,
)
MAX_ENTRIES = limits.WHITELIST
IPV6_CUSTOMER = 64  # bits


def canonical(texts: Iterable[str]) -> list[str]:
    """Return the addresses and networks in canonical form, sorted, without repetition.

    Raises RuleBroken (field ip_whitelist) with the first entry that is neither.
    """
    typed = dict.fromkeys(text.strip() for text in texts)
    if len(typed) > MAX_ENTRIES:
        message = _n(
            "Give at most %(num)s address.", "Give at most %(num)s addresses.", MAX_ENTRIES
        )
        raise RuleBroken(message, field="ip_whitelist")
    return sorted({_canonical(text) for text in typed})


def _canonical(text: str) -> str:
    try:
        return str(ip_network(_unmapped_text(text), strict=False))
    except ValueError:
        message = _(
            "“%(typed)s” is not an address or network such as 203.0.113.7 or 2001:db8::/32.",
            typed=text[:60],
        )
        raise RuleBroken(message, field="ip_whitelist") from None


def admits(whitelist: Iterable[str], ip: str) -> bool:
    """Return whether the whitelist lets `ip` in.

    An empty whitelist lets everyone in. `::ffff:a.b.c.d` counts as `a.b.c.d`.
    """
    networks = [ip_network(text) for text in whitelist]
    if not networks:
        return True
    try:
        address = _unmapped(ip_address(without_zone(ip)))
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)


def open_families(whitelist: Iterable[str]) -> list[str]:
    """Return the families of addresses, "IPv4" and "IPv6", that the whitelist lets in altogether.

    It keeps nobody out of these. Several networks may let them in together, as 0.0.0.0/1 and
    128.0.0.0/1 do.
    """
    networks = [ip_network(text) for text in whitelist]
    v4 = collapse_addresses(network for network in networks if isinstance(network, IPv4Network))
    v6 = collapse_addresses(network for network in networks if isinstance(network, IPv6Network))
    families = []
    if any(network.prefixlen == 0 for network in v4):
        families.append("IPv4")
    if any(network.prefixlen == 0 for network in v6):
        families.append("IPv6")
    return families


def plain(text: str) -> str:
    """Return an address in its one form, without the extras of proxies; '' if it is none.

    `203.0.113.7:51234`, `[2001:DB8::1]:443` and `fe80::1%eth0` are addresses with a port or a zone
    (RFC 7239, 6; RFC 4007, 11).
    """
    parts = FORWARDED.fullmatch(text.strip())
    if parts is None:
        return ""
    try:
        address = ip_address(parts["v6"] or parts["v4"] or parts["bare"])
    except ValueError:
        return ""
    return str(_unmapped(address))


def network_of(ip: str) -> str:
    """Return the network that one visitor uses, as far as that can be told.

    It is the address itself for IPv4, and a /64 for IPv6, because a customer has 2**64 of these
    addresses (RFC 6177). A text that is no address is returned as it is.
    """
    try:
        address = _unmapped(ip_address(without_zone(ip)))
    except ValueError:
        return ip
    if address.version == 4:
        return str(address)
    return str(ip_network((address, IPV6_CUSTOMER), strict=False))


def without_zone(ip: str) -> str:
    """Return `fe80::1%eth0` without the name of the interface.

    The name means something only on the server's own machine.
    """
    return ip.partition("%")[0]


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an address such as `::ffff:10.0.0.1` stands for."""
    return getattr(address, "ipv4_mapped", None) or address


def _unmapped_text(text: str) -> str:
    """Return the IPv4 network for an entry such as `::ffff:10.0.0.0/104`, here 10.0.0.0/8."""
    typed, _slash, bits = text.partition("/")
    address = _unmapped(ip_address(without_zone(typed)))
    if not bits:
        return str(address)
    is_mapped = str(address) != typed and address.version == 4 and ":" in typed
    if is_mapped:
        bits = str(int(bits) - 96)  # the mapped addresses begin behind 96 bits
    return f"{address}/{bits}"

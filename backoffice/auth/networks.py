"""Internet addresses: the whitelist in its one canonical form, and whether it lets an address in."""

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

from backoffice import limits
from backoffice.errors import RuleBroken

FORWARDED = re.compile(
    r"\[(?P<v6>[^\]%]{1,45})(%[^\]]*)?\](:\d*)?|(?P<v4>[\d.]{1,15}):\d*|(?P<bare>[^%]{1,45})(%.*)?",
    re.ASCII,
)
MAX_ENTRIES = limits.WHITELIST
IPV6_CUSTOMER = 64  # bits


def canonical(texts: Iterable[str]) -> list[str]:
    """The addresses and networks in canonical form, sorted, without repetition.

    Raises RuleBroken (field ip_whitelist) naming the first entry that is neither.
    """
    found = set()
    for text in texts:
        try:
            found.add(str(ip_network(_unmapped_text(text.strip()), strict=False)))
        except ValueError:
            message = f"“{text.strip()[:60]}” is not an address or network such as 203.0.113.7 or 2001:db8::/32."
            raise RuleBroken(message, field="ip_whitelist") from None
    if len(found) > MAX_ENTRIES:
        raise RuleBroken(f"Give at most {MAX_ENTRIES} addresses.", field="ip_whitelist")
    return sorted(found)


def admits(whitelist: Iterable[str], ip: str) -> bool:
    """Whether the whitelist lets `ip` in: an empty one lets everyone in, `::ffff:a.b.c.d` is `a.b.c.d`."""
    networks = [ip_network(text) for text in whitelist]
    if not networks:
        return True
    try:
        address = _unmapped(ip_address(without_zone(ip)))
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)


def open_to(whitelist: Iterable[str]) -> list[str]:
    """The kinds of addresses of which the whitelist lets in every one, "IPv4" and "IPv6": of these it keeps nobody out.

    Several networks may do so together, as 0.0.0.0/1 and 128.0.0.0/1 do.
    """
    networks = [ip_network(text) for text in whitelist]
    v4 = collapse_addresses(network for network in networks if isinstance(network, IPv4Network))
    v6 = collapse_addresses(network for network in networks if isinstance(network, IPv6Network))
    whole = {"IPv4": any(n.prefixlen == 0 for n in v4), "IPv6": any(n.prefixlen == 0 for n in v6)}
    return [kind for kind, everybody in whole.items() if everybody]


def plain(text: str) -> str:
    """An address in its one form, without what proxies pass on with it; '' for what is none.

    `203.0.113.7:51234`, `[2001:DB8::1]:443` and `fe80::1%eth0` are addresses with a port or a zone (RFC 7239, 6;
    RFC 4007, 11).
    """
    found = FORWARDED.fullmatch(text.strip())
    try:
        return (
            str(_unmapped(ip_address(found["v6"] or found["v4"] or found["bare"]))) if found else ""
        )
    except ValueError:
        return ""


def network_of(ip: str) -> str:
    """Whom an address belongs to, as far as that can be told: an IPv6 customer has 2**64 of them (RFC 6177)."""
    try:
        address = _unmapped(ip_address(without_zone(ip)))
    except ValueError:
        return ip
    return (
        str(address)
        if address.version == 4
        else str(ip_network((address, IPV6_CUSTOMER), strict=False))
    )


def without_zone(ip: str) -> str:
    """`fe80::1%eth0` without the name of the interface, which says something on the server's own machine alone."""
    return ip.partition("%")[0]


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return getattr(address, "ipv4_mapped", None) or address


def _unmapped_text(text: str) -> str:
    """`::ffff:10.0.0.0/104` is the IPv4 network 10.0.0.0/8."""
    address, _, bits = text.partition("/")
    plain = _unmapped(ip_address(without_zone(address)))
    if bits and str(plain) != address and plain.version == 4 and ":" in address:
        bits = str(int(bits) - 96)
    return f"{plain}/{bits}" if bits else str(plain)

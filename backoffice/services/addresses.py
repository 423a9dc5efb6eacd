"""Internet addresses: the whitelist in its one canonical form, and whether it lets an address in."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from backoffice import limits
from backoffice.errors import RuleBroken

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
        address = _unmapped(ip_address(ip))
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)


def network_of(ip: str) -> str:
    """Whom an address belongs to, as far as that can be told: an IPv6 customer has 2**64 of them (RFC 6177)."""
    try:
        address = _unmapped(ip_address(ip))
    except ValueError:
        return ip
    return str(address) if address.version == 4 else str(ip_network((address, IPV6_CUSTOMER), strict=False))


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return getattr(address, "ipv4_mapped", None) or address


def _unmapped_text(text: str) -> str:
    """`::ffff:10.0.0.0/104` is the IPv4 network 10.0.0.0/8."""
    address, _, bits = text.partition("/")
    plain = _unmapped(ip_address(address))
    if bits and str(plain) != address and plain.version == 4 and ":" in address:
        bits = str(int(bits) - 96)
    return f"{plain}/{bits}" if bits else str(plain)

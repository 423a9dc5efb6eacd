"""Write a tiny file in MaxMind's format (https://maxmind.github.io/MaxMind-DB/): one network."""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

MARK = b"\xab\xcd\xefMaxMind.com"
RECORD = 3  # bytes of each of the two records of a node
TEXT, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11


def write(path: Path, network: str, data: dict[str, Any]) -> Path:
    """Write a file that knows the addresses of one network, and return its path."""
    known = IPv4Network(network)
    number = known.prefixlen
    tree = b""
    for place in range(number):
        bit = int(known.network_address) >> (31 - place) & 1
        is_last = place == number - 1
        # Beyond the nodes are 16 bytes of zeros, and then the data; `number` itself is nothing.
        following = number + 16 if is_last else place + 1
        both = [number, number]
        both[bit] = following
        tree += b"".join(record.to_bytes(RECORD, "big") for record in both)
    path.write_bytes(tree + bytes(16) + _encoded(data) + MARK + _encoded(_about(number)))
    return path


def _about(nodes: int) -> dict[str, Any]:
    return {
        "binary_format_major_version": (UINT16, 2),
        "binary_format_minor_version": (UINT16, 0),
        "build_epoch": (UINT64, 1_790_000_000),
        "database_type": "Test-City",
        "description": {"en": "test"},
        "ip_version": (UINT16, 4),
        "languages": ["en"],
        "node_count": (UINT32, nodes),
        "record_size": (UINT16, RECORD * 8),
    }


def _encoded(value: Any) -> bytes:
    match value:
        case str():
            data = value.encode()
            return _head(TEXT, len(data)) + data
        case dict():
            return _head(MAP, len(value)) + b"".join(map(_encoded, sum(value.items(), ())))
        case list():
            return _head(ARRAY, len(value)) + b"".join(map(_encoded, value))
        case (int(kind), int(number)):
            data = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return _head(kind, len(data)) + data
    raise TypeError(value)


def _head(kind: int, size: int) -> bytes:
    """Return the control byte, with another one of the kinds from 8 on; sizes are below 29."""
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])

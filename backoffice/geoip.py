"""Read where an Internet address is from a local file in MaxMind's format."""

from functools import lru_cache
from typing import Any

import maxminddb

PLACE = 120  # characters


def place_of(ip: str, path: str) -> str:
    """Return the city and the country's code, such as "Berlin, DE", or '' for an unknown place.

    What is no address has no place, and neither has any without the `path` of a file.
    """
    if not (ip and path):
        return ""
    try:
        found = _reader(path).get(ip)
    except (ValueError, maxminddb.InvalidDatabaseError):
        return ""
    return _place(found) if isinstance(found, dict) else ""


def unreadable(path: str) -> str:
    """Return why the file cannot be used, '' if it can."""
    try:
        _reader(path)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        return str(error)
    return ""


@lru_cache(maxsize=1)
def _reader(path: str) -> maxminddb.Reader:
    """Return the opened file, which the processes of a server share in memory."""
    return maxminddb.open_database(path, maxminddb.MODE_AUTO)


def _place(found: dict[str, Any]) -> str:
    city = _name(found.get("city"))
    country = found.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else None
    parts = (part for part in (city, code) if isinstance(part, str) and part)
    return ", ".join(parts)[:PLACE]


def _name(named: object) -> str:
    """Return the English name of a city, as MaxMind's files have it."""
    names = named.get("names") if isinstance(named, dict) else None
    return str(names.get("en") or "") if isinstance(names, dict) else ""

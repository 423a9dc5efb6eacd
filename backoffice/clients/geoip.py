"""Where clients sign in from, without asking a third party.

Places come from the file that the setting GEOIP_DATABASE names. Without it no place is known.
"""

from backoffice import geoip
from backoffice.settings import configured


def place_of(ip: str) -> str:
    """Return the city and the country's code, such as "Berlin, DE", or '' for an unknown place."""
    return geoip.place_of(ip, configured().geoip_database)

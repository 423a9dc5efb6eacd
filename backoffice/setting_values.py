"""Read single values of settings. Each function raises ValueError with the end of a sentence."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network
YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off")
# These have a meaning in mail headers and in the addresses that QR codes hold.
UNFIT_FOR_A_NAME = frozenset('<>:"/\\@')
# Where the newest hash of the events log goes (events/anchors.py).
ANCHOR = re.compile(r"log|file:/.+|mail:[^@\s]+@[^@\s]+")
LONGEST_NAME = 40  # characters, of which authenticator apps show fewer


def number(text: str, minimum: int, maximum: int, what: str = "") -> int:
    """Return a whole number within these bounds; `what` says what of, such as " of seconds"."""
    # The length is checked first: int() refuses texts of more than 4,300 digits.
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    number = int(text) if is_number else -1
    if not minimum <= number <= maximum:
        raise ValueError(f"must be a whole number{what} from {minimum:,} to {maximum:,}.")
    return number


def yes(text: str) -> bool:
    """Return whether the text says yes."""
    if text.lower() not in YES + NO:
        raise ValueError("must be true or false.")
    return text.lower() in YES


def name(text: str) -> str:
    """Return the text if it can be the name of the product."""
    is_too_long = len(text) > LONGEST_NAME
    if is_too_long or not text.isprintable() or UNFIT_FOR_A_NAME & set(text):
        unfit = " ".join(sorted(UNFIT_FOR_A_NAME))
        raise ValueError(f"must be a name of at most {LONGEST_NAME} characters, without {unfit}")
    return text


def network(text: str) -> Network:
    """Return a network; an address alone is one too."""
    try:
        return ip_network(text.strip())
    except ValueError:
        raise ValueError(
            "must be addresses or networks such as 10.0.0.0/8, with commas between."
        ) from None


def anchor(text: str) -> str:
    """Return a place where anchors of the events log go."""
    if not ANCHOR.fullmatch(text):
        raise ValueError("must be log, file:/a/path or mail:an@address, with commas between.")
    return text

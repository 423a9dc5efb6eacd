"""What people call a browser: "Chrome on Windows", from what it calls itself."""

from functools import lru_cache

from flask_babel import gettext as _
from ua_parser import parse

LENGTH = 200  # characters that are kept, and read
SHORTER = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Mac OS X": "macOS",
}


def device_name(user_agent: str) -> str:
    """Browser and system, as far as the text tells; it is what a stranger wrote, so escape it like any other."""
    browser, system = _parts(user_agent[:LENGTH])
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("Unknown device"))


@lru_cache(
    maxsize=1024
)  # a list shows the same few again and again, and reading one takes half a millisecond
def _parts(text: str) -> tuple[str, str]:
    read = parse(text)
    names = (part.family if part else "" for part in (read.user_agent, read.os))
    browser, system = (SHORTER.get(name, name) for name in names)
    return browser, system

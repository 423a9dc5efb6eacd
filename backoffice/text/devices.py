"""Turn the user agent of a browser into a name that people know, such as "Chrome on Windows"."""

from functools import lru_cache

from flask_babel import gettext as _
from ua_parser import parse

LENGTH = 200  # characters of a user agent that are kept and parsed
# Family names of the parser, and the names that people know.
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
    """Return the browser and the system, as far as the user agent names them.

    The result may contain text from the request; escape it like any other input.
    """
    browser, system = _parts(user_agent[:LENGTH])
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("Unknown device"))


# Parsing takes half a millisecond, and a list shows the same few user agents again and again.
@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[str, str]:
    """Return the names of the browser and of the system, '' for an unknown one."""
    parsed = parse(text)
    browser = parsed.user_agent.family if parsed.user_agent else ""
    system = parsed.os.family if parsed.os else ""
    return SHORTER.get(browser, browser), SHORTER.get(system, system)

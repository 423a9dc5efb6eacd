"""What people call a browser."""

import pytest

from backoffice.demo.office import DEVICES
from backoffice.text.devices import device_name

ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    "user_agent, name",
    [
        *zip(
            DEVICES,
            (
                "Chrome on Windows",
                "Edge on Windows",
                "Firefox on Windows",
                "Firefox on Linux",
                "Safari on macOS",
                "Safari on iOS",
                "Chrome on Android",
            ),
            strict=True,
        ),
        (
            f"{ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("curl/8.5.0", "curl"),
        ("Something with Windows NT 10.0", "Windows"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
        ("a" * 100_000, "Unknown device"),
    ],
)
def test_a_device_is_called_by_browser_and_system(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name

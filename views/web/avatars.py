"""Draw what stands beside a name: the person's picture, or else their initials."""

from markupsafe import Markup, escape

from backoffice.policy.actor import initials

COLOURS = 8
# For each look its classes, the size of the file that is large enough for it, and its width and
# height on the page, all in pixels.
LOOKS = {
    "": ("avatar", 64, 32),
    "own": ("avatar avatar-own", 64, 28),
    "large": ("avatar avatar-large", 256, 56),
    "huge": ("avatar avatar-huge", 256, 128),
}


def avatar(row_id: int, name: str, key: str | None, look: str = "") -> Markup:
    """Return the avatar of the person with that number; `key` is their picture's, if they have one.

    It says nothing that the name beside it does not say. A list has a hundred of them, so the HTML
    is short: plain words may go unquoted.
    """
    classes, size, width = LOOKS[look]
    if key:
        source = f"/avatars/{escape(key)}/{size}"
        html = (
            f'<img class="{classes}" src={source} alt="" width={width} height={width} loading=lazy>'
        )
    else:
        colour = row_id % COLOURS
        html = (
            f'<span class="{classes} avatar-{colour}" aria-hidden=true>'
            f"{escape(initials(name))}</span>"
        )
    return Markup(html)  # noqa: S704  # ours, with what is not ours escaped

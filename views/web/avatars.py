"""What stands beside a name: the person's picture, or else their initials."""

from markupsafe import Markup, escape

from backoffice.policy.actor import initials

COLOURS = 8
# How it looks: the class, the file that is large enough for it, and its width and height on the page in pixels.
LOOKS = {
    "": ("avatar", 64, 32),
    "own": ("avatar avatar-own", 64, 28),
    "large": ("avatar avatar-large", 256, 56),
    "huge": ("avatar avatar-huge", 256, 128),
}


def avatar(row_id: int, name: str, key: str | None, look: str = "") -> Markup:
    """The avatar of the person with that number; it says nothing that the name beside it does not say.

    A list has a hundred of them, so they are short: HTML lets plain words go unquoted.
    """
    classes, size, width = LOOKS[look]
    if key:
        source = f"/avatars/{escape(key)}/{size}"
        html = (
            f'<img class="{classes}" src={source} alt="" width={width} height={width} loading=lazy>'
        )
    else:
        html = f'<span class="{classes} avatar-{row_id % COLOURS}" aria-hidden=true>{escape(initials(name))}</span>'
    return Markup(html)  # noqa: S704  # ours, with what is not ours escaped

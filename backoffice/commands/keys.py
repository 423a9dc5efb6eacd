"""Change the key that secrets are encrypted with."""

from collections import Counter

import click
from flask.cli import AppGroup
from flask_babel import ngettext as _n

from backoffice.secrets import rotation
from backoffice.settings import configured
from backoffice.text.numbers import formatted


def add(group: AppGroup) -> None:
    group.command("rotate-keys")(rotate_keys)


def rotate_keys() -> None:
    """Encrypt every stored secret with the newest key.

    Secrets of authenticator apps and what waiting mails are to say are encrypted with the first of
    ENCRYPTION_KEYS (SECRET_KEY where there is none), and can be read with any of them. To change
    the key, put a new one in front, keep the old one behind it, restart, and run this; once it
    succeeds, the old one can go:

    \b
      ENCRYPTION_KEYS=NEW,OLD

    It may run while people work, and be broken off and repeated: it does only what is left.
    """
    done = rotation.rotate(configured())
    renewed = _n(
        "%(number)s secret has the newest key now.",
        "%(number)s secrets have the newest key now.",
        done.renewed,
        number=formatted(done.renewed),
    )
    click.echo(renewed)
    if done.unreadable:
        raise click.ClickException(_unreadable(done.unreadable))


def _unreadable(numbers: Counter[str]) -> str:
    """Return what to do about secrets that no key reads; `numbers` has how many by their key."""
    number = numbers.total()
    text = _n(
        "%(number)s secret could not be read and stayed as before, encrypted with: %(keys)s. "
        "Put the missing key back into ENCRYPTION_KEYS, behind the new one, and run this again.",
        "%(number)s secrets could not be read and stayed as before, encrypted with: %(keys)s. "
        "Put the missing key back into ENCRYPTION_KEYS, behind the new one, and run this again.",
        number,
        number=formatted(number),
        keys=", ".join(sorted(numbers)),
    )
    return str(text)

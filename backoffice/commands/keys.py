"""Change the key that secrets are encrypted with."""

import click
from flask import current_app
from flask.cli import AppGroup

from backoffice.secrets import rotation
from backoffice.text import plural


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
    done = rotation.rotate(current_app.extensions["settings"])
    click.echo(f"{plural(done.renewed, 'secret has', 'secrets have')} the newest key now.")
    if done.unreadable:
        number = plural(done.unreadable.total(), "secret", "secrets")
        keys = ", ".join(sorted(done.unreadable))
        raise click.ClickException(
            f"{number} could not be read and stayed as before, encrypted with: {keys}. "
            "Put the missing key back into ENCRYPTION_KEYS, behind the new one, and run this again."
        )

"""Create the first administrator, and let people in who are locked out."""

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from sqlalchemy import select

from backoffice import events
from backoffice.auth import links, passwords
from backoffice.errors import BackofficeError
from backoffice.extensions import db
from backoffice.models.user import User
from backoffice.people import administrators
from backoffice.policy.actor import system
from backoffice.settings import Settings, configured
from backoffice.text import address_key, duration


def add(group: AppGroup) -> None:
    group.command("create-administrator")(create_administrator)
    group.command("invitation-link")(invitation_link)
    group.command("clear-ip-whitelist")(clear_ip_whitelist)


@click.argument("email")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option(
    "--prompt", is_flag=True, help="Ask for a password here instead of printing a one-time link."
)
def create_administrator(email: str, first_name: str, last_name: str, prompt: bool) -> None:
    """Create an administrator; prints a one-time link to choose a password."""
    settings = configured()
    try:
        user = administrators.create(
            actor=system(), email=email, first_name=first_name, last_name=last_name
        )
        if prompt:
            password = click.prompt(_("Password"), hide_input=True, confirmation_prompt=True)
            passwords.check(user, password, settings)
            passwords.store(user, password, settings)
            user.status = "active"
        else:
            link = links.issue(links.INVITATION, user, settings)
        db.session.commit()
    except BackofficeError as error:
        raise click.ClickException(str(error.message)) from error
    if prompt:
        _print_ready(user, settings)
    else:
        _print_link(link, settings)


@click.argument("email")
def invitation_link(email: str) -> None:
    """Print a new link for somebody who is invited, where mail does not reach them."""
    settings = configured()
    user = db.session.scalar(
        select(User).where(User.email_key == address_key(email)).with_for_update()
    )
    if user is None or user.status != "invited":
        raise click.ClickException(
            _("Nobody with this e-mail address is waiting for an invitation.")
        )
    link = links.issue(links.INVITATION, user, settings)
    events.record(actor=system(), action="users.resend_invitation", subject=events.subject_of(user))
    db.session.commit()
    _print_link(link, settings)


@click.argument("email")
def clear_ip_whitelist(email: str) -> None:
    """Let somebody in from any address again, for instance a locked-out administrator."""
    user = db.session.scalar(
        select(User).where(User.email_key == address_key(email)).with_for_update()
    )
    if user is None:
        raise click.ClickException(_("Nobody has this e-mail address."))
    before = user.ip_whitelist
    user.ip_whitelist = []
    user.version += 1
    events.record(
        actor=system(),
        action="users.edit",
        subject=events.subject_of(user),
        before={"ip_whitelist": before},
        after={"ip_whitelist": []},
    )
    db.session.commit()
    click.echo(_("%(email)s may sign in from any address.", email=user.email))


def _print_ready(user: User, settings: Settings) -> None:
    href = f"{settings.base_url}/sign-in"
    click.echo(_("%(email)s can sign in at %(href)s.", email=user.email, href=href))


def _print_link(link: str, settings: Settings) -> None:
    valid = duration(links.INVITATION.lifetime(settings))
    click.echo(
        _("Open this link within %(valid)s to choose a password; it works once:", valid=valid)
    )
    click.echo(link)

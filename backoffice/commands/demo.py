"""Load the demo, with its data and accounts, and print how to sign in to it."""

import os

import click
import flask_migrate
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice import demo
from backoffice.auth import passwords
from backoffice.extensions import db
from backoffice.settings import Settings, configured
from backoffice.sheets import shipped_sheets
from backoffice.sheets.shipped_sheets import SHEETS

REFUSAL = _l(
    "This gives known accounts a password and prints it, "
    "so it runs only with BACKOFFICE_ENV=demo, never in {environment}.\n"
    "To begin with real data: flask --app app backoffice create-administrator EMAIL"
)


def add(group: AppGroup) -> None:
    group.command("demo")(load)


# For each account and address that signs in, PostgreSQL holds a lock until the load ends. By
# default it has room for 6,400.
@click.option(
    "--people",
    type=click.IntRange(50, 4000),
    default=demo.PEOPLE,
    show_default=True,
    help="How many to make.",
)
@click.option(
    "--clients",
    type=click.IntRange(0, 100_000),
    help="How many to make; ten for each of the people, if not said.",
)
@click.option(
    "--sheet",
    type=click.Choice([sheet.name for sheet in SHEETS]),
    envvar="DEMO_SHEET",
    help="The shipped sheet whose groups a new demo has besides its own.",
)
def load(people: int, clients: int | None, sheet: str | None) -> None:
    """Migrate, load demo data if nobody is there, and say how to sign in.
    Only with BACKOFFICE_ENV=demo.

    The password is DEMO_PASSWORD, or made up anew each time.
    """
    settings = configured()
    if settings.environment != "demo":
        raise click.ClickException(REFUSAL.format(environment=settings.environment))
    password = _password(settings)
    flask_migrate.upgrade(revision="heads")
    if demo.is_empty():
        _load(settings, people, clients, sheet)
    demo.set_password(password, settings)
    accounts = demo.accounts()
    db.session.commit()
    click.echo(f"\n{_address(settings)}\n")
    _tell(password, accounts)


def _load(settings: Settings, people: int, clients: int | None, sheet: str | None) -> None:
    chosen = shipped_sheets.named(sheet) if sheet else None
    click.echo(_("Loading the demo, which takes a few minutes:"))
    demo.load(
        settings=settings,
        number=people,
        number_of_clients=clients,
        sheet=chosen,
        progress=Year().pass_by,
        tell=lambda part: click.echo(f"  {part}"),
    )


class Year:
    """The demo's year, told in tenths as it passes."""

    def __init__(self) -> None:
        self.days = 0

    def pass_by(self, days: int) -> None:
        """Let days go by, and print what share of the year has passed if another tenth has."""
        before = self.days * 10 // demo.DAYS
        self.days += days
        tenths = self.days * 10 // demo.DAYS
        if tenths > before:
            click.echo("    " + _("%(share)s of the year", share=f"{tenths * 10} %"))


def _password(settings: Settings) -> str:
    """Return the password that all demo accounts get."""
    password = os.environ.get("DEMO_PASSWORD") or passwords.temporary()
    if len(passwords.normalised(password)) < settings.password_min_length:
        raise click.ClickException(
            _(
                "DEMO_PASSWORD needs at least %(number)s characters.",
                number=settings.password_min_length,
            )
        )
    return password


def _tell(password: str, accounts: list[demo.Account]) -> None:
    if accounts:
        _print_accounts(password, accounts)
    else:
        click.echo(_("This database is not the demo's: sign in with an account of its own."))
        click.echo()


def _print_accounts(password: str, accounts: list[demo.Account]) -> None:
    first, *others = accounts
    # Translators: the blanks put the two values below each other.
    click.echo(_("Sign in as  %(email)s  (%(group)s)", email=first.email, group=first.group))
    click.echo(_("Password    %(password)s", password=password))
    click.echo()
    click.echo(_("The others have the same password:"))
    width = max(len(account.group) for account in accounts)
    for account in others:
        click.echo(f"  {account.group:<{width}}  {account.email}")
    click.echo()


def _address(settings: Settings) -> str:
    return f"{settings.product_name}  {settings.base_url}"

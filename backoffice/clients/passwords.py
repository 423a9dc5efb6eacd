"""Passwords of clients: temporary ones, links to choose one, and the choice itself.

They are hashed as those of users are. The company's own product has the pages.
"""

from flask_babel import gettext as _
from sqlalchemy import Select, select, update

from backoffice import clock
from backoffice.auth import passwords
from backoffice.auth.passwords import Hashed
from backoffice.clients import tokens
from backoffice.clients.tokens import Answer
from backoffice.errors import RuleBroken
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.client import Client
from backoffice.policy import masking
from backoffice.policy.actor import Actor
from backoffice.settings import Settings
from backoffice.text import duration_to_store
from backoffice.transactions import begin

PERSONAL = ("first_name", "last_name", "email")  # no password has them in it


def store_temporary(client: Client, new: Hashed, settings: Settings) -> None:
    """Make it the password of the client for some days; their sessions and open links end."""
    now = clock.now()
    clients = client.alone()
    _store(
        clients,
        password_hash=new.text,
        password_state="temporary",  # a state
        password_expires_at=now + settings.temporary_password_valid,
        sessions_valid_from=now,
    )
    tokens.end(tokens.PASSWORD, clients, "revoked")


def send_links(clients: Select[int], settings: Settings) -> None:
    """Mail each of `clients` a link to choose a password; the one before no longer works.

    An installation that knows no page for it (`Settings.portal`) sends nothing.
    """
    portal = settings.portal
    if portal is None:
        return
    valid = settings.client_password_link_valid
    outgoing = (
        OutgoingMail(
            purpose=mails.CLIENT_PASSWORD_LINK,
            address=issued.address,
            client_id=issued.client_id,
            client_token_id=issued.token_id,
            values={"link": portal.with_token(issued.value), "valid": duration_to_store(valid)},
        )
        for issued in tokens.issue_many(clients, purpose=tokens.PASSWORD, valid=valid)
    )
    outbox.queue(outgoing, settings)


def choose(value: str, password: str, settings: Settings) -> Answer:
    """Use the token up and make the password its client's; say whether the token worked.

    Hashing takes long, so the transaction that writes begins only afterwards.

    Raises RuleBroken (field new_password) if the password is too short or too easy to guess; the
    token works on then.
    """
    answer = tokens.check_token(value)
    if answer.state != "ok" or answer.client is None:
        return answer
    check(answer.client, password, settings)
    new = passwords.hashed(password, settings)
    begin(writing=True)
    answer = tokens.use_token(value)
    if answer.state == "ok" and answer.client:
        _store_chosen(answer.client.alone(), new)
    return answer


def change(client: Client, password: str, settings: Settings) -> bool:
    """Make it the password of a client who has just proved the present one.

    Hashing takes long, so the transaction that writes begins only afterwards. Returns whether the
    password is stored: it is not if the present one was changed meanwhile, or the client blocked.

    Raises RuleBroken (field new_password) if it is the present one, too short or easy to guess.
    """
    present = client.password_hash
    if passwords.is_of_hash(present, password, settings):
        message = _("Choose a password that differs from the current one.")
        raise RuleBroken(message, field="new_password")
    check(client, password, settings)
    new = passwords.hashed(password, settings)
    begin(writing=True)
    is_unchanged = (Client.password_hash == present, Client.status == "active")
    unchanged = select(Client.id).where(Client.id == client.id, *is_unchanged)
    return _store_chosen(unchanged, new)


def check(client: Client, password: str, settings: Settings) -> None:
    """Raise RuleBroken (field new_password) if the password is not fit for this client."""
    _check(client, password, _words(client), settings)


def check_temporary(actor: Actor, client: Client, password: str, settings: Settings) -> None:
    """Raise RuleBroken (field new_password) if the actor cannot give the client this password.

    It may have words in it that the actor sees masked: a refusal would tell them.
    """
    is_masked = any(masking.is_masked_in(actor, client, name) for name in PERSONAL)
    _check(client, password, [] if is_masked else _words(client), settings)


def _words(client: Client) -> list[str]:
    """Return the words that are easy to guess for those who know the client."""
    return [client.first_name, client.last_name, *(client.email or "").split("@")]


def _check(client: Client, password: str, words: list[str], settings: Settings) -> None:
    fewest = passwords.shortest(client.two_factor, settings)
    passwords.check_text(password, fewest, words, settings)


def _store_chosen(clients: Select[int], new: Hashed) -> bool:
    return _store(
        clients,
        password_hash=new.text,
        password_state="usable",  # a state
        password_expires_at=None,
        sessions_valid_from=clock.now(),
    )


def _store(clients: Select[int], **values: object) -> bool:
    """Write the values to these clients; return whether there are any."""
    change = update(Client).where(Client.id.in_(clients)).returning(Client.id)
    change = change.values(version=Client.version + 1, **values)
    stored = db.session.execute(change, execution_options={"synchronize_session": False})
    return bool(stored.all())

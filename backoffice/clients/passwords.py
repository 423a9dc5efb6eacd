"""Passwords of clients: temporary ones, links to choose one, and the choice itself.

They are hashed as those of users are. The company's own product has the pages.
"""

from sqlalchemy import Select, update

from backoffice import clock
from backoffice.auth import passwords
from backoffice.auth.passwords import Hashed
from backoffice.clients import tokens
from backoffice.clients.tokens import Answer
from backoffice.extensions import db
from backoffice.mail import outbox
from backoffice.mail.outbox import OutgoingMail
from backoffice.models import mails
from backoffice.models.client import Client
from backoffice.settings import Settings
from backoffice.text import duration_to_store
from backoffice.transactions import begin


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
        _store(
            answer.client.alone(),
            password_hash=new.text,
            password_state="usable",  # a state
            password_expires_at=None,
            sessions_valid_from=clock.now(),
        )
    return answer


def check(client: Client, password: str, settings: Settings) -> None:
    """Raise RuleBroken (field new_password) if the password is not fit for this client."""
    words = [client.first_name, client.last_name, *(client.email or "").split("@")]
    fewest = passwords.shortest(client.two_factor, settings)
    passwords.check_text(password, fewest, words, settings)


def _store(clients: Select[int], **values: object) -> None:
    change = update(Client).where(Client.id.in_(clients))
    change = change.values(version=Client.version + 1, **values)
    db.session.execute(change, execution_options={"synchronize_session": False})

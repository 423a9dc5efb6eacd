"""Decide whether a client may sign in to the company's own product, and record the attempt.

The product asks with what was typed there. It checks second factors itself.
"""

from dataclasses import dataclass

from sqlalchemy import Select, select, update

from backoffice import clock
from backoffice.auth import networks, passwords
from backoffice.auth.attempts import LONGEST_DEVICE, Origin
from backoffice.clients import geoip
from backoffice.extensions import db
from backoffice.models.client import Client
from backoffice.models.client_sign_in import ClientSignIn
from backoffice.settings import Settings
from backoffice.text import address_key, without_invisible
from backoffice.transactions import begin


@dataclass(frozen=True)
class Decision:
    """The answer to one attempt.

    Attributes:
        result: "ok", "failed", "blocked", or "pending" while the second factor is missing.
        reason: the code of what was wrong, such as "wrong_password"; '' if nothing was.
        client: who tries to sign in; None for an unknown address.
        must_change: whether the password is a temporary one.
    """

    result: str
    reason: str = ""
    client: Client | None = None
    must_change: bool = False


def decide(
    email: str,
    password: str,
    settings: Settings,
    *,
    origin: Origin,
    factor_is_right: bool | None = None,
    session: str = "",
) -> Decision:
    """Check an address and a password, and record the attempt unless it is still pending.

    An unknown address takes as long as a known one, and leaves no record. Hashing takes long, so
    the client is locked only afterwards, and compared with the password that was checked.

    Args:
        settings: those of the installation.
        origin: where the client tries it.
        factor_is_right: whether the product found the second factor right; None if it has not
            asked for it yet.
        session: what the product calls the session that would begin.
    """
    known = _known(email)
    client = db.session.scalar(known)
    checked = client.password_hash if client else None
    is_right = passwords.is_of_hash(checked, password, settings)
    if client is None:
        return Decision("failed", "unknown")
    begin(writing=True)
    client = db.session.scalar(known.with_for_update())
    if client is None:
        return Decision("failed", "unknown")
    is_right = is_right and client.password_hash == checked
    decision = _decided(client, origin, is_right=is_right, factor_is_right=factor_is_right)
    if decision.result != "pending":
        _record(decision, client, origin, session)
    return decision


def _known(email: str) -> Select[Client]:
    is_theirs = (Client.email_key == address_key(email), Client.status != "deleted")
    return select(Client).where(*is_theirs).execution_options(populate_existing=True)


def _decided(
    client: Client, origin: Origin, *, is_right: bool, factor_is_right: bool | None
) -> Decision:
    """Return the decision: the client and the place count before what was typed."""
    if client.status != "active":
        return Decision("blocked", "not_active", client)
    if not networks.admits(client.ip_whitelist, origin.ip):
        return Decision("blocked", "wrong_ip", client)
    if client.password_hash is None:
        return Decision("failed", "no_password", client)
    if not is_right:
        return Decision("failed", "wrong_password", client)
    if client.password_expires_at and client.password_expires_at <= clock.now():
        return Decision("failed", "password_expired", client)
    if client.two_factor != "disabled" and not factor_is_right:
        if factor_is_right is None:
            return Decision("pending", "second_factor", client)
        return Decision("failed", "wrong_factor", client)
    return Decision("ok", "", client, must_change=client.password_state == "temporary")


def _record(decision: Decision, client: Client, origin: Origin, session: str) -> None:
    now = clock.now()
    attempt = ClientSignIn(
        client_id=client.id,
        at=now,
        ip=networks.plain(origin.ip),
        result=decision.result,
        reason=decision.reason,
        device=without_invisible(origin.device)[:LONGEST_DEVICE],
        place=geoip.place_of(origin.ip),
        session=without_invisible(session)[:80],
    )
    db.session.add(attempt)
    db.session.flush()
    if decision.result == "ok":
        # In SQL alone, because a sign-in is no change of the client.
        change = update(Client).where(Client.id == client.id)
        change = change.values(last_login_at=now, updated_at=Client.updated_at)
        db.session.execute(change.execution_options(synchronize_session=False))

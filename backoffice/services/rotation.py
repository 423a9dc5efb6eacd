"""New keys for old secrets: everything that is kept encrypted, encrypted again with the newest key."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from backoffice.extensions import begin, db
from backoffice.models.handover import Handover
from backoffice.models.message import Message
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.unsent_form import UnsentForm
from backoffice.services import handovers, messages, sealing, totp, unsent_forms
from backoffice.settings import Settings

AT_ONCE = 200  # rows in one transaction, so that nobody waits long for SQLite's write lock


def _of_message(row: Any) -> str:
    return messages.bound_to(row.purpose, row.address)


# What is sealed, and what each row of it is bound to. Keyed hashes cannot be made anew: what has one is soon forgotten.
SEALED: dict[Any, Callable[[Any], str]] = {
    TotpSecret.sealed: lambda row: totp.bound_to(row.user_id),
    Message.sealed: _of_message,
    Message.request: _of_message,
    UnsentForm.sealed: lambda row: unsent_forms.bound_to(row.user_id, row.handle),
    Handover.sealed: lambda row: handovers.bound_to(row.user_id),
}


@dataclass
class Rotation:
    """How many secrets have the newest key now that had an older one; and the key ids of those nobody can read."""

    renewed: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)


def rotate(settings: Settings) -> Rotation:
    """Encrypt what has an older key with the newest one, some rows at a time; each time is committed by itself.

    What cannot be read stays as it is. Done twice, or broken off and begun again, it does only what is left.
    """
    done = Rotation()
    for column, about in SEALED.items():
        last: int | None = 0
        while last is not None:
            begin(writing=True)
            last = _next(column, about, last, done, settings)
            db.session.commit()
    return done


def _next(column: Any, about: Callable[[Any], str], after: int, done: Rotation, settings: Settings) -> int | None:
    """One batch; the last row's id, or None if there was no row."""
    model = column.class_
    older = column.is_not(None) & ~column.startswith(sealing.mark(settings), autoescape=True)
    batch = select(model).where(older, model.id > after).order_by(model.id).limit(AT_ONCE).with_for_update()
    rows = db.session.scalars(batch.execution_options(populate_existing=True)).all()
    for row in rows:
        sealed = getattr(row, column.key)
        try:
            text = sealing.unseal(sealed, about=about(row), settings=settings)
        except sealing.Unreadable:
            done.unreadable[sealed.partition(".")[0]] += 1
            continue
        done.renewed += 1
        _write(column, row.id, sealing.seal(text, about=about(row), settings=settings))
    return rows[-1].id if rows else None


def _write(column: Any, row_id: int, sealed: str) -> None:
    """Nothing but the wrapping is new: neither version nor times say that the row was changed."""
    model = column.class_
    same = {"updated_at": model.updated_at} if hasattr(model, "updated_at") else {}
    change = update(model).where(model.id == row_id).values({column.key: sealed, **same})
    db.session.execute(change.execution_options(synchronize_session=False))

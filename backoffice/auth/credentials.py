"""Proof is of the present: what was proved before a change of credentials opens nothing after it."""

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.user import User


def locked(user_id: int, version: int) -> User | None:
    """The person's row, locked until the transaction ends; None where their credentials are other ones by now.

    Call it in the transaction that grants something, with the `credential_version` that the proof was made against.
    """
    statement = (
        select(User).where(User.id == user_id, User.credential_version == version).with_for_update()
    )
    return db.session.scalar(statement.execution_options(populate_existing=True))

"""Lock a person for what a proof grants, unless their credentials changed after the proof."""

from sqlalchemy import select

from backoffice.extensions import db
from backoffice.models.user import User


def lock_if_unchanged(user_id: int, version: int) -> User | None:
    """Lock the person's row until the transaction ends; return None if the credentials changed.

    Call it in the transaction that grants something, with the `credential_version` that the proof
    was made against.
    """
    statement = (
        select(User).where(User.id == user_id, User.credential_version == version).with_for_update()
    )
    return db.session.scalar(statement.execution_options(populate_existing=True))

"""The action on people's avatars: remove them.

Nobody chooses a picture for others, but a picture that should not be seen can be removed.
"""

from sqlalchemy import ColumnElement

from backoffice.actions.engine.action import ActionContext, Ids
from backoffice.actions.people import OUTRANKED
from backoffice.actions.users import UserAction
from backoffice.models.user import User
from backoffice.people import avatars


class RemoveAvatar(UserAction):
    name = "remove_avatar"
    label = "Remove avatar"
    title = "Remove the avatar of {rows}"
    done = "without an avatar"
    meaning = "Remove people's avatars"
    rules = (OUTRANKED,)
    lasting = ("A removed picture does not come back; people can upload it again.",)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.avatar.is_(None)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        avatars.forget(rows)
        self.update(rows, avatar=None)

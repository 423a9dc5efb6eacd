"""The action on people's avatars: remove them.

Nobody chooses a picture for others, but a picture that should not be seen can be removed.
"""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from backoffice.actions.engine.context import ActionContext, Ids
from backoffice.actions.engine.rules import Counted
from backoffice.actions.people import OUTRANKED
from backoffice.actions.users import UserAction
from backoffice.models.user import User
from backoffice.people import avatars


class RemoveAvatar(UserAction):
    name = "remove_avatar"
    label = _l("Remove avatar")
    title = Counted("Remove the avatar of {n} person", "Remove the avatar of {n} people")
    event = _l("{actor} removed the avatar of {subject}")
    done = _l("without an avatar")
    result = Counted("{n} person without an avatar.", "{n} people without an avatar.")
    meaning = _l("Remove people's avatars")
    rules = (OUTRANKED,)
    irreversible = (_l("A removed picture does not come back; people can upload it again."),)

    def unchanged(self, context: ActionContext) -> ColumnElement[bool]:
        return User.avatar.is_(None)

    def apply(self, context: ActionContext, rows: Ids) -> None:
        avatars.forget(rows)
        self.update(rows, avatar=None)

"""User: a person who signs in to the back office."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Uuid,
    and_,
    cast,
    event,
    exists,
    false,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from backoffice.models.associations import user_client_tags, user_groups
from backoffice.models.base import BigInt, Entity, Searchable, moment
from backoffice.models.client_tag import ClientTag
from backoffice.models.group import Group
from backoffice.models.keys import key_type
from backoffice.models.token import Token
from backoffice.text import address_key, login_key

STATUSES = ("invited", "active", "blocked", "revoked", "deleted")
LOGIN_METHODS = ("email", "login")
PASSWORD_STATES = ("none", "usable", "temporary", "expired")
TAG_MODES = ("all", "only", "except")
TWO_FACTORS = ("disabled", "email", "totp")
INVITATIONS = ("pending", "expired", "accepted", "revoked", "none")
INVITATION_ENDS = ("soon", "later", "over", "none")
SOON = timedelta(hours=2)
CREDENTIAL: dict[str, Any] = {
    "credential": True
}  # what people prove who they are by; see `credential_version`
# Who never accepted an invitation and waits for none: few, and an index of their own finds them.
NEVER_INVITED = (
    "users.status <> 'invited' AND (users.login_method <> 'email' OR users.password_hash IS NULL)"
)


class User(Searchable, Entity):
    """A back-office user. E-mail and login are unique in their normalised form (`*_key`).

    Names have no key of their own: the search key begins with them.

    `credential_version` is raised by every change of a column whose `info` says CREDENTIAL, in the same UPDATE:
    whatever was proved against an older one is void. A hash of the same password with newer parameters is no
    change. `password_is_short` says that the password needs a second factor beside it.
    """

    __tablename__ = "users"
    __singular__ = "person"
    __plural__ = "people"
    __search__ = ("first_name", "last_name", "email", "login", "phone")
    __grants__ = True
    __grams__ = ("search_key",)
    __derived__: ClassVar = {"invitation": INVITATIONS, "invitation_ends": INVITATION_ENDS}

    uuid: Mapped[UUID] = mapped_column(Uuid, default=uuid4, unique=True, info={"personal": False})
    login_method: Mapped[str] = mapped_column(
        String(10),
        default="email",
        info={**CREDENTIAL, "personal": False, "choices": LOGIN_METHODS},
    )
    email: Mapped[str | None] = mapped_column(
        String(254), info={**CREDENTIAL, "personal": True, "kind": "email"}
    )
    email_key: Mapped[str | None] = mapped_column(
        key_type(254), unique=True, info={**CREDENTIAL, "personal": True, "hidden": True}
    )
    login: Mapped[str | None] = mapped_column(
        String(64), info={**CREDENTIAL, "personal": True, "kind": "login"}
    )
    login_key: Mapped[str | None] = mapped_column(
        key_type(64), unique=True, info={**CREDENTIAL, "personal": True, "hidden": True}
    )
    # What it looks like; empty where another login looked like it before that was forbidden.
    login_skeleton: Mapped[str | None] = mapped_column(
        key_type(200), info={"personal": True, "hidden": True}, sort_order=94
    )
    email_verified_at: Mapped[datetime | None] = mapped_column(info={"personal": True})
    first_name: Mapped[str] = mapped_column(
        String(100), default="", info={"personal": True, "key": False}
    )
    last_name: Mapped[str] = mapped_column(
        String(100), default="", info={"personal": True, "key": False}
    )
    name_source: Mapped[str] = mapped_column(
        String(15), default="administrator", info={"personal": True, "key": False}
    )
    phone: Mapped[str] = mapped_column(
        String(32), default="", info={"personal": True, "kind": "phone"}
    )
    language: Mapped[str] = mapped_column(
        String(8), default="en", info={"personal": True, "key": False}
    )
    time_zone: Mapped[str] = mapped_column(
        String(40), default="UTC", server_default="UTC", info={"personal": True, "key": False}
    )
    avatar: Mapped[str | None] = mapped_column(
        String(64), info={"personal": True, "hidden": True, "upload": True}
    )

    status: Mapped[str] = mapped_column(
        String(10),
        default="active",
        info={**CREDENTIAL, "personal": False, "choices": STATUSES[:-1]},
    )
    status_before: Mapped[str | None] = mapped_column(
        String(10), info={"personal": True, "hidden": True}
    )
    status_reason: Mapped[str] = mapped_column(
        String(500), default="", info={"personal": True, "key": False}
    )
    status_by_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    status_at: Mapped[datetime | None] = mapped_column(info={"personal": False})

    credential_version: Mapped[int] = mapped_column(
        default=1, server_default="1", info={"personal": False, "hidden": True}
    )
    password_hash: Mapped[str | None] = mapped_column(
        String(255), info={**CREDENTIAL, "personal": True, "hidden": True}
    )
    password_state: Mapped[str] = mapped_column(
        String(10), default="none", info={"personal": True, "choices": PASSWORD_STATES}
    )
    password_expires_at: Mapped[datetime | None] = mapped_column(
        info={"personal": True, "hidden": True}
    )
    password_is_short: Mapped[bool] = mapped_column(
        default=False, server_default=false(), info={"personal": True, "hidden": True}
    )
    two_factor: Mapped[str] = mapped_column(
        String(10),
        default="disabled",
        info={**CREDENTIAL, "personal": True, "choices": TWO_FACTORS},
    )
    ip_whitelist: Mapped[list[str]] = mapped_column(default=list, info={"personal": True})
    client_tags_mode: Mapped[str] = mapped_column(
        String(6), default="all", info={"personal": False, "choices": TAG_MODES}
    )
    preferences: Mapped[dict[str, Any]] = mapped_column(
        default=dict, info={"personal": True, "hidden": True}
    )
    created_by_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    last_login_at: Mapped[datetime | None] = mapped_column(info={"personal": False})

    groups: Mapped[list[Group]] = relationship(secondary=user_groups, back_populates="users")
    client_tags: Mapped[list[ClientTag]] = relationship(
        secondary=user_client_tags, back_populates="users"
    )
    created_by: Mapped["User | None"] = relationship(
        remote_side="User.id", foreign_keys=[created_by_id]
    )
    status_by: Mapped["User | None"] = relationship(
        remote_side="User.id", foreign_keys=[status_by_id]
    )

    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint(f"login_method IN {LOGIN_METHODS}", name="login_method"),
        CheckConstraint(f"password_state IN {PASSWORD_STATES}", name="password_state"),
        CheckConstraint(f"client_tags_mode IN {TAG_MODES}", name="client_tags_mode"),
        CheckConstraint(
            "status = 'deleted' OR (login_method = 'email' AND email_key IS NOT NULL)"
            " OR (login_method = 'login' AND login_key IS NOT NULL)",
            name="identifier",
        ),
        Index(
            "ix_users_search_key_id_status", "search_key", "id", "status"
        ),  # a search reads no more than this
        Index("ix_users_login_skeleton", "login_skeleton", unique=True),
        Index("ix_users_created_at_id", "created_at", "id"),
        Index("ix_users_created_by_id_id", "created_by_id", "id"),
        # Whose picture it is, asked for each one on a page; few people have one.
        Index(
            "ix_users_avatar",
            "avatar",
            sqlite_where=text("avatar IS NOT NULL"),
            postgresql_where=text("avatar IS NOT NULL"),
        ),
        Index(
            "ix_users_status_id_two_factor", "status", "id", "two_factor"
        ),  # read alone to count either
        Index("ix_users_two_factor_id", "two_factor", "id"),
        Index("ix_users_login_method_id", "login_method", "id"),
        Index(
            "ix_users_never_invited",
            "id",
            postgresql_where=text(NEVER_INVITED),
            sqlite_where=text(NEVER_INVITED),
        ),
    )

    @classmethod
    def credentials(cls) -> frozenset[str]:
        """The attributes whose change voids what was proved before."""
        columns = inspect(cls).column_attrs
        return frozenset(
            attribute.key for attribute in columns if attribute.columns[0].info.get("credential")
        )

    @classmethod
    def raised_with(cls, names: Iterable[str]) -> dict[str, Any]:
        """The next credential version, where one of the columns called so is a credential."""
        if cls.credentials().isdisjoint(names):
            return {}
        return {"credential_version": cls.credential_version + 1}

    def renew_credentials(self) -> None:
        """Void what was proved before, also where the change is in another table, such as an app's new secret."""
        for name, raised in self.raised_with(self.credentials()).items():
            setattr(self, name, raised)

    def set_email(self, email: str | None) -> None:
        """Keep the address as typed, and the form in which it must be unique."""
        self.email = email
        self.email_key = address_key(email) if email else None

    def set_login(self, login: str | None) -> None:
        """Keep the login as typed, and the form in which it must be unique."""
        self.login = login
        self.login_key = login_key(login) if login else None

    @hybrid_property
    def name(self) -> str:
        """First and last name, else the e-mail address or login, else the number."""
        return (
            f"{self.first_name} {self.last_name}".strip()
            or self.email
            or self.login
            or f"Deleted user {self.id}"
        )

    @name.inplace.expression
    @classmethod
    def _name_in_sql(cls) -> ColumnElement[str]:
        full = func.nullif(func.trim(cls.first_name + " " + cls.last_name), "")
        return func.coalesce(full, cls.email, cls.login, "Deleted user " + cast(cls.id, String))

    @hybrid_property
    def picture(self) -> str | None:
        """The key of the avatar, for lists: a column that no filter, export or event may know has to be asked for."""
        return self.avatar

    @hybrid_property
    def invitation(self) -> str:
        """What became of the invitation: one of INVITATIONS."""
        return self._derived("invitation")

    @invitation.inplace.expression
    @classmethod
    def _invitation_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("invitation")

    @hybrid_property
    def invitation_ends(self) -> str:
        """Whether somebody who is invited has to be reminded: one of INVITATION_ENDS."""
        return self._derived("invitation_ends")

    @invitation_ends.inplace.expression
    @classmethod
    def _invitation_ends_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("invitation_ends")

    @classmethod
    def derived(cls, name: str, value: str) -> ColumnElement[bool]:
        return (
            cls._invitation_is(value) if name == "invitation" else cls._invitation_ends_are(value)
        )

    @classmethod
    def _invitation_is(cls, value: str) -> ColumnElement[bool]:
        never = cls.password_hash.is_(None)
        taken_back = cls.status.in_(("blocked", "revoked"))
        match value:
            case "pending":
                return and_(cls.status == "invited", cls._invited_beyond(moment()))
            case "expired":
                return and_(cls.status == "invited", ~cls._invited_beyond(moment()))
            case "revoked":
                return and_(text(NEVER_INVITED), taken_back, never)
            case "accepted":
                return and_(cls.status != "invited", cls.login_method == "email", ~never)
        return and_(text(NEVER_INVITED), ~and_(taken_back, never))

    @classmethod
    def _invitation_ends_are(cls, value: str) -> ColumnElement[bool]:
        soon, now = cls._invited_beyond(moment(SOON)), cls._invited_beyond(moment())
        between = cls._invited_beyond(moment(), until=moment(SOON))
        match value:
            case "soon":
                return and_(cls.status == "invited", between, ~soon)
            case "later":
                return and_(cls.status == "invited", soon)
            case "over":
                return and_(cls.status == "invited", ~now)
        return cls.status != "invited"

    @classmethod
    def _invited_beyond(
        cls, when: ColumnElement[datetime], until: ColumnElement[datetime] | None = None
    ) -> ColumnElement[bool]:
        """In SQL: an open invitation still works at that moment, and not after `until`."""
        mine = exists().where(Token.user_id == cls.id, Token.purpose == "invitation", Token.open())
        mine = mine.where(Token.expires_at > when)
        return (mine if until is None else mine.where(Token.expires_at <= until)).correlate(cls)

    def _derived(self, name: str) -> str:
        """What SQL works out of other tables."""
        session = object_session(self)
        return (
            str(session.scalar(select(getattr(User, name)).where(User.id == self.id)))
            if session
            else "none"
        )

    @classmethod
    def can_sign_in(cls) -> ColumnElement[bool]:
        """In SQL: the person opens the web back office with a password of their own; a temporary one expires."""
        own = and_(cls.password_hash.is_not(None), cls.password_state == "usable")
        return and_(cls.status == "active", cls.login_method == "email", own)


@event.listens_for(User, "before_update")
def _raise_credential_version(_mapper: object, _connection: object, user: User) -> None:
    """Whoever changes a person through the session cannot forget it; `Action.update` does it for whole sets."""
    attributes = inspect(user).attrs
    if any(attributes[name].history.has_changes() for name in User.credentials()):
        user.renew_credentials()

"""User: a person who signs in to the back office."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    SQLColumnExpression,
    String,
    Uuid,
    and_,
    cast,
    event,
    false,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column, object_session, relationship

from backoffice.models import invitation_state, membership_ends
from backoffice.models.associations import (
    is_current,
    user_client_tags,
    user_groups,
    user_platform_accounts,
    user_sub_accounts,
)
from backoffice.models.base import Entity, Searchable
from backoffice.models.client_tag import ClientTag
from backoffice.models.columns import column
from backoffice.models.group import Group
from backoffice.models.keys import key_type
from backoffice.models.node import Node, of_node
from backoffice.models.types import BigInt
from backoffice.text import address_key

STATUSES = ("invited", "active", "blocked", "revoked", "deleted")
LOGIN_METHODS = ("email", "login")
PASSWORD_STATES = ("none", "usable", "temporary", "expired")
SCOPE_MODES = ("all", "only", "except")
LISTED = SCOPE_MODES[1:]  # those that need a list of values
ACCOUNT_MODES = ("whole", "all", "only")
SCOPE_WORDS = {"only": "Only these", "except": "All except these"}
AVATAR_SIZES = (64, 256)  # pixels, both ways
TWO_FACTORS = ("disabled", "email", "totp")
# The `info` of columns that are only there for those who see several nodes.
OF_NODES: dict[str, Any] = {"tells_of": Node.__tablename__}
# The `info` of columns that people prove their identity with; see `credential_version`.
CREDENTIAL: dict[str, Any] = {"credential": True}


def _accounts_mode() -> MappedColumn[Any]:
    said: dict[str, Any] = {"default": "whole", "server_default": "whole", "personal": False}
    return column(String(5), choices=ACCOUNT_MODES, info=OF_NODES, **said)


class User(Searchable, Entity):
    """A back-office user.

    E-mail and login are unique in their normalised form (`*_key`). Names have no key of their own,
    because the search key begins with them.

    Attributes:
        login_skeleton: what the login looks like (text/looks.py), so that no two look the same. It
            is empty where another login looked the same before that was forbidden.
        credential_version: is raised by every change of a column whose `info` has CREDENTIAL, in
            the same UPDATE. Whatever was proved at an older version is void. It does not count as a
            change when the same password is hashed with newer parameters.
        name_source: who gave the name: "administrator", or "self", whose name others cannot change.
        status_before: the status that unblocking, or undoing a revocation, gives back; None if
            none is known.
        password_state: "none" without a password; "usable" for one that the user chose;
            "temporary" for one that somebody handed over, which the user has to change at the first
            sign-in, before `password_expires_at`. "expired" is set by nothing.
        client_tags_mode, countries_mode: which clients the user sees: all, "only" those with these
            tags or of these countries, or all "except" those.
        mask_data: whether the user sees the personal data of clients masked.
        node: the service provider whom the user belongs to, or the company itself.
        platform_accounts_mode: whether the user reaches the "whole" node, "all" its platform
            accounts, present and later, or "only" some.
        sub_accounts_mode: the same within the platform account, where it is only one: the "whole"
            account, "all" its sub-accounts, or "only" some.
        password_is_short: whether the password is so short that a second factor is required.
    """

    __tablename__ = "users"
    __singular__ = "person"
    __plural__ = "people"
    __search__ = ("first_name", "last_name", "email", "login", "phone")
    __grants__ = True
    __trigrams__ = ("search_key",)
    __derived__: ClassVar = {
        "invitation": invitation_state.STATES,
        "invitation_ends": invitation_state.ENDS,
        "membership_ends": membership_ends.ENDS,
    }

    uuid: Mapped[UUID] = mapped_column(Uuid, default=uuid4, unique=True, info={"personal": False})
    login_method: Mapped[str] = column(
        String(10),
        default="email",
        choices=LOGIN_METHODS,
        words={"email": "E-mail"},
        personal=False,
        info=CREDENTIAL,
    )
    email: Mapped[str | None] = column(String(254), kind="email", personal=True, info=CREDENTIAL)
    email_key: Mapped[str | None] = mapped_column(
        key_type(254), unique=True, info={**CREDENTIAL, "personal": True, "hidden": True}
    )
    login: Mapped[str | None] = column(String(64), kind="login", personal=True, info=CREDENTIAL)
    login_key: Mapped[str | None] = mapped_column(
        key_type(64), unique=True, info={**CREDENTIAL, "personal": True, "hidden": True}
    )
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
    phone: Mapped[str] = column(String(32), default="", kind="phone", personal=True)
    language: Mapped[str] = mapped_column(
        String(8), default="en", info={"personal": True, "key": False}
    )
    time_zone: Mapped[str] = mapped_column(
        String(40), default="UTC", server_default="UTC", info={"personal": True, "key": False}
    )
    avatar: Mapped[str | None] = mapped_column(
        String(64),
        info={"personal": True, "hidden": True, "upload": True, "renditions": AVATAR_SIZES},
    )

    status: Mapped[str] = column(
        String(10),
        default="active",
        choices=STATUSES[:-1],
        colours={"invited": "blue", "active": "green", "blocked": "red"},
        personal=False,
        info=CREDENTIAL,
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
    password_state: Mapped[str] = column(
        String(10), default="none", choices=PASSWORD_STATES, personal=True
    )
    password_expires_at: Mapped[datetime | None] = mapped_column(
        info={"personal": True, "hidden": True}
    )
    password_is_short: Mapped[bool] = mapped_column(
        default=False, server_default=false(), info={"personal": True, "hidden": True}
    )
    two_factor: Mapped[str] = column(
        String(10),
        default="disabled",
        choices=TWO_FACTORS,
        words={"disabled": "No 2FA", "email": "E-mail code", "totp": "Authenticator app"},
        colours={"email": "blue", "totp": "green"},
        personal=True,
        info=CREDENTIAL,
    )
    ip_whitelist: Mapped[list[str]] = mapped_column(default=list, info={"personal": True})
    client_tags_mode: Mapped[str] = column(
        String(6), default="all", choices=SCOPE_MODES, words=SCOPE_WORDS, personal=False
    )
    countries_mode: Mapped[str] = column(
        String(6),
        default="all",
        server_default="all",
        choices=SCOPE_MODES,
        words=SCOPE_WORDS,
        personal=False,
    )
    countries: Mapped[list[str]] = column(
        default=list, server_default="[]", kind="countries", personal=False
    )
    mask_data: Mapped[bool] = mapped_column(
        default=False, server_default=false(), info={"personal": False}
    )
    node_id: Mapped[int] = of_node(personal=False)
    platform_accounts_mode: Mapped[str] = _accounts_mode()
    sub_accounts_mode: Mapped[str] = _accounts_mode()
    preferences: Mapped[dict[str, Any]] = mapped_column(
        default=dict, info={"personal": True, "hidden": True}
    )
    created_by_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("users.id", ondelete="SET NULL")
    )
    last_login_at: Mapped[datetime | None] = mapped_column(info={"personal": False})

    groups: Mapped[list[Group]] = relationship(
        secondary=user_groups,
        primaryjoin=lambda: and_(User.id == user_groups.c.user_id, is_current()),
        back_populates="users",
    )
    client_tags: Mapped[list[ClientTag]] = relationship(
        secondary=user_client_tags, back_populates="users"
    )
    node: Mapped[Node] = relationship(foreign_keys=[node_id])
    platform_accounts: Mapped[list[Node]] = relationship(secondary=user_platform_accounts)
    sub_accounts: Mapped[list[Node]] = relationship(secondary=user_sub_accounts)
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
        CheckConstraint(f"client_tags_mode IN {SCOPE_MODES}", name="client_tags_mode"),
        CheckConstraint(f"countries_mode IN {SCOPE_MODES}", name="countries_mode"),
        CheckConstraint(
            f"platform_accounts_mode IN {ACCOUNT_MODES}", name="platform_accounts_mode"
        ),
        CheckConstraint(f"sub_accounts_mode IN {ACCOUNT_MODES}", name="sub_accounts_mode"),
        CheckConstraint(
            "status = 'deleted' OR (login_method = 'email' AND email_key IS NOT NULL)"
            " OR (login_method = 'login' AND login_key IS NOT NULL)",
            name="identifier",
        ),
        # A search reads only this index, not the table.
        Index("ix_users_search_key_id_status", "search_key", "id", "status"),
        Index("ix_users_login_skeleton", "login_skeleton", unique=True),
        Index("ix_users_created_at_id", "created_at", "id"),
        Index("ix_users_created_by_id_id", "created_by_id", "id"),
        # To find the owner of each picture on a page; few people have one.
        Index(
            "ix_users_avatar",
            "avatar",
            sqlite_where=text("avatar IS NOT NULL"),
            postgresql_where=text("avatar IS NOT NULL"),
        ),
        # Counting by status or by second factor reads only this index, not the table.
        Index("ix_users_status_id_two_factor", "status", "id", "two_factor"),
        Index("ix_users_two_factor_id", "two_factor", "id"),
        Index("ix_users_login_method_id", "login_method", "id"),
        # Whose people are all of one node reads only theirs.
        Index("ix_users_node_id_id_status", "node_id", "id", "status"),
        Index(
            "ix_users_never_invited",
            "id",
            postgresql_where=text(invitation_state.NEVER_INVITED),
            sqlite_where=text(invitation_state.NEVER_INVITED),
        ),
    )

    @classmethod
    def credentials(cls) -> frozenset[str]:
        """Return the attributes whose change raises `credential_version`."""
        attributes = inspect(cls).column_attrs
        return frozenset(
            attribute.key for attribute in attributes if attribute.columns[0].info.get("credential")
        )

    @classmethod
    def raised_with(cls, names: Iterable[str]) -> dict[str, SQLColumnExpression[object]]:
        """Return the next credential version if one of the named columns is a credential."""
        if cls.credentials().isdisjoint(names):
            return {}
        return {"credential_version": cls.credential_version + 1}

    def alone(self) -> Select[int]:
        """Select the id of this user, for functions that take the ids of many."""
        return select(User.id).where(User.id == self.id)

    def renew_credentials(self) -> None:
        """Raise `credential_version`.

        Call it if a credential changes in another table, such as the secret of an authenticator.
        """
        for name, raised in self.raised_with(self.credentials()).items():
            setattr(self, name, raised)

    def set_email(self, email: str | None) -> None:
        """Set the address as typed, and the normalised form in which it is unique."""
        self.email = email
        self.email_key = address_key(email) if email else None

    @hybrid_property
    def name(self) -> str:
        """The name for people: the full name, else the e-mail address, the login, or the id."""
        full_name = f"{self.first_name} {self.last_name}".strip()
        return full_name or self.email or self.login or f"Deleted user {self.id}"

    @name.inplace.expression
    @classmethod
    def _name_in_sql(cls) -> ColumnElement[str]:
        full_name = func.nullif(func.trim(cls.first_name + " " + cls.last_name), "")
        deleted = "Deleted user " + cast(cls.id, String)
        return func.coalesce(full_name, cls.email, cls.login, deleted)

    @hybrid_property
    def picture(self) -> str | None:
        """The key of the avatar for lists.

        The column itself is hidden from filters, exports and events.
        """
        return self.avatar

    @hybrid_property
    def invitation(self) -> str:
        """The state of the invitation, one of `invitation_state.STATES`."""
        return self._derived("invitation")

    @invitation.inplace.expression
    @classmethod
    def _invitation_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("invitation")

    @hybrid_property
    def invitation_ends(self) -> str:
        """When the open invitation ends, one of `invitation_state.ENDS`."""
        return self._derived("invitation_ends")

    @invitation_ends.inplace.expression
    @classmethod
    def _invitation_ends_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("invitation_ends")

    @hybrid_property
    def membership_ends(self) -> str:
        """When the first of the memberships that end does so, one of `membership_ends.ENDS`."""
        return self._derived("membership_ends")

    @membership_ends.inplace.expression
    @classmethod
    def _membership_ends_in_sql(cls) -> ColumnElement[str]:
        return cls.derived_case("membership_ends")

    @classmethod
    def derived(cls, name: str, value: str) -> ColumnElement[bool]:
        if name == "membership_ends":
            return membership_ends.ends(cls, value)
        if name == "invitation":
            return invitation_state.is_in(cls, value)
        return invitation_state.ends(cls, value)

    def _derived(self, name: str) -> str:
        """Return the derived choice `name` of this row, which SQL computes from other tables."""
        session = object_session(self)
        if not session:
            return "none"
        query = select(getattr(User, name)).where(User.id == self.id)
        return str(session.scalar(query))

    @classmethod
    def can_sign_in(cls) -> ColumnElement[bool]:
        """SQL: whether the user can sign in to the web back office with their password.

        A temporary password does not count, because it expires.
        """
        own_password = and_(cls.password_hash.is_not(None), cls.password_state == "usable")
        return and_(cls.status == "active", cls.login_method == "email", own_password)


@event.listens_for(User, "before_update")
def _raise_credential_version(_mapper: object, _connection: object, user: User) -> None:
    """Raise the version when the session writes a changed credential, so that no code forgets it.

    `Action.update` does the same for whole sets of rows.
    """
    attributes = inspect(user).attrs
    is_changed = any(attributes[name].history.has_changes() for name in User.credentials())
    if is_changed:
        user.renew_credentials()

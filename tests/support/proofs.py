"""Many people who are about to prove who they are, and what may change about them meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from backoffice import clock, events
from backoffice.actions.engine.action import find
from backoffice.actions.engine.context import ActionContext
from backoffice.auth import (
    password_change,
    password_reset,
    passwords,
    step_up,
    throttle,
    tokens,
    totp,
    two_factor,
)
from backoffice.auth.attempts import Origin
from backoffice.auth.sessions import digest
from backoffice.auth.sign_in import second_factor, sign_in
from backoffice.extensions import db
from backoffice.models.group import Group
from backoffice.models.recovery_code import RecoveryCode
from backoffice.models.session import Session
from backoffice.models.sign_in_challenge import SignInChallenge
from backoffice.models.token import Token
from backoffice.models.totp_secret import TotpSecret
from backoffice.models.user import User
from backoffice.people import email_change, invitations
from backoffice.policy.actor import Actor, system
from backoffice.secrets import encryption
from backoffice.settings import Settings
from backoffice.testing.client import settle
from tests.support.factors import code_of

OLD, NEW = "a harness of four long words", "five quite unusual words here"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of everybody's app: it is sealed for each person
ELSEWHERE = ["203.0.113.0/24"]
AN_HOUR = timedelta(hours=1)
LINKS = ("password_reset", "two_factor_enrolment", "email_change", "invitation")


def at(person: int) -> Origin:
    """Return an address of the person's own.

    A network with all of them would be throttled.
    """
    return Origin(f"10.{person >> 16 & 255}.{person >> 8 & 255}.{person & 255}", "a browser")


@dataclass
class Crowd:
    """Some people who are alike, by their ids, each with all that a proof may need.

    Their passwords were hashed with older parameters, which is why every right one is hashed anew.
    """

    settings: Settings
    size: int
    needs: "Proof"
    ids: list[int] = field(default_factory=list)
    sessions: dict[int, tuple[int, int]] = field(default_factory=dict)

    def gather(self) -> "Crowd":
        """Add the people in a few statements."""
        now = clock.now()
        self.ids = sorted(db.session.scalars(insert(User).returning(User.id), self._people(now)))
        for model, rows in self._belongings(now):
            db.session.execute(insert(model), rows)
        settle()
        self._find_sessions()
        settle()
        return self

    def _people(self, now: datetime) -> list[dict[str, Any]]:
        state: dict[str, Any] = {"status": "invited", "two_factor": "disabled"}
        if not self.needs.invited:
            older = passwords.PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
            state["status"] = "active"
            state["password_hash"] = older.hash(OLD)
            state["password_state"] = "usable"
        if self.needs.factor:
            state["two_factor"] = "totp"
        return [
            {
                "email": f"p{n}@example.com",
                "email_key": f"p{n}@example.com",
                "email_verified_at": now,
                **state,
            }
            for n in range(self.size)
        ]

    def _find_sessions(self) -> None:
        """Note the two sessions of each person."""
        found: dict[int, list[int]] = {}
        statement = select(Session.id, Session.user_id).order_by(Session.id)
        for number, user in db.session.execute(statement):
            found.setdefault(user, []).append(number)
        self.sessions = {user: (numbers[0], numbers[1]) for user, numbers in found.items()}

    def actor(self, person: int, *, other: bool = False) -> Actor:
        """Return the person, by one of their two sessions."""
        session = self.sessions[person][other]
        return Actor(
            person, f"p{person}", f"p{person}", ip=at(person).ip, session_id=session, confirmed=True
        )

    def _belongings(self, now: datetime) -> list[tuple[Any, list[dict[str, Any]]]]:
        """Return the rows of everybody, by their model."""
        times = {"created_at": now, "expires_at": now + AN_HOUR}
        found: list[tuple[Any, list[dict[str, Any]]]] = [
            (TotpSecret, self._secrets(now)),
            (
                RecoveryCode,
                [{"user_id": i, "code_hash": digest(f"r{i}"), "created_at": now} for i in self.ids],
            ),
            (
                SignInChallenge,
                [
                    {"user_id": i, "value_hash": digest(f"c{i}"), "tries": 0, **times}
                    for i in self.ids
                ],
            ),
            *((Token, self._links(purpose, times)) for purpose in LINKS),
        ]
        if not self.needs.invited:
            found.append((Session, self._two_sessions(now)))
        return found

    def _two_sessions(self, now: datetime) -> list[dict[str, Any]]:
        end = now + AN_HOUR
        seen = {"last_seen_at": now, "idle_at": end, "expires_at": end, "confirmed_at": now}
        return [
            {"user_id": i, "token_hash": digest(f"{which}{i}"), **seen}
            for i in self.ids
            for which in ("s", "t")
        ]

    def _secrets(self, now: datetime) -> list[dict[str, Any]]:
        """Return a secret that waits for its confirmation, and one in use if a factor is needed."""
        states = ["active", "pending"] if self.needs.factor else ["pending"]
        return [
            {
                "user_id": i,
                "state": state,
                "last_step": 0,
                "created_at": now,
                "sealed": self._sealed(i),
            }
            for i in self.ids
            for state in states
        ]

    def _links(self, purpose: str, times: dict[str, datetime]) -> list[dict[str, Any]]:
        return [
            {
                "user_id": i,
                "purpose": purpose,
                "value_hash": digest(f"{purpose}{i}"),
                "sent_to": f"n{i}@e.org",
                "credential_version": 1 if purpose == "email_change" else None,
                **times,
            }
            for i in self.ids
        ]

    def _sealed(self, person: int) -> str:
        return encryption.encrypt(KEY, about=totp.bound_to(person), settings=self.settings)


Act = Callable[[Crowd, int], Any]


@dataclass(frozen=True)
class Proof:
    """Something that is granted for a proof; `event` is what the log then says, if anything.

    `slow` is the function, by its module, after which all is proved and nothing granted or locked.
    """

    name: str
    act: Act
    slow: tuple[Any, str] = (throttle, "enter")
    factor: bool = False
    invited: bool = False
    event: str = ""


def _sign_in(crowd: Crowd, person: int) -> Any:
    name = f"p{crowd.ids.index(person)}@example.com"
    return sign_in(
        identifier=name, password=OLD, origin=at(person), settings=crowd.settings
    ).session


def _second_step(crowd: Crowd, person: int) -> Any:
    return second_factor(
        challenge=f"c{person}", code=code_of(KEY), origin=at(person), settings=crowd.settings
    ).session


def _recovery(crowd: Crowd, person: int) -> Any:
    return second_factor(
        challenge=f"c{person}", code=f"r{person}", origin=at(person), settings=crowd.settings
    ).session


def _step_up(crowd: Crowd, person: int) -> Any:
    here = {"origin": at(person), "settings": crowd.settings}
    return step_up.confirm(actor=crowd.actor(person), password=OLD, code="", **here)


def _enrol(crowd: Crowd, person: int) -> Any:
    here = {"origin": at(person), "settings": crowd.settings}
    return two_factor.confirm(
        actor=crowd.actor(person), shown=totp.name_of(KEY), code=code_of(KEY), **here
    )


def _enrol_by_link(crowd: Crowd, person: int) -> Any:
    here = {"origin": at(person), "settings": crowd.settings}
    value = f"two_factor_enrolment{person}"
    return two_factor.confirm_by_link(
        value=value, shown=totp.name_of(KEY), code=code_of(KEY), **here
    )


def _new_address(crowd: Crowd, person: int) -> Any:
    value = f"email_change{person}"
    return email_change.confirm(
        actor=crowd.actor(person), value=value, origin=at(person), settings=crowd.settings
    )


def _accept(crowd: Crowd, person: int) -> Any:
    here = {"origin": at(person), "settings": crowd.settings}
    return invitations.accept(value=f"invitation{person}", new_password=NEW, about={}, **here)


def _reset(crowd: Crowd, person: int) -> Any:
    here = {"origin": at(person), "settings": crowd.settings}
    password_reset.reset(value=f"password_reset{person}", new_password=NEW, **here)
    return True


PROOFS = (
    Proof("sign-in", _sign_in, (passwords, "prove")),
    Proof("second step", _second_step, factor=True),
    Proof("recovery code", _recovery, factor=True),
    Proof("step-up", _step_up, (passwords, "prove"), factor=True),
    Proof("enrolment", _enrol, factor=True, event="account.two_factor"),
    Proof("enrolment by link", _enrol_by_link, factor=True, event="account.two_factor"),
    Proof(
        "e-mail change",
        _new_address,
        (tokens, "get"),
        factor=True,
        event="account.change_email",
    ),
    Proof("invitation", _accept, (passwords, "hashed"), invited=True, event="invitations.accept"),
    Proof("reset", _reset, (passwords, "hashed"), factor=True, event="account.reset_password"),
)


def _change_password(crowd: Crowd, person: int) -> Any:
    here = {"origin": at(person), "settings": crowd.settings}
    return password_change.change_password(
        actor=crowd.actor(person, other=True), current=OLD, new=NEW, **here
    )


def action(code: str, **parameters: Any) -> Act:
    """Return an action on one person, in the transaction and under the lock of a run.

    It keeps none of the records of a run.
    """

    def act(crowd: Crowd, person: int) -> Any:
        found, rows = find(code), select(User.id).where(User.id == person)
        assert found is not None
        db.session.execute(rows.with_for_update())
        found.apply(ActionContext(system(), rows, parameters, "Reason"), rows)
        db.session.flush()
        events.record(actor=system(), action=code, subject=("users", person))
        return True

    return act


def _join(crowd: Crowd, person: int) -> Any:
    group = db.session.scalars(select(Group.id).where(Group.key == "viewers")).one()
    return action("users.add_to_group", group=[group])(crowd, person)


def _shut_out(crowd: Crowd, person: int) -> Any:
    user = db.session.get_one(User, person, with_for_update=True)
    user.ip_whitelist = ELSEWHERE
    db.session.flush()
    events.record(actor=system(), action="users.edit", subject=("users", person))
    return True


@dataclass(frozen=True)
class Change:
    """A change of credentials or rights.

    `voids` says that nothing that was proved before the change is granted after it.
    """

    name: str
    act: Act
    event: str
    voids: bool = True
    invited: bool = True


CHANGES = (
    Change("password change", _change_password, "account.change_password", invited=False),
    Change("reset", _reset, "account.reset_password", invited=False),
    Change(
        "temporary password",
        action("users.temporary_password"),
        "users.temporary_password",
        invited=False,
    ),
    Change("factor reset", action("users.disable_2fa"), "users.disable_2fa", invited=False),
    Change("block", action("users.block"), "users.block"),
    Change("revoke", action("users.revoke"), "users.revoke"),
    Change("delete", action("users.delete"), "users.delete"),
    Change("group change", _join, "users.add_to_group", voids=False),
    Change("whitelist change", _shut_out, "users.edit"),
)

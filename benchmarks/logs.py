"""What people leave behind: events, sign-ins, sessions, mails, links and runs, in proportion to their number."""

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

SEED = 20261122
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEVER = datetime(2099, 1, 1, tzinfo=UTC)
YEARS, KEPT = (
    timedelta(days=3 * 365),
    timedelta(days=90),
)  # how far events go back, and what is purged
FIRST = 100  # number of an event: those before are of the founding
EVENTS = 5  # for each person, as are the numbers below
SIGN_INS, MESSAGES, TOKENS = 2, 1, 0.5
PEOPLE_OF_A_RUN, ITEMS = 500, 20
ACTIONS = {
    "users.edit": 30, "users.create": 20, "users.block": 15, "users.unblock": 12, "users.add_to_group": 10,
    "users.end_sessions": 5, "users.change_password": 4, "users.reset_2fa_to_email": 2, "users.export": 1,
    "groups.edit": 0.5, "client_tags.create": 0.3, "groups.delete": 0.01,
}  # fmt: skip
PURPOSES = {
    "invitation": 60,
    "password_reset": 20,
    "email_code": 15,
    "blocked": 5,
    "email_change": 0.01,
}
TABLES = {
    "bulk_runs": (
        "id", "token", "action", "actor_id", "parameters", "selection", "state", "reason", "planned", "counts",
        "created_at", "finished_at",
    ),
    "bulk_items": ("run_id", "row_id", "outcome", "rule", "version"),
    "events": (
        "id", "at", "actor_id", "actor_groups", "action", "subject_type", "subject_id", "result", "before", "after",
        "reason", "ip", "request_id", "bulk_run_id", "details_hash", "previous_hash", "hash",
    ),
    "messages": (
        "purpose", "channel", "user_id", "address", "state", "attempts", "sent_at", "last_error", "version",
        "created_at", "updated_at",
    ),
    "sessions": (
        "token_hash", "user_id", "kind", "created_at", "last_seen_at", "expires_at", "idle_at", "ended_at",
        "ended_reason", "ip", "device", "version", "updated_at",
    ),
    "sign_in_attempts": (
        "at", "throttle_key", "user_id", "factor", "result", "reason", "ip", "network", "device", "device_key",
        "channel",
    ),
    "tokens": (
        "user_id", "purpose", "value_hash", "sent_to", "channel", "created_at", "expires_at", "used_at",
    ),
}  # fmt: skip
Rows = Iterator[tuple[Any, ...]]


def tables(ids: Sequence[int]) -> Iterator[tuple[str, Sequence[str], Rows]]:
    """Each table with its columns and rows; people have the numbers `ids`."""
    makers = {
        "bulk_runs": _runs, "bulk_items": _items, "events": _events, "messages": _messages, "sessions": _sessions,
        "sign_in_attempts": _sign_ins, "tokens": _tokens,
    }  # fmt: skip
    for name, columns in TABLES.items():
        yield name, columns, makers[name](ids)


def _moments(number: int, span: timedelta) -> Iterator[tuple[int, datetime]]:
    """As many moments within the last `span`, one after the other."""
    step = span / max(number, 1)
    for index in range(number):
        yield index, NOW - span + step * index


def _address(dice: random.Random) -> str:
    return f"198.51.{int(dice.random() * 100)}.{int(dice.random() * 250)}"


def _runs(ids: Sequence[int]) -> Rows:
    dice = random.Random(SEED)
    for index, at in _moments(len(ids) // PEOPLE_OF_A_RUN, YEARS):
        action = dice.choice(("users.block", "users.unblock", "users.add_to_group"))
        token = uuid.UUID(int=dice.getrandbits(128), version=4)
        counts = {"done": ITEMS}
        yield index + 1, token, action, ids[0], {}, {"ids": []}, "done", "", ITEMS, counts, at, at


def _items(ids: Sequence[int]) -> Rows:
    for run in range(len(ids) // PEOPLE_OF_A_RUN):
        for item in range(ITEMS):
            yield run + 1, ids[run * ITEMS + item], "done", "", 1


def _events(ids: Sequence[int]) -> Rows:
    """Their hashes are made up: what is measured here does not look at the chain."""
    dice = random.Random(SEED)
    number, runs = len(ids) * EVENTS, max(1, len(ids) // PEOPLE_OF_A_RUN)
    actions = dice.choices(list(ACTIONS), list(ACTIONS.values()), k=100_003)
    for index, at in _moments(number, YEARS):
        action = actions[index % len(actions)]
        chance = dice.random()
        result = "done" if chance < 0.97 else "denied" if chance < 0.9995 else "failed"
        run = 1 + index * runs // number if chance < 0.2 else None
        before, after = (
            ({"status": "active"}, {"status": "blocked"})
            if action == "users.block"
            else (None, None)
        )
        yield (
            index + FIRST, at, ids[int(chance * 40)], ["Administrators"], action, action.partition(".")[0],
            ids[int(dice.random() * len(ids))], result, before, after, "asked by phone" if run else None,
            _address(dice), f"{index:032x}", run, f"{index:064x}", f"{index:064x}", f"{index + 1:064x}",
        )  # fmt: skip


def _messages(ids: Sequence[int]) -> Rows:
    dice = random.Random(SEED)
    purposes = dice.choices(list(PURPOSES), list(PURPOSES.values()), k=100_003)
    for index, at in _moments(len(ids) * MESSAGES, YEARS):
        user = ids[index % len(ids)]
        state = "sent" if dice.random() < 0.9999 else "dead"
        error = "" if state == "sent" else "550 no such mailbox"
        yield (
            purposes[index % len(purposes)],
            "email",
            user,
            f"person{user}@example.com",
            state,
            1,
            at,
            error,
            1,
            at,
            at,
        )


def _sessions(ids: Sequence[int]) -> Rows:
    """One person in twenty is signed in; one in five was."""
    dice = random.Random(SEED)
    begun = NOW - timedelta(hours=1)
    for number in ids[::5]:
        live = number % 4 == 0
        at = begun if live else NOW - KEPT * dice.random()
        over, ended = (NEVER, None) if live else (at + timedelta(hours=12), at + timedelta(hours=2))
        why = "" if live else "signed out"
        yield (
            f"{number:064x}",
            number,
            "web",
            at,
            at,
            over,
            over,
            ended,
            why,
            _address(dice),
            "Firefox",
            1,
            at,
        )


def _sign_ins(ids: Sequence[int]) -> Rows:
    """As many as are kept."""
    dice = random.Random(SEED)
    for _index, at in _moments(len(ids) * SIGN_INS, KEPT):
        chance = dice.random()
        result, why = (
            ("ok", "")
            if chance < 0.9
            else ("failed", "password")
            if chance < 0.999
            else ("blocked", "blocked")
        )
        user, ip = ids[int(dice.random() * len(ids))], _address(dice)
        factor = "password" if chance < 0.7 else "code" if chance < 0.9995 else "link"
        yield at, f"account:{user}", user, factor, result, why, ip, ip, "Firefox", "", "web"


def _tokens(ids: Sequence[int]) -> Rows:
    """The last few invitations are open; those before have ended."""
    for index, at in _moments(int(len(ids) * TOKENS), YEARS):
        user = ids[min(int(index / TOKENS) + index // 5 % 2, len(ids) - 1)]
        invited = user % 10 == 3
        purpose, used = ("invitation", None) if invited else ("password_reset", at)
        expires = NEVER if invited and index > len(ids) * TOKENS - 2000 else at + timedelta(hours=8)
        yield user, purpose, f"{index:064x}", f"person{user}@example.com", "link", at, expires, used

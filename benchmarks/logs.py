"""Make up what people leave behind, in proportion to their number.

These are events, sign-ins, sessions, mails, links and runs.
"""

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

SEED = 20261122
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEVER = datetime(2099, 1, 1, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)  # how far events go back
KEPT = timedelta(days=90)  # what is older is purged
FIRST = 100  # the id of the first event; those before it are of the founding
# For each person.
EVENTS = 5
SIGN_INS = 2
MESSAGES = 1
TOKENS = 0.5
PEOPLE_OF_A_RUN = 500  # one bulk run for so many people
ITEMS = 20  # rows of a bulk run
# Actions and purposes with the weights of their chances.
ACTIONS = {
    "users.edit": 30,
    "users.create": 20,
    "users.block": 15,
    "users.unblock": 12,
    "users.add_to_group": 10,
    "users.end_sessions": 5,
    "users.change_password": 4,
    "users.reset_2fa_to_email": 2,
    "users.export": 1,
    "groups.edit": 0.5,
    "client_tags.create": 0.3,
    "groups.delete": 0.01,
}
PURPOSES = {
    "invitation": 60,
    "password_reset": 20,
    "email_code": 15,
    "blocked": 5,
    "email_change": 0.01,
}
TABLES = {
    "bulk_runs": (
        "id", "token", "action", "actor_id", "parameters", "selection", "state", "reason",
        "planned", "counts", "created_at", "finished_at",
    ),
    "bulk_items": ("run_id", "row_id", "outcome", "rule", "version"),
    "events": (
        "id", "at", "actor_id", "actor_groups", "action", "subject_type", "subject_id", "result",
        "before", "after", "reason", "ip", "request_id", "bulk_run_id", "details_hash",
        "previous_hash", "hash",
    ),
    "messages": (
        "purpose", "channel", "user_id", "address", "state", "attempts", "sent_at", "last_error",
        "version", "created_at", "updated_at",
    ),
    "sessions": (
        "token_hash", "user_id", "kind", "created_at", "last_seen_at", "expires_at", "idle_at",
        "ended_at", "ended_reason", "ip", "device", "version", "updated_at",
    ),
    "sign_in_attempts": (
        "at", "throttle_key", "user_id", "factor", "result", "reason", "ip", "network", "device",
        "device_key", "channel",
    ),
    "tokens": (
        "user_id", "purpose", "value_hash", "sent_to", "channel", "created_at", "expires_at",
        "used_at",
    ),
}  # fmt: skip
Rows = Iterator[tuple[Any, ...]]


def tables(ids: Sequence[int]) -> Iterator[tuple[str, Sequence[str], Rows]]:
    """Yield each table with its columns and rows; `ids` are those of the people."""
    makers = {
        "bulk_runs": _runs,
        "bulk_items": _items,
        "events": _events,
        "messages": _messages,
        "sessions": _sessions,
        "sign_in_attempts": _sign_ins,
        "tokens": _tokens,
    }
    for name, columns in TABLES.items():
        yield name, columns, makers[name](ids)


def _moments(number: int, span: timedelta) -> Iterator[tuple[int, datetime]]:
    """Yield `number` moments that divide the last `span` evenly, each with its index."""
    step = span / max(number, 1)
    for index in range(number):
        yield index, NOW - span + step * index


def _address(dice: random.Random) -> str:
    return f"198.51.{int(dice.random() * 100)}.{int(dice.random() * 250)}"


def _runs(ids: Sequence[int]) -> Rows:
    """Yield one bulk run for every 500 people."""
    dice = random.Random(SEED)
    for index, at in _moments(len(ids) // PEOPLE_OF_A_RUN, YEARS):
        action = dice.choice(("users.block", "users.unblock", "users.add_to_group"))
        token = uuid.UUID(int=dice.getrandbits(128), version=4)
        selection: dict[str, list[int]] = {"ids": []}
        counts = {"done": ITEMS}
        yield index + 1, token, action, ids[0], {}, selection, "done", "", ITEMS, counts, at, at


def _items(ids: Sequence[int]) -> Rows:
    """Yield the rows of every bulk run."""
    for run in range(len(ids) // PEOPLE_OF_A_RUN):
        for item in range(ITEMS):
            yield run + 1, ids[run * ITEMS + item], "done", "", 1


def _events(ids: Sequence[int]) -> Rows:
    """Yield events with made-up hashes, because nothing measured here looks at the chain."""
    dice = random.Random(SEED)
    number = len(ids) * EVENTS
    actions = _weighted(dice, ACTIONS)
    for index, at in _moments(number, YEARS):
        chance = dice.random()
        action = actions[index % len(actions)]
        actor_id = ids[int(chance * 40)]  # forty people do it all
        subject_id = ids[int(dice.random() * len(ids))]
        run = _run_at(index, ids) if chance < 0.2 else None
        yield (
            index + FIRST, at, actor_id, ["Administrators"], *_deed(action, subject_id, chance),
            *_circumstances(index, run, dice), *_hashes(index),
        )  # fmt: skip


def _run_at(index: int, ids: Sequence[int]) -> int:
    """Return the id of the bulk run that took place at the time of an event."""
    runs = max(1, len(ids) // PEOPLE_OF_A_RUN)
    return 1 + index * runs // (len(ids) * EVENTS)


def _deed(action: str, subject_id: int, chance: float) -> tuple[Any, ...]:
    """Return the action, its subject and result, and what was before and after it."""
    subject_type = action.partition(".")[0]
    before = after = None
    if action == "users.block":
        before = {"status": "active"}
        after = {"status": "blocked"}
    return action, subject_type, subject_id, _result(chance), before, after


def _circumstances(index: int, run: int | None, dice: random.Random) -> tuple[Any, ...]:
    """Return the reason, the address, the number of the request, and the bulk run of an event."""
    reason = "asked by phone" if run else None
    return reason, _address(dice), f"{index:032x}", run


def _weighted(dice: random.Random, weights: dict[str, float]) -> list[str]:
    """Draw very many names by their weights; drawing them all at once is much faster."""
    return dice.choices(list(weights), list(weights.values()), k=100_003)


def _result(chance: float) -> str:
    if chance < 0.97:
        return "done"
    if chance < 0.9995:
        return "denied"
    return "failed"


def _hashes(index: int) -> tuple[str, str, str]:
    """Return made-up hashes of the details, of the event before, and of the event itself."""
    details_hash = previous_hash = f"{index:064x}"
    return details_hash, previous_hash, f"{index + 1:064x}"


def _messages(ids: Sequence[int]) -> Rows:
    """Yield mails, of which one in ten thousand never arrived."""
    dice = random.Random(SEED)
    purposes = _weighted(dice, PURPOSES)
    for index, at in _moments(len(ids) * MESSAGES, YEARS):
        purpose = purposes[index % len(purposes)]
        user = ids[index % len(ids)]
        address = f"person{user}@example.com"
        state = "sent" if dice.random() < 0.9999 else "dead"
        error = "" if state == "sent" else "550 no such mailbox"
        yield purpose, "email", user, address, state, 1, at, error, 1, at, at


def _sessions(ids: Sequence[int]) -> Rows:
    """Yield a session for one person in five; one person in twenty is still signed in."""
    dice = random.Random(SEED)
    for number in ids[::5]:
        if number % 4 == 0:
            at = NOW - timedelta(hours=1)
            expires = NEVER
            ended = None
            why = ""
        else:
            at = NOW - KEPT * dice.random()
            expires = at + timedelta(hours=12)
            ended = at + timedelta(hours=2)
            why = "signed out"
        ip = _address(dice)
        yield (
            f"{number:064x}", number, "web", at, at, expires, expires, ended, why, ip,
            "Firefox", 1, at,
        )  # fmt: skip


def _sign_ins(ids: Sequence[int]) -> Rows:
    """Yield the attempts to sign in of the time for which they are kept."""
    dice = random.Random(SEED)
    for _index, at in _moments(len(ids) * SIGN_INS, KEPT):
        chance = dice.random()
        result, why = _outcome(chance)
        user = ids[int(dice.random() * len(ids))]
        ip = _address(dice)
        yield (
            at,
            f"account:{user}",
            user,
            _factor(chance),
            result,
            why,
            ip,
            ip,
            "Firefox",
            "",
            "web",
        )


def _outcome(chance: float) -> tuple[str, str]:
    """Return the result of an attempt to sign in and the reason."""
    if chance < 0.9:
        return "ok", ""
    if chance < 0.999:
        return "failed", "password"
    return "blocked", "blocked"


def _factor(chance: float) -> str:
    if chance < 0.7:
        return "password"
    if chance < 0.9995:
        return "code"
    return "link"


def _tokens(ids: Sequence[int]) -> Rows:
    """Yield links; the last few invitations are open, all before have ended."""
    number = len(ids) * TOKENS
    for index, at in _moments(int(number), YEARS):
        # Every second person, one place further for five links out of ten.
        user = ids[min(int(index / TOKENS) + index // 5 % 2, len(ids) - 1)]
        address = f"person{user}@example.com"
        purpose = "password_reset"
        used = at
        expires = at + timedelta(hours=8)
        if user % 10 == 3:  # as in benchmarks.data.INVITED
            purpose = "invitation"
            used = None
            if index > number - 2000:
                expires = NEVER
        yield user, purpose, f"{index:064x}", address, "link", at, expires, used

"""Test whether the time of an answer reveals that an account exists.

`python -m benchmarks.indistinguishable` tries sign-ins with a wrong password, forgotten passwords
and requests for another invitation. It does so for people of every kind in turn, in random order,
with Argon2 at its real cost, in this process and on both engines. It prints the medians and how
they compare with those of nobody, and fails where one differs by more than a tenth.
"""

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import flask_migrate
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import create_app
from backoffice import clock
from backoffice.auth import passwords, tokens
from backoffice.extensions import db
from backoffice.models.token import Token
from backoffice.models.user import User
from backoffice.settings import Settings
from benchmarks import postgres

ENGINES = ("sqlite", "postgresql")
STATUSES = {
    "known": "active",
    "blocked": "blocked",
    "invited": "invited",
    "revoked": "revoked",
    "nobody": None,
}
LINKS = ("open", "expired", "used", "blocked", "nobody")
WARM = 10  # tries that are not counted
MOST = 0.1  # how far a median may be from that of nobody, as a part of it
ENOUGH = 10**8  # failures that are never reached: the throttle would answer differently
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
Form = dict[str, str]
Try = Callable[[str, int], tuple[str, Form]]
# By the clock, and of the processor, whose time other programs do not disturb.
Pair = tuple[float, float]
Seconds = dict[str, list[Pair]]


def settings_for(url: str, uploads: Path) -> Settings:
    """Return the settings of production, except for TLS and the throttle."""
    return Settings(
        environment="development",
        database_url=url,
        secret_key="0123456789abcdef" * 4,
        base_url="http://localhost",  # what a test client asks for
        uploads_dir=uploads,
        failures_per_5_minutes=ENOUGH,
        failures_per_hour=ENOUGH,
        failures_per_day=ENOUGH,
    )


@contextmanager
def application(engine: str) -> Iterator[Flask]:
    """Run the product on a new database, and remove the database afterwards."""
    with tempfile.TemporaryDirectory(prefix="backoffice-benchmark-") as folder:
        if engine == "sqlite":
            yield from _on(f"sqlite:///{folder}/data.sqlite3", Path(folder))
            return
        with postgres.running() as server:
            server.execute("CREATE DATABASE indistinguishable")
            url = server.database("indistinguishable")
            yield from _on(url.replace("postgresql:", "postgresql+psycopg:", 1), Path(folder))


def _on(url: str, folder: Path) -> Iterator[Flask]:
    app = create_app(settings_for(url, folder))
    with app.app_context():
        flask_migrate.upgrade()
    yield app  # outside the context, which all requests would share
    with app.app_context():
        db.engine.dispose()


def fill(app: Flask, number: int) -> dict[str, list[str]]:
    """Add `number` people and `number` links of each kind, and return the values of the links."""
    settings = app.extensions["settings"]
    hashed = passwords.hasher(settings).hash("the password of all of them")
    for kind, status in STATUSES.items():
        if status is None:  # nobody
            continue
        password_hash = None if kind == "invited" else hashed
        for each in range(number):
            _add(status, password_hash, address(kind, each))
    boss = _add("active", hashed, "boss@example.com")
    db.session.flush()
    values = {kind: _links(kind, number, boss) for kind in LINKS}
    db.session.commit()
    return values


def _add(status: str, password_hash: str | None, email: str) -> User:
    person = User(status=status, password_hash=password_hash, password_state="usable")
    person.set_email(email)
    db.session.add(person)
    return person


def _links(kind: str, number: int, boss: User) -> list[str]:
    """Invite people of this kind and return the values of their links.

    The links of nobody have values of the same length.
    """
    if kind == "nobody":
        return [f"{each:043}" for each in range(number)]
    ids = _guests(kind, number, boss)
    chosen = select(User.id).where(User.id.in_(ids))
    made = tokens.issue_many(chosen, purpose="invitation", valid=timedelta(hours=8))
    ending = {"expired": "expires_at", "used": "used_at", "blocked": "revoked_at"}.get(kind)
    if ending:
        mine = update(Token).where(Token.id.in_([issued.token_id for issued in made]))
        db.session.execute(mine.values({ending: clock.now()}))
    return [issued.value for issued in made]


def _guests(kind: str, number: int, boss: User) -> list[int]:
    """Add the people whom the links invite, and return their ids."""
    status = {"used": "active", "blocked": "blocked"}.get(kind, "invited")
    people = [User(status=status, created_by=boss) for _ in range(number)]
    for each, person in enumerate(people):
        person.set_email(f"link-{kind}-{each:04}@example.com")
    db.session.add_all(people)
    db.session.flush()
    return [person.id for person in people]


def address(kind: str, number: int) -> str:
    """Return an e-mail address; all have the same length."""
    return f"{kind:_<8}{number:04}@example.com"


def measured(client: FlaskClient, kinds: Sequence[str], number: int, attempt: Try) -> Seconds:
    """Try every kind `number` times in random order, and return the times by kind."""
    seconds: Seconds = {kind: [] for kind in kinds}
    token = TOKEN.search(client.get("/sign-in").get_data(as_text=True))
    assert token
    for each in range(number):
        for kind in random.sample(kinds, len(kinds)):
            path, form = attempt(kind, each)
            clock_start = perf_counter()
            processor_start = process_time()
            answer = client.post(path, data={"csrf_token": token[1], **form})
            pair = (perf_counter() - clock_start, process_time() - processor_start)
            seconds[kind].append(pair)
            assert answer.status_code in (200, 303, 422), answer.status_code
    return {kind: pairs[WARM:] for kind, pairs in seconds.items()}


def tries(app: Flask, number: int) -> Iterator[tuple[str, Seconds]]:
    """Measure everything, and yield the times with the name of the request."""
    with app.app_context():
        values = fill(app, number)
    client = app.test_client()
    kinds = tuple(STATUSES)

    def ask_for_another_invitation(kind: str, each: int) -> tuple[str, Form]:
        return f"/invitations/{values[kind][each]}/again", {}

    yield "sign-in, wrong password", measured(client, kinds, number, _sign_in)
    yield "forgotten password", measured(client, kinds, number, _forget)
    yield "another invitation", measured(client, LINKS, number, ask_for_another_invitation)


def _sign_in(kind: str, each: int) -> tuple[str, Form]:
    wrong = {"password": "not the password of anybody"}
    return "/sign-in", {"identifier": address(kind, each), **wrong}


def _forget(kind: str, each: int) -> tuple[str, Form]:
    return "/password/forgotten", {"identifier": address(kind, each)}


def report(engine: str, asked: str, seconds: Seconds) -> bool:
    """Print the medians, and return whether all are near that of nobody by the clock."""
    nobody_clocked, nobody_worked = medians(seconds["nobody"])
    near = True
    print(f"\n{engine}: {asked}")
    for kind, pairs in seconds.items():
        clocked, worked = medians(pairs)
        near &= abs(clocked / nobody_clocked - 1) <= MOST
        by_clock = f"{clocked * 1e3:7.2f} ms x {clocked / nobody_clocked:.3f}"
        by_processor = f"{worked * 1e3:7.2f} ms x {worked / nobody_worked:.3f}"
        print(f"  {kind:10} {by_clock}   processor {by_processor}")
    return near


def medians(pairs: Sequence[Pair]) -> Pair:
    """Return the median by the clock and that of the processor."""
    clocked = median(pair[0] for pair in pairs)
    worked = median(pair[1] for pair in pairs)
    return clocked, worked


def main() -> None:
    """Measure, print, and fail if the times reveal that somebody has an account."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tries", type=int, default=200, help="of each kind")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    options = parser.parse_args()
    near = True
    for engine in options.engines:
        with application(engine) as app:
            for asked, seconds in tries(app, options.tries + WARM):
                near &= report(engine, asked, seconds)
    sys.exit(0 if near else "One of the medians is more than a tenth away from that of nobody.")


if __name__ == "__main__":
    main()

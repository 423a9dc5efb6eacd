"""`python -m benchmarks.indistinguishable`: whether the time of an answer tells if there is such an account.

Sign-in with a wrong password, a forgotten password, and asking for another invitation, for people of every kind in
turn and in random order, with Argon2 at its real cost, in this process, on both engines. Prints the medians and how
they compare with those of nobody; fails where one differs by more than a tenth.
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
MOST = 0.1  # how far a median may be from that of nobody
ENOUGH = 10**8  # failures that nobody reaches: the throttle's answer would be another one
TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
Form = dict[str, str]
Try = Callable[[str, int], tuple[str, Form]]
Seconds = dict[
    str, list[tuple[float, float]]
]  # by the clock, and of the processor, which others do not disturb


def settings_for(url: str, uploads: Path) -> Settings:
    """As in production, but for TLS and the throttle."""
    return Settings(
        environment="development",
        database_url=url,
        secret_key="0123456789abcdef" * 4,
        base_url="http://localhost",  # which is what a test client asks for
        uploads_dir=uploads,
        failures_per_5_minutes=ENOUGH,
        failures_per_hour=ENOUGH,
        failures_per_day=ENOUGH,
    )


@contextmanager
def application(engine: str) -> Iterator[Flask]:
    """The product on a new database, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="backoffice-benchmark-") as folder:
        if engine == "sqlite":
            yield from _on(f"sqlite:///{folder}/data.sqlite3", Path(folder))
            return
        with postgres.running() as server:
            server.execute("CREATE DATABASE indistinguishable")
            url = server.database("indistinguishable").replace(
                "postgresql:", "postgresql+psycopg:", 1
            )
            yield from _on(url, Path(folder))


def _on(url: str, folder: Path) -> Iterator[Flask]:
    app = create_app(settings_for(url, folder))
    with app.app_context():
        flask_migrate.upgrade()
    yield app  # outside the context, which requests would share
    with app.app_context():
        db.engine.dispose()


def fill(app: Flask, number: int) -> dict[str, list[str]]:
    """So many people of each kind, and links of each kind; the links' values."""
    settings = app.extensions["settings"]
    hashed = passwords.hasher(settings).hash("the password of all of them")
    for kind, status in STATUSES.items():
        for each in range(number if status else 0):
            person = User(
                status=status,
                password_hash=None if kind == "invited" else hashed,
                password_state="usable",
            )
            person.set_email(address(kind, each))
            db.session.add(person)
    boss = User(status="active", password_hash=hashed, password_state="usable")
    boss.set_email("boss@example.com")
    db.session.add(boss)
    db.session.flush()
    values = {kind: _links(kind, number, boss) for kind in LINKS}
    db.session.commit()
    return values


def _links(kind: str, number: int, boss: User) -> list[str]:
    """Values of links to people of their own; those of nobody are as long."""
    if kind == "nobody":
        return [f"{each:043}" for each in range(number)]
    people = [
        User(status={"used": "active", "blocked": "blocked"}.get(kind, "invited"), created_by=boss)
        for _ in range(number)
    ]
    for each, person in enumerate(people):
        person.set_email(f"link-{kind}-{each:04}@example.com")
    db.session.add_all(people)
    db.session.flush()
    chosen = select(User.id).where(User.id.in_([person.id for person in people]))
    made = tokens.issue_many(chosen, purpose="invitation", valid=timedelta(hours=8))
    ending = {"expired": "expires_at", "used": "used_at", "blocked": "revoked_at"}.get(kind)
    if ending:
        mine = update(Token).where(Token.id.in_([issued.token_id for issued in made]))
        db.session.execute(mine.values({ending: clock.now()}))
    return [issued.value for issued in made]


def address(kind: str, number: int) -> str:
    """Of one length for all."""
    return f"{kind:_<8}{number:04}@example.com"


def measured(client: FlaskClient, kinds: Sequence[str], number: int, attempt: Try) -> Seconds:
    """What each try took, by kind."""
    found: Seconds = {kind: [] for kind in kinds}
    token = TOKEN.search(client.get("/sign-in").get_data(as_text=True))
    assert token
    for each in range(number):
        for kind in random.sample(kinds, len(kinds)):
            path, form = attempt(kind, each)
            start = perf_counter(), process_time()
            answer = client.post(path, data={"csrf_token": token[1], **form})
            found[kind].append((perf_counter() - start[0], process_time() - start[1]))
            assert answer.status_code in (200, 303, 422), answer.status_code
    return {kind: seconds[WARM:] for kind, seconds in found.items()}


def tries(app: Flask, number: int) -> Iterator[tuple[str, Seconds]]:
    """What was measured, by what was asked for."""
    with app.app_context():
        values = fill(app, number)
    client = app.test_client()
    wrong = {"password": "not the password of anybody"}
    yield (
        "sign-in, wrong password",
        measured(
            client,
            tuple(STATUSES),
            number,
            lambda kind, each: ("/sign-in", {"identifier": address(kind, each), **wrong}),
        ),
    )
    yield (
        "forgotten password",
        measured(
            client,
            tuple(STATUSES),
            number,
            lambda kind, each: ("/password/forgotten", {"identifier": address(kind, each)}),
        ),
    )
    yield (
        "another invitation",
        measured(
            client,
            LINKS,
            number,
            lambda kind, each: (f"/invitations/{values[kind][each]}/again", {}),
        ),
    )


def report(engine: str, asked: str, seconds: Seconds) -> bool:
    """Print the medians; whether all are near that of nobody by the clock."""
    nobody, near = medians(seconds["nobody"]), True
    print(f"\n{engine}: {asked}")
    for kind, found in seconds.items():
        clocked, worked = medians(found)
        near &= abs(clocked / nobody[0] - 1) <= MOST
        by_clock = f"{clocked * 1e3:7.2f} ms x {clocked / nobody[0]:.3f}"
        print(
            f"  {kind:10} {by_clock}   processor {worked * 1e3:7.2f} ms x {worked / nobody[1]:.3f}"
        )
    return near


def medians(found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """By the clock, and of the processor."""
    return median(pair[0] for pair in found), median(pair[1] for pair in found)


def main() -> None:
    """Measure, print, and fail where somebody could be told from nobody."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tries", type=int, default=200, help="of each kind")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    chosen = parser.parse_args()
    near = True
    for engine in chosen.engines:
        with application(engine) as app:
            for asked, seconds in tries(app, chosen.tries + WARM):
                near &= report(engine, asked, seconds)
    sys.exit(0 if near else "One of the medians is more than a tenth away from that of nobody.")


if __name__ == "__main__":
    main()

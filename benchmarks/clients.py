"""Measure the lists of clients for people who see all of them and for people who see some.

`python -m benchmarks.clients` fills a database with clients and what they have, asks for the same
pages as an administrator and as people with limits in turns, and prints medians and their ratios
to the administrator's. `--url` takes a database that it has filled before.
"""

import argparse
import random
import re
import statistics
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from backoffice.auth import sessions
from backoffice.demo.clients.markets import markets
from backoffice.extensions import db
from backoffice.models.client_groups import CLIENT_GROUPS
from backoffice.models.client_tag import ClientTag
from backoffice.models.user import User
from backoffice.text import fold
from benchmarks import data, postgres
from benchmarks.explaining import explained
from benchmarks.measure import timed

ROWS = {"postgresql": 1_000_000, "sqlite": 100_000}
ROUNDS = 15
TAGS = 30
NOW = data.NOW
NEXT = re.compile(r'href="[^"]*[?&;]after=([^"&]+)')
# The limits of each person, by their name.
PEOPLE: dict[str, dict[str, object]] = {
    "administrator": {},
    "only": {"client_tags_mode": "only", "countries_mode": "only", "countries": ["DE", "FR", "GB"]},
    "except": {
        "client_tags_mode": "except",
        "countries_mode": "except",
        "countries": ["DE", "FR", "GB"],
    },
    "masked": {"mask_data": True},
}
OF_CLIENTS = (
    "",
    "client_group=merchant_owner",
    "type=enterprise",
    "status=blocked",
    "country=PT",
    "kyc_state=pending",
    "two_factor=totp",
    "tags=6",
    "is_staff=yes",
    "is_company_user=yes",
    "joined_at.from=2026-01-01",
    "email=vera",
    "first_name=vera",
    "last_name=lind",
    "search=vera",
    "search=lindström",
    "sort=id",
    "sort=email",
    "sort=name",
    "sort=joined_at",
    "sort=-joined_at",
    "sort=client_group",
    "sort=type",
    "sort=status",
)
QUESTIONS = (
    *((f"clients/?{query}") for query in OF_CLIENTS),
    "companies/",
    "wallets/",
    "wallets/?currency=EUR",
    "kyc-cases/?state=pending",
    "client-sign-ins/",
    "client-sign-ins/?result=blocked",
    "client-tokens/",
)
CLIENTS = (
    "id", "uuid", "external_id", "type", "client_group", "first_name", "last_name", "email",
    "email_key", "phone", "phone_key", "country", "status", "company_id", "company_owner",
    "is_staff", "kyc_state", "password_state", "two_factor", "ip_whitelist", "extra_permissions",
    "joined_at", "version", "created_at", "updated_at", "search_key",
)  # fmt: skip
COMPANIES = (
    "id", "business_name", "business_name_key", "search_key", "legal_name", "registration_number",
    "business_type", "business_site", "address", "description", "operations_area",
    "other_contact_info", "version", "created_at", "updated_at",
)  # fmt: skip
WALLETS = (
    "id", "client_id", "name", "name_key", "search_key", "currency", "balance", "status",
    "version", "created_at", "updated_at",
)  # fmt: skip
CASES = (
    "id", "client_id", "level", "state", "submitted_at", "reason", "documents", "version",
    "created_at", "updated_at",
)  # fmt: skip
SIGN_INS = ("id", "client_id", "at", "ip", "result", "reason", "device", "place", "session")
TOKENS = ("id", "client_id", "at", "recipient", "channel", "purpose", "state")
DEFAULTS: dict[str, object] = {
    "password_state": "usable",
    "ip_whitelist": [],
    "extra_permissions": [],
    "version": 1,
}
STATUSES = ("active",) * 30 + ("blocked",)
KYC_STATES = ("none", "pending", "approved", "approved", "approved", "rejected", "expired")


def main() -> None:
    """Fill what is asked for, and print a table for each engine."""
    options = _options()
    for engine in options.engines:
        with _filled(engine, options) as url:
            app = create_app(data.settings(url))
            # Requests have contexts of their own: Flask-Login keeps who asks in theirs.
            with app.app_context():
                visitors = {name: _visitor(app, name) for name in PEOPLE}
                db.session.remove()
            _print(engine, app, visitors, options)
            with app.app_context():
                db.engine.dispose()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("--engines", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--clients", type=int, help="how many, if not as many as usual")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="questions in which this occurs")
    parser.add_argument("--url", help="a database that is filled already (SQLAlchemy's form)")
    parser.add_argument("--fill-only", action="store_true", help="fill the database at --url")
    parser.add_argument("--plans", action="store_true", help="print what each question reads")
    return parser.parse_args()


@contextmanager
def _filled(engine: str, options: argparse.Namespace) -> Iterator[str]:
    """Yield the address of a database with clients, in SQLAlchemy's form."""
    number = options.clients or ROWS[engine]
    if options.url:
        if options.fill_only:
            fill(options.url, number)
        yield options.url
    elif engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="backoffice-clients-") as folder:
            url = f"sqlite:///{folder}/clients.sqlite3"
            fill(url, number)
            yield url
    else:
        with postgres.running() as server:
            plain = server.copy("template1", "clients")
            url = plain.replace("postgresql:", "postgresql+psycopg:")
            fill(url, number)
            yield url


def fill(url: str, number: int) -> None:
    """Migrate the empty database at `url`, and fill it with `number` clients and what they have."""
    print(f"filling {number:,} clients", file=sys.stderr, flush=True)
    data.fill(url, 1000)
    companies = range(1, number // 10 + 1)
    ids = range(1, number + 1)
    data.insert(
        url,
        (
            ("companies", COMPANIES, map(_company, companies)),
            ("clients", CLIENTS, _clients(ids, len(companies))),
            ("client_client_tags", ("client_id", "client_tag_id"), _tags(ids)),
            ("wallets", WALLETS, map(_wallet, ids)),
            ("kyc_cases", CASES, map(_case, ids)),
            ("client_sign_ins", SIGN_INS, (_sign_in(each, number) for each in ids)),
            ("client_tokens", TOKENS, (_token(each, number) for each in ids)),
        ),
    )
    _add_people(url)


def _company(number: int) -> tuple[Any, ...]:
    name = f"Company {number}"
    empty = [""] * 8
    return (number, name, fold(name), fold(name), *empty, 1, NOW, NOW)


def _clients(ids: Sequence[int], companies: int) -> Iterator[tuple[Any, ...]]:
    dice = random.Random(data.SEED)
    countries = [market.country for market in markets()]
    weights = [market.weight for market in markets()]
    for number in ids:
        row = _client(dice, number, len(ids), companies)
        row["country"] = dice.choices(countries, weights)[0]
        yield tuple(row[name] for name in CLIENTS)


def _client(dice: random.Random, number: int, among: int, companies: int) -> dict[str, object]:
    person = data.person(dice, number)
    joined = NOW - timedelta(days=3 * 365) * (1 - number / among)
    has_company = number % 8 == 0
    return {
        **DEFAULTS,
        **person,
        "id": number,
        "uuid": uuid.UUID(int=dice.getrandbits(128), version=4),
        "external_id": f"C-{number}",
        "type": "enterprise" if number % 3 == 0 else "merchant",
        "client_group": dice.choice(CLIENT_GROUPS),
        "status": dice.choice(STATUSES),
        "company_id": 1 + number % companies if has_company else None,
        "company_owner": number % 16 == 0,
        "is_staff": number % 11 == 0,
        "kyc_state": dice.choice(KYC_STATES),
        "two_factor": dice.choice(("disabled", "disabled", "email", "totp")),
        "joined_at": joined,
        "created_at": joined,
        "updated_at": joined,
    }


def _tags(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    return data.pairs(ids, range(1, TAGS + 1), (0, 1, 1, 2, 3))


def _wallet(number: int) -> tuple[Any, ...]:
    currency = ("EUR", "USD", "GBP", "JPY")[number % 4]
    name = f"Main {number}"
    return (
        number,
        number,
        name,
        fold(name),
        fold(name),
        currency,
        number % 9999,
        "active",
        1,
        NOW,
        NOW,
    )


def _case(number: int) -> tuple[Any, ...]:
    state = ("approved", "approved", "rejected", "expired", "pending")[number % 5]
    return (number, number, 1, state, NOW, "", [], 1, NOW, NOW)


def _sign_in(number: int, among: int) -> tuple[Any, ...]:
    at = NOW - timedelta(days=90) * (1 - number / among)
    result = ("ok", "ok", "ok", "failed", "blocked")[number % 5]
    client_id = 1 + number * 7919 % among
    return (number, client_id, at, f"10.0.{number % 256}.1", result, "", "Firefox", "", "")


def _token(number: int, among: int) -> tuple[Any, ...]:
    at = NOW - timedelta(days=90) * (1 - number / among)
    return (
        number,
        1 + number * 7919 % among,
        at,
        "a•••@example.com",
        "email",
        "email_code",
        "used",
    )


def _add_people(url: str) -> None:
    """Make the first people administrators with the limits of PEOPLE."""
    with create_app(data.settings(url)).app_context():
        people = db.session.scalars(select(User).order_by(User.id).limit(len(PEOPLE))).all()
        tags = db.session.scalars(select(ClientTag).order_by(ClientTag.id).limit(5)).all()
        groups = people[0].groups
        for person, name in zip(people, PEOPLE, strict=True):
            person.groups = groups
            _limit(person, name, tags)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


def _limit(person: User, name: str, tags: Sequence[ClientTag]) -> None:
    person.email = person.email_key = f"{name}@example.com"
    person.status = "active"
    for attribute, value in PEOPLE[name].items():
        setattr(person, attribute, value)
    if person.client_tags_mode != "all":
        person.client_tags = list(tags)


def _visitor(app: Flask, name: str) -> FlaskClient:
    """Return a browser in which the person is signed in."""
    settings = app.extensions["settings"]
    user = db.session.scalars(select(User).where(User.email_key == f"{name}@example.com")).one()
    value = sessions.create(user=user, settings=settings, ip="127.0.0.1", device="")
    db.session.commit()
    signer: Any = app.session_interface
    visitor = app.test_client()
    visitor.set_cookie("backoffice", signer.get_signing_serializer(app).dumps({"sid": value}))
    return visitor


def _print(
    engine: str, app: Flask, visitors: dict[str, FlaskClient], options: argparse.Namespace
) -> None:
    print(f"\n## {engine}\n\n| question | {' | '.join(visitors)} |")
    print("|---" * (len(visitors) + 1) + "|")
    asked = [each for each in (*QUESTIONS, "middle") if options.only in each]
    for question in asked:
        paths = {name: _path(visitor, question) for name, visitor in visitors.items()}
        allowed = {name: each for name, each in visitors.items() if _ask(each, paths[name])}
        if options.plans:
            _print_plans(app, allowed, paths)
        taken = _taken(allowed, paths, options.rounds)
        print(f"| {question} | {' | '.join(_cells(taken, visitors))} |", flush=True)


def _print_plans(app: Flask, visitors: dict[str, FlaskClient], paths: dict[str, str]) -> None:
    with app.app_context():
        engine = db.engine
    for name, visitor in visitors.items():
        with explained(engine) as reading:
            _ask(visitor, paths[name])
        print(f"    {name}: {reading}")


def _cells(taken: dict[str, float], names: Iterable[str]) -> Iterator[str]:
    """Yield the milliseconds of each person, and how many times the administrator's they are."""
    first = taken["administrator"]
    for name in names:
        if name in taken:
            ratio = "" if name == "administrator" else f" ({taken[name] / first:.1f} x)"
            yield f"{taken[name]:.1f}{ratio}"
        else:
            yield "refused"


def _path(visitor: FlaskClient, question: str) -> str:
    """Return the address of a question; the page in the middle is a hundred pages further."""
    if question != "middle":
        return f"/admin/{question}"
    path = "/admin/clients/?sort=id"
    for _ in range(100):
        page = visitor.get(path).get_data(as_text=True)
        found = NEXT.search(page)
        if not found:
            break
        path = f"/admin/clients/?sort=id&after={found[1]}"
    return path


def _taken(
    visitors: dict[str, FlaskClient], paths: dict[str, str], rounds: int
) -> dict[str, float]:
    """Return the median milliseconds of each visitor's page, which are asked for in turns."""
    seen: dict[str, list[float]] = {name: [] for name in visitors}
    for _ in range(rounds):
        for name, visitor in visitors.items():
            seen[name].append(timed(partial(_ask, visitor, paths[name])))
    return {name: statistics.median(values) for name, values in seen.items()}


def _ask(visitor: FlaskClient, path: str) -> bool:
    """Ask for a page, and return whether there is one: what is masked cannot be asked for."""
    answer = visitor.get(path)
    if answer.status_code not in (200, 400):
        raise RuntimeError(f"{path} answered {answer.status}")
    return answer.status_code == 200


if __name__ == "__main__":
    main()

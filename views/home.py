"""Draw home.

It shows what needs attention, how many people are in which state, how they sign in, and what
happened last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask import Flask, render_template, url_for
from flask_babel import ngettext as _n

from backoffice import clock
from backoffice.dashboard import alerts, figures
from backoffice.dashboard.alerts import Alerts
from backoffice.data import lists
from backoffice.models import fields
from backoffice.models.user import User
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from backoffice.settings import configured
from views import home_parts
from views.home_parts import Block, Tile
from views.web import words
from views.web.actor import signed_in
from views.web.event_texts import Described, described, verb
from views.web.reader import zone

# Sizes of the chart, in its own units.
SLOT = 20
HEIGHT = 100


@dataclass(frozen=True)
class Alert:
    """Something that needs attention: its name, how much there is, and a link to the list."""

    name: str
    count: str
    label: str
    href: str


@dataclass(frozen=True)
class Status:
    """How many people have a status, with a link to the list of them."""

    label: str
    count: str
    colour: str
    href: str


@dataclass(frozen=True)
class Factor:
    """How many of the active people have a second factor, with a link to the list of them.

    `start` and `part` say where in the bar its part begins and how long it is, in percent;
    `percent` is the latter as people read it.
    """

    name: str
    label: str
    count: int
    href: str
    start: str
    part: str
    percent: str


@dataclass(frozen=True)
class Bar:
    """A bar of the chart, from its upper end; both in the chart's own units."""

    y: float
    height: float


@dataclass(frozen=True)
class Day:
    """How many sign-ins worked and failed on a day, with links to the lists of them.

    Its bars, `worked_bar` and above it `failed_bar`, stand at `x`.
    """

    day: str
    worked: int
    failed: int
    x: int
    worked_bar: Bar
    failed_bar: Bar
    worked_href: str
    failed_href: str


@dataclass(frozen=True)
class Run:
    """An action that was run on several rows, with a link to its result."""

    label: str
    href: str
    at: datetime
    state: str


@dataclass(frozen=True)
class HomePage:
    """Home; what this person may not see is empty.

    Attributes:
        alerts: what needs attention; None for a person who may see nothing of the kind.
        runs: the latest runs.
        statuses, factors: how many people have which status and which second factor.
        newest: how many of the newest people were counted; 0 says that all of them were.
        days: how many sign-ins worked and failed on each day.
        most: the largest number of tries on a day.
        events: the latest events.
        tiles, blocks: what packages add: counts, and other parts with a heading of their own.
    """

    alerts: list[Alert] | None
    runs: list[Run]
    statuses: Sequence[Status] = ()
    factors: Sequence[Factor] = ()
    newest: int = 0
    days: Sequence[Day] = ()
    most: int = 0
    events: Sequence[Described] = ()
    tiles: Sequence[Tile] = ()
    blocks: Sequence[Block] = ()


def register(app: Flask) -> None:
    """Add home at `/`, with what packages add to it."""
    home_parts.find(app)
    app.add_url_rule("/", "home", home)


def home() -> str:
    """Show what this person may see of it."""
    who = signed_in()
    page = HomePage(alerts=_alerts(who), runs=_runs(who))
    if can(who, "users.view"):
        page = _with_people(page, who)
    if can(who, "sign_in_attempts.view"):
        days, most = _days(figures.sign_ins_by_day(who))
        page = replace(page, days=days, most=most)
    if can(who, "events.view"):
        page = replace(page, events=described(figures.latest_events(who)))
    page = replace(page, tiles=home_parts.tiles(who), blocks=list(home_parts.blocks(who)))
    return render_template("home.html", home=page)


def _with_people(page: HomePage, who: Actor) -> HomePage:
    """Add how many people have which status, and how many have which second factor."""
    by_status, by_factor = figures.people(who)
    are_too_many = dict(by_status)["active"] > lists.COUNT_CAP
    return replace(
        page,
        statuses=[_status(status, number) for status, number in by_status],
        factors=list(_factors(by_factor)),
        newest=lists.COUNT_CAP if are_too_many else 0,
    )


def _alerts(who: Actor) -> list[Alert] | None:
    """Return what needs attention, each with a link to the list that it counts."""
    if not alerts.may_see_any(who):
        return None
    found = alerts.current(who, configured())
    counted = dict(found.counts)
    if found.locked:
        counted["locked"] = len(found.locked)
    return [
        Alert(name, lists.capped(number), _label(name, number), _list(name, found))
        for name, number in counted.items()
    ]


def _label(name: str, number: int) -> str:
    match name:
        case "expiring":
            label = _n(
                "invitation expires within two hours",
                "invitations expire within two hours",
                number,
            )
        case "expired":
            label = _n("invitation has expired", "invitations have expired", number)
        case "messages":
            label = _n("message could not be sent", "messages could not be sent", number)
        case "waiting":
            label = _n(
                "message waits: is a worker running?",
                "messages wait: is a worker running?",
                number,
            )
        case "unprotected":
            label = _n(
                "administrator has no second factor",
                "administrators have no second factor",
                number,
            )
        case _:
            label = _n(
                "account is locked by failed sign-ins",
                "accounts are locked by failed sign-ins",
                number,
            )
    return str(label)


def _list(name: str, found: Alerts) -> str:
    match name:
        case "expiring":
            return url_for("users.index", invitation_ends="soon")
        case "expired":
            return url_for("users.index", invitation="expired")
        case "messages":
            return url_for("messages.index", state=["failed", "dead"])
        case "waiting":
            return url_for("messages.index", state="queued")
        case "unprotected":
            return url_for(
                "users.index", groups=found.administrators, status="active", two_factor="disabled"
            )
    # Locked accounts: the failed sign-ins of the last day, by the reader's calendar.
    yesterday = (clock.now() - alerts.A_DAY).astimezone(zone()).date()
    since: dict[str, Any] = {"at.from": yesterday}
    return url_for(
        "sign_in_attempts.index",
        user=found.locked,
        result=["failed", "blocked"],
        **since,
    )


def _status(status: str, number: int) -> Status:
    return Status(
        label=fields.label(User, "status", status),
        count=lists.capped(number),
        colour=fields.colour(User, "status", status),
        href=url_for("users.index", status=status),
    )


def _factors(by_factor: Sequence[tuple[str, int]]) -> Iterator[Factor]:
    """Yield how many of the active people have each second factor."""
    everyone = sum(number for _factor, number in by_factor)
    start = 0.0
    for factor, number in by_factor:
        part = 100 * number / everyone if everyone else 0.0
        yield Factor(
            name=factor,
            label=fields.label(User, "two_factor", factor),
            count=number,
            href=url_for("users.index", status="active", two_factor=factor),
            start=f"{start:.2f}",
            part=f"{part:.2f}",
            percent=f"{part:.0f}",
        )
        start += part


def _days(by_day: Sequence[tuple[date, int, int]]) -> tuple[list[Day], int]:
    """Return the days with the sizes of their bars, and the largest number of tries on a day."""
    most = max(worked + failed for _date, worked, failed in by_day)
    days = [
        _day(position, most, day, worked=worked, failed=failed)
        for position, (day, worked, failed) in enumerate(by_day)
    ]
    return days, most


def _day(position: int, most: int, day: date, *, worked: int, failed: int) -> Day:
    """Return one day; the bar of failed sign-ins stands on the bar of those that worked."""
    scale = most or 1
    below = round(HEIGHT * worked / scale, 2)
    above = round(HEIGHT * failed / scale, 2)
    only: dict[str, Any] = {"at.from": day, "at.to": day}
    return Day(
        day=day.isoformat(),
        worked=worked,
        failed=failed,
        x=position * SLOT,
        worked_bar=Bar(y=HEIGHT - below, height=below),
        failed_bar=Bar(y=round(HEIGHT - below - above, 2), height=above),
        worked_href=url_for("sign_in_attempts.index", signed_in="yes", **only),
        failed_href=url_for("sign_in_attempts.index", result=["failed", "blocked"], **only),
    )


def _runs(who: Actor) -> list[Run]:
    return [
        Run(
            label=verb(run.action),
            href=url_for("bulk_runs.details", row_id=run.id),
            at=run.created_at,
            state=words.state(run.state),
        )
        for run in figures.latest_runs(who)
    ]

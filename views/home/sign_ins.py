"""Draw how many sign-ins worked and failed on each of the last days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from backoffice.dashboard import figures
from backoffice.policy.actor import Actor
from backoffice.policy.rules import can
from views.home.sections import Block, Section

# Sizes of the chart, in its own units.
SLOT = 20
HEIGHT = 100


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


def _draw(actor: Actor) -> Block:
    days, most = _days(figures.sign_ins_by_day(actor))
    return Block(SECTION.heading(), "home/_sign_ins.html", {"days": days, "most": most})


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


SECTION = Section(
    "sign_ins",
    lambda: _("Sign-ins per day"),
    lambda actor: can(actor, "sign_in_attempts.view"),
    _draw,
)

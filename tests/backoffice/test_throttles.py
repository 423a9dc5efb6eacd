"""Every throttle is declared in one place, is used, and takes its number from a setting."""

import ast
import math
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from backoffice import throttles
from backoffice.models.usage import Usage
from backoffice.settings import Settings
from backoffice.throttles import Lease, Rate, Throttle
from tests.house.source import modules

DECLARED = {
    name: value for name, value in vars(throttles).items() if isinstance(value, (Throttle, Lease))
}
RATES = [
    rate
    for throttle in DECLARED.values()
    if isinstance(throttle, Throttle)
    for rate in throttle.rates
]


def test_throttles_are_all_used() -> None:
    read = {
        node.attr
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "throttles"
    }
    assert set(DECLARED) - read == set()


def test_throttles_have_names_of_their_own_that_fit_the_table_of_usages() -> None:
    names = [throttle.name for throttle in DECLARED.values()]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= Usage.__table__.c.what.type.length


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: str(rate.most))
def test_rates_are_positive_with_the_default_settings(rate: Rate) -> None:
    assert rate.number(Settings()) > 0
    assert rate.within > timedelta()


def test_rates_multiply_a_setting_or_a_constant() -> None:
    settings = replace(Settings(), failures_per_hour=7)
    assert Rate("failures_per_hour", throttles.AN_HOUR, times=3).number(settings) == 21
    assert Rate(2, throttles.AN_HOUR, times=3).number(settings) == 6


def test_limits_are_those_of_every_rate() -> None:
    settings = replace(Settings(), links_per_10_minutes=4, links_per_day=9)
    assert throttles.LINKS_FROM_OTHERS.limits(settings) == {
        timedelta(minutes=10): 4,
        timedelta(days=1): 9,
    }
    with pytest.raises(ValueError, match="too many values"):
        _ = throttles.LINKS_FROM_OTHERS.rate


@pytest.mark.parametrize("seconds", [1, 60, 61])
def test_refusals_give_the_number_and_the_wait(app: Flask, seconds: int) -> None:
    with app.app_context(), force_locale("en"):
        error = throttles.EXPORTS.refused(most=30, seconds=seconds)
    minutes = math.ceil(seconds / 60)
    assert error.message == (
        f"You have reached the limit for exports: 30 per hour. Try again in {minutes} min."
    )
    assert error.retry_after == seconds

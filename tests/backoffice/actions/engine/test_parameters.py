"""What actions ask for is checked when they are declared, and when it is given."""

import pytest

from backoffice.actions.engine import Choose, Number, OneOf, Switch, Text
from backoffice.actions.engine.parameters import checked, chosen, declared, is_met
from backoffice.errors import RuleBroken
from backoffice.models.group import Group
from backoffice.testing.cast import Cast


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"reason": Text()}, "no parameter can be called 'reason'"),
        ({"confirm": Text()}, "no parameter can be called 'confirm'"),
        ({"a": Text(shown_when={"b": "1"}), "b": Text()}, "'a' depends on 'b'"),
        ({"a": Text(required_when={"a": "1"})}, "'a' depends on 'a'"),
    ],
)
def test_what_cannot_work_stops_the_start(parameters: dict[str, Text], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        declared(parameters, "Move")


CHAIN = {
    "sure": Switch(),
    "how": OneOf(choices=("days", "weeks"), shown_when={"sure": "yes"}),
    "days": Number(least=1, shown_when={"how": ("days",)}),
    "why": Text(required_when={"how": "weeks"}),
}


@pytest.mark.parametrize(
    "given, stored",
    [
        ({}, {"sure": ["no"], "why": []}),
        ({"how": ["weeks"], "days": ["x"]}, {"sure": ["no"], "why": []}),
        (
            {"sure": ["yes"], "how": ["days"], "days": ["3"]},
            {"sure": ["yes"], "how": ["days"], "days": ["3"], "why": []},
        ),
        (
            {"sure": ["", "yes"], "how": ["weeks"], "why": ["So"]},
            {"sure": ["yes"], "how": ["weeks"], "why": ["So"]},
        ),
    ],
)
def test_what_depends_on_others_is_asked_for_with_them(
    cast: Cast, given: dict[str, list[str]], stored: dict[str, list[str]]
) -> None:
    parameters = declared(CHAIN, "Ask")
    assert checked(cast.actor("olivia"), parameters, given, code="") == stored
    assert set(chosen(parameters, stored)) == set(stored)


@pytest.mark.parametrize(
    "given, field",
    [
        ({"sure": ["yes"]}, "how"),
        ({"sure": ["yes"], "how": ["days"]}, "days"),
        ({"sure": ["yes"], "how": ["days"], "days": ["0"]}, "days"),
        ({"sure": ["yes"], "how": ["weeks"]}, "why"),
        ({"why": ["a", "b"]}, "why"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_name(
    cast: Cast, given: dict[str, list[str]], field: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        checked(cast.actor("olivia"), declared(CHAIN, "Ask"), given, code="")
    assert refused.value.field == field


def test_more_rows_than_anybody_needs_are_refused(cast: Cast) -> None:
    parameters = declared({"groups": Choose(Group, multiple=True)}, "Ask")
    with pytest.raises(RuleBroken, match="at most"):
        checked(cast.actor("olivia"), parameters, {"groups": range(1, 20_000)}, code="")


def test_conditions_compare_what_is_written() -> None:
    assert is_met({"a": "1"}, {"a": [1]})
    assert is_met({"a": ("1", "2"), "b": "x"}, {"a": ["2"], "b": ["x", "y"]})
    assert not is_met({"a": "1"}, {})

"""docs/limits.md agrees with the throttles, the settings and the constants.

Every constant of a limit stands in one place.
"""

import ast

from backoffice import limits
from docs import make_limits
from tests.house.source import modules


def test_limits_page_is_up_to_date() -> None:
    assert make_limits.PAGE.read_text("utf-8") == make_limits.text(), "run `make limits`"


def test_limits_each_have_a_group_a_unit_and_a_reason() -> None:
    for row in (*make_limits._settings(), *make_limits._constants()):
        assert row.unit.group in limits.GROUPS
        assert row.unit.name
        assert len(row.reason) > 15, row.name


def test_limits_name_every_setting_of_a_throttle() -> None:
    page = make_limits.text()
    for name in make_limits._settings_of_throttles():
        assert f"`{name.upper()}`" in page


def test_limits_are_all_used() -> None:
    """A number that nothing reads limits nothing."""
    read = {
        node.attr
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "limits"
    }
    assert set(limits.__annotations__) - read == set()

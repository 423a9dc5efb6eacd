"""The cells of a list: what stands where there is nothing."""

import pytest

from views.screen import cells


@pytest.mark.parametrize("value", [None, 0, 12])
def test_an_empty_number_stands_where_the_others_do(value: int | None) -> None:
    """The style sheet knows cells of numbers by their class."""
    words = str(cells.number(value)).removeprefix('<span class="').partition('"')[0].split()
    assert "num" in words

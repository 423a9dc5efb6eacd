"""A package with existing tables that have odd values, for `tests/stories/test_odd_values.py`."""

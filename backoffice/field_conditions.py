"""Conditions of one field on the values of others: {"how": "sea"}, {"kind": ("a", "b")}.

Actions declare them for their parameters, and screens for the fields of their forms.
"""

from collections.abc import Collection, Mapping, Sequence

# The written values that other fields must have, by their names; a switch is "yes" or "no".
Condition = Mapping[str, str | Collection[str]]


def is_met(condition: Condition, values: Mapping[str, Sequence[object]]) -> bool:
    """Tell whether the other fields have what the condition says.

    A field that is missing in `values`, because nobody is asked for it, has nothing.
    """
    return all(
        not wanted_of(condition, name).isdisjoint(map(str, values.get(name, ())))
        for name in condition
    )


def wanted_of(condition: Condition, name: str) -> set[str]:
    """Return the values of the field `name` that meet the condition."""
    wanted = condition[name]
    return {wanted} if isinstance(wanted, str) else set(wanted)

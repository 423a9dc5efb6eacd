"""The small changes: what may stand in place of a piece of the product."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import libcst as cst

OPERATORS: Mapping[type[cst.CSTNode], type[cst.CSTNode]] = {
    cst.Add: cst.Subtract,
    cst.Subtract: cst.Add,
    cst.Plus: cst.Minus,
    cst.Minus: cst.Plus,
    cst.Multiply: cst.Divide,
    cst.Divide: cst.Multiply,
    cst.FloorDivide: cst.Divide,
    cst.Modulo: cst.Divide,
    cst.BitAnd: cst.BitOr,
    cst.BitOr: cst.BitAnd,
    cst.AddAssign: cst.SubtractAssign,
    cst.SubtractAssign: cst.AddAssign,
    cst.BitOrAssign: cst.BitAndAssign,
    cst.LessThan: cst.LessThanEqual,
    cst.LessThanEqual: cst.LessThan,
    cst.GreaterThan: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.GreaterThan,
    cst.Equal: cst.NotEqual,
    cst.NotEqual: cst.Equal,
    cst.Is: cst.IsNot,
    cst.IsNot: cst.Is,
    cst.In: cst.NotIn,
    cst.NotIn: cst.In,
    cst.And: cst.Or,
    cst.Or: cst.And,
    cst.Break: cst.Continue,
    cst.Continue: cst.Break,
}
CALLS = {
    "in_": "not_in", "not_in": "in_", "is_": "is_not", "is_not": "is_", "and_": "or_",
    "or_": "and_", "min": "max", "max": "min", "true": "false", "false": "true",
    "lower": "upper", "upper": "lower", "partition": "rpartition", "rpartition": "partition",
    "lstrip": "rstrip", "rstrip": "lstrip", "removeprefix": "removesuffix",
    "removesuffix": "removeprefix",
}  # fmt: skip
# Each of their arguments is a condition of its own.
CONDITIONS = ("where", "and_", "or_")
NOTHING = cst.Name("None")


def changes(node: cst.CSTNode, *, in_function: bool) -> Iterator[cst.CSTNode]:
    """Yield what may stand in place of the node.

    Outside of functions, where things are declared, calls keep their arguments without a name, and
    tuples lose one member at a time.
    """
    if instead := OPERATORS.get(type(node)):
        yield instead()
    yield from _values(node)
    match node:
        case cst.UnaryOperation(operator=cst.Not() | cst.BitInvert()):
            yield node.expression
        case cst.IfExp():
            yield from (node.with_changes(test=cst.Name(each)) for each in ("False", "True"))
        case cst.Lambda():
            yield node.with_changes(body=NOTHING)
        case cst.Call():
            yield from _calls(node, in_function=in_function)
        case cst.Tuple(elements=elements) if not in_function and elements:
            yield from (node.with_changes(elements=few) for few in _without_one(elements))
        case _:
            yield from _statements(node) if in_function else ()


def _values(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    match node:
        case cst.Integer():
            yield cst.Integer(str(node.evaluated_value + 1))
        case cst.Float():
            yield cst.Float(repr(node.evaluated_value + 1))
        case cst.Name(value="True" | "False"):
            yield cst.Name(str(node.value == "False"))
        case cst.SimpleString() if not node.prefix and len(node.quote) == 1:
            yield node.with_changes(value=f"{node.quote}XX{node.raw_value}XX{node.quote}")


def _statements(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    match node:
        case cst.AugAssign():
            yield cst.Assign([cst.AssignTarget(node.target)], node.value)
        case cst.Assign(value=value) | cst.AnnAssign(value=cst.BaseExpression() as value):
            is_none = isinstance(value, cst.Name) and value.value == "None"
            yield node.with_changes(value=cst.SimpleString('""') if is_none else NOTHING)
        case cst.Expr(value=cst.Call()):
            yield cst.Expr(NOTHING)


def _calls(node: cst.Call, *, in_function: bool) -> Iterator[cst.CSTNode]:
    """Change a call: another function, an argument less, None for an argument."""
    name = getattr(getattr(node.func, "attr", node.func), "value", "")
    if isinstance(name, str) and name in CALLS:
        yield node.with_deep_changes(getattr(node.func, "attr", node.func), value=CALLS[name])
    args = node.args
    for number, few in enumerate(_without_one(args)):
        is_condition = in_function and name in CONDITIONS and len(args) > 1
        if args[number].keyword or is_condition:
            yield node.with_changes(args=few)
        elif in_function and not args[number].star and name not in CONDITIONS:
            nothing = args[number].with_changes(value=NOTHING)
            yield node.with_changes(args=[*args[:number], nothing, *args[number + 1 :]])


def _without_one(many: Sequence[Any]) -> Iterator[list[Any]]:
    return ([*many[:number], *many[number + 1 :]] for number in range(len(many)))

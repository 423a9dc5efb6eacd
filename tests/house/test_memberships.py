"""Whoever reads who is in which group asks whether the membership has ended."""

import ast

from tests.house.source import PRODUCT, modules

ASKS = {"is_current", "counts", "ends_at"}
# They write, or take every membership whatever its end.
WRITES = {
    "backoffice.actions.users.apply",
    "backoffice.actions.memberships._is_member",
    "backoffice.people.access._of",
    "backoffice.people.access_memory.restore_memberships",
    "backoffice.people.reviewed_access._delete",
    "backoffice.people.reviewed_access._same_membership",
    "backoffice.people.reviewed_access.give_back",
    "backoffice.sheets.applying._give_back",
}


def names(node: ast.AST) -> set[str]:
    found = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return found | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def test_every_function_over_memberships_asks_for_those_that_count() -> None:
    careless = {
        f"{module.name}.{node.name}"
        for module in modules(*PRODUCT)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef)
        and "user_groups" in names(node)
        and not ASKS & names(node)
    }
    assert careless == WRITES

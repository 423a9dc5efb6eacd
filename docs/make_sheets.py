"""Write the shipped sheet whose groups new installations have too: `make sheets`.

A test compares the file with what this would write.
"""

from collections.abc import Mapping

import backoffice.actions  # noqa: F401  # which have permissions of their own
from backoffice.policy.shipped import SHIPPED, Shipped
from backoffice.sheets import shipped_sheets, writing

NAME = "field_service"
ROLES = (
    "main_administrator",
    "company_administrator",
    "dispatcher",
    "agent_group_manager",
    "employee",
)


def sheet() -> bytes:
    """Return the bytes of the sheet."""
    return writing.written(_entry(group) for group in SHIPPED if group.key in ROLES)


def _entry(group: Shipped) -> Mapping[str, object]:
    return {
        "key": group.key,
        "name": group.name,
        "description": group.description,
        "permissions": group.permissions(),
        "grants": sorted(group.grants),
    }


if __name__ == "__main__":
    shipped_sheets.named(NAME).file.write_bytes(sheet())

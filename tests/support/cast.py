"""The fixed cast, which the tests of companies share."""

from backoffice.testing.cast import (
    PASSWORD,
    ROLES,
    Cast,
    Role,
    add,
    address,
    build,
    build_staff,
)

__all__ = ["PASSWORD", "ROLES", "Cast", "Role", "add", "address", "build", "build_staff"]

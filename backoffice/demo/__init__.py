"""Make demo data through the product's own functions, and millions of people for measurements."""

from backoffice.demo.company import Account
from backoffice.demo.loading import DAYS, PEOPLE, accounts, is_empty, load, set_password
from backoffice.demo.people import rows

__all__ = ["DAYS", "PEOPLE", "Account", "accounts", "is_empty", "load", "rows", "set_password"]

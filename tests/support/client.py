"""The client of tests, which is that of companies' tests as well."""

from backoffice.testing.client import TOKEN, Client, Runner, outside, settle, without_app

__all__ = ["TOKEN", "Client", "Runner", "outside", "settle", "without_app"]

"""A company that has had its tables for years, and adopts them."""

"""What the tests of a company's package are made with: fixtures, the access table, browser walks.

A server needs none of it, and nothing of the product imports it. It stands on everything.
"""

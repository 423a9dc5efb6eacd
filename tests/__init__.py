"""The tests mirror the tree.

`support` is the harness; `house` checks the rules of the repository itself.
"""

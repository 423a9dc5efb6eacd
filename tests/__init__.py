"""The tests mirror the tree; `support` is the harness, `house` the rules of the repository itself."""

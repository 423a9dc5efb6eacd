"""Tests that span several modules: rules as people meet them, attacks, races, Flask-Admin traps."""

"""How a set operation works, whatever it does: declared, planned, run, reported and undone.

Knows data, events and policy, and no action in particular.
"""

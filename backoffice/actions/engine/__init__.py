"""Declare, plan, run, report and undo set operations, whatever they do.

The engine knows data, events and policy, and no particular action.
"""

"""Collect what the home page shows: figures, and alerts that need somebody.

This package only reads. It may import `people` and everything below it; only views import it.
"""

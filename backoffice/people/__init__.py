"""Manage the people of the back office, with their groups and client tags.

People are invited, edited, pictured and erased here. This package may import `auth` and everything
below it; actions on many people at once are in `actions`.
"""

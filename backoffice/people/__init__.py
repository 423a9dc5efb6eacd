"""The people of the back office, their groups and client tags: invited, edited, pictured, erased.

Knows auth and what lies below; actions on many of them at once are in `actions`.
"""
